"""SOQL's words for times, as LAST_N_DAYS:30, as a half-open range of whole days in UTC."""

from datetime import UTC, date, datetime, timedelta


def span(word: str, now_ms: int) -> tuple[int, int]:
    """[start, end) in milliseconds UTC of a word in capitals; weeks begin on Sunday, as in an org of the United States."""
    today = datetime.fromtimestamp(now_ms / 1000, UTC).date()
    name, _, number = word.partition(":")
    first, last = _days(name, int(number or 0), today)
    return _ms(first), _ms(last)


def _ms(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000


def _days(name: str, n: int, today: date) -> tuple[date, date]:
    one = timedelta(days=1)
    plain = {
        "TODAY": (today, today + one),
        "YESTERDAY": (today - one, today),
        "TOMORROW": (today + one, today + 2 * one),
        "LAST_90_DAYS": (today - 90 * one, today + one),
        "NEXT_90_DAYS": (today + one, today + 91 * one),
        "LAST_N_DAYS": (today - n * one, today + one),
        "NEXT_N_DAYS": (today + one, today + (n + 1) * one),
        "N_DAYS_AGO": (today - n * one, today - (n - 1) * one),
    }
    if name in plain:
        return plain[name]
    which, _, unit = name.partition("_")
    if unit.startswith("N_"):
        unit = unit.removeprefix("N_")
    if which == "N":
        unit, which = unit.removesuffix("_AGO"), "AGO"
    unit = unit.rstrip("S")
    count = n or 1
    match which:
        case "THIS":
            return _unit(today, unit, 0), _unit(today, unit, 1)
        case "LAST":
            return _unit(today, unit, -count), _unit(today, unit, 0)
        case "AGO":
            return _unit(today, unit, -n), _unit(today, unit, 1 - n)
    return _unit(today, unit, 1), _unit(today, unit, 1 + count)


def _unit(today: date, unit: str, shift: int) -> date:
    """The first day of the week, month, quarter or year that is `shift` away from today's."""
    if unit == "WEEK":
        return today - timedelta(days=(today.weekday() + 1) % 7) + timedelta(weeks=shift)
    if unit == "YEAR":
        return date(today.year + shift, 1, 1)
    step = 3 if unit == "QUARTER" else 1
    month = (today.year * 12 + today.month - 1) // step * step + shift * step
    return date(month // 12, month % 12 + 1, 1)
