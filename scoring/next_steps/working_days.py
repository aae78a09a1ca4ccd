"""Working days by country: weekends, public holidays, and weekends that are worked in exchange."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Protocol

import holidays
from babel import Locale

from sales_consultant.config.language.nearest import nearest
from sales_consultant.scoring.core import ScoringError

# The languages in which a country's name is looked for: those that most admins of a CRM write it in.
_LANGUAGES = ("en", "de", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "sv", "zh")
# What people write instead of the name, which the lists of names do not have.
_ALSO = {
    "america": "US", "usa": "US", "u.s.": "US", "u.s.a.": "US", "united states of america": "US", "uk": "GB", "u.k.": "GB",
    "great britain": "GB", "england": "GB-ENG", "scotland": "GB-SCT", "wales": "GB-WLS", "northern ireland": "GB-NIR",
    "holland": "NL", "czech republic": "CZ", "korea": "KR", "uae": "AE",
}  # fmt: skip
# Longer than any run of days off: a country without working days would never end otherwise.
_LONGEST = 60
# Countries of a CRM that are not known are none; only a setting can name one.
_SETTING = "[next_steps] country or countries: "


class UnknownCountryError(ScoringError):
    """The country's code is not known, or its holidays are not."""


class Calendar(Protocol):
    """Which days are worked."""

    def is_working_day(self, day: date) -> bool:
        """Whether people work on a day."""
        ...


class _Weekdays:
    """Monday to Friday, for where no country is known."""

    def is_working_day(self, day: date) -> bool:
        return day.weekday() < 5


WEEKDAYS: Calendar = _Weekdays()


@cache
def calendar(country: str) -> Calendar:
    """The working days of a country ("DE") or of a part of it ("DE-BY"); of none ("") Monday to Friday.

    Raises:
        UnknownCountryError: the code is not known; names the nearest.

    >>> calendar("CN").is_working_day(date(2025, 1, 26)), calendar("US").is_working_day(date(2026, 7, 3))
    (True, False)
    """
    if not country:
        return WEEKDAYS
    code, _, part = country.upper().partition("-")
    parts = holidays.list_supported_countries(include_aliases=False)
    if code not in parts:
        near = nearest(code, parts)
        hint = f"; did you mean {near}?" if near else ""
        raise UnknownCountryError(f'{_SETTING}no public holidays are known of the country "{country}"{hint}')
    if part and part not in parts[code]:
        known = ", ".join(parts[code]) or "none"
        raise UnknownCountryError(f'{_SETTING}"{part}" is no part of {code}; known are {known}')
    return holidays.country_holidays(code, subdiv=part or None)


def country_code(text: str) -> str:
    """The code of a country as a CRM has it, a code of two letters or a name; "" where it, or its holidays, are not known.

    What a CRM says is never an error: whoever has a country that is not known has none.

    >>> country_code("CN"), country_code(" deutschland "), country_code("中国"), country_code("Elbonia")
    ('CN', 'DE', 'CN', '')
    """
    known = holidays.list_supported_countries(include_aliases=False)
    told = " ".join(text.split())
    if told.upper() in known:
        return told.upper()
    code = _ALSO.get(told.casefold()) or _names().get(told.casefold(), "")
    return code if code.partition("-")[0] in known else ""


@cache
def _names() -> dict[str, str]:
    """The codes of countries by their names in any of the languages, in lower case; of a name of two countries the first."""
    found: dict[str, str] = {}
    for language in _LANGUAGES:
        for code, name in Locale(language).territories.items():
            if code.isalpha():
                found.setdefault(str(name).casefold(), str(code))
    return found


def working_day(start: date, days: int, of: Calendar = WEEKDAYS) -> date:
    """The date so many working days after a date; 0 gives the next working day from it.

    >>> working_day(date(2026, 11, 20), 1)  # a Friday
    datetime.date(2026, 11, 23)
    >>> working_day(date(2025, 1, 24), 1, calendar("CN"))  # a Sunday that is worked in exchange
    datetime.date(2025, 1, 26)
    """
    day = _next(start, of)
    for _ in range(days):
        day = _next(day + timedelta(days=1), of)
    return day


def working_day_before(day: date, of: Calendar = WEEKDAYS) -> date:
    """The last working day before a date.

    >>> working_day_before(date(2026, 11, 23))  # a Monday
    datetime.date(2026, 11, 20)
    """
    for back in range(1, _LONGEST):
        if of.is_working_day(day - timedelta(days=back)):
            return day - timedelta(days=back)
    return day - timedelta(days=1)


def _next(day: date, of: Calendar) -> date:
    for ahead in range(_LONGEST):
        if of.is_working_day(day + timedelta(days=ahead)):
            return day + timedelta(days=ahead)
    return day
