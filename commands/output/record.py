"""A record as its rep sees it, and a company on one page."""

from sales_consultant.commands.output.writing.page import Page, Piece, bad, bold, dim, good, warn
from sales_consultant.commands.output.writing.text import (
    NOTHING,
    count,
    listed,
    money,
    percent,
    plain,
    points,
)
from sales_consultant.commands.output.writing.values import day, is_shown, label, value
from sales_consultant.sync.results.explanation import (
    CompanyProfile,
    Explanation,
    FeatureValue,
    Scored,
    Shown,
)

START = 50
"""Where points begin: 50 and all points sum to the score."""
_GRADES = {"A": good, "B": good, "C": warn, "D": bad}
_CARD = ("score", "grade", "probability", "expected_value", "next_step", "next_step_due")
# How many earlier values are shown: a judgement of what one screen holds. --json has all of them.
_HISTORY = 6


def show(page: Page, found: Explanation, *, all_features: bool = False) -> None:
    """A card: score and grade, worth, next step, reasons that add up, risks, then what is known of the record."""
    _title(page, found)
    if found.scored is not None:
        _score(page, found)
    _step(page, found)
    if found.scored is not None:
        _reasons(page, found.scored)
    if found.why_no_score and not (found.scored and found.scored.reasons):
        page.line("No score: ", plain(found.why_no_score), ".", hang=2)
    risks = (
        found.company.risks if found.company is not None else (found.scored.risks if found.scored else None)
    )
    _risks(page, risks or ())
    if found.company is not None:
        _company(page, found.company)
    _holds(page, found)
    _history(page, found.history)
    told = found.scored.features if found.scored is not None else ()
    if all_features and told:
        features(page, told)
    elif told:
        page.blank()
        page.line(dim(f"--features shows the values of {count(len(told), 'feature')}"))


def _title(page: Page, found: Explanation) -> None:
    r = found.record
    page.line(bold(plain(r.name or found.id)), "  ", dim(f"{found.object}/{plain(found.id)}"))
    parts: list[str] = []
    if r.amount is not None:
        parts.append(money(r.amount, found.currency))
    parts += [plain(text) for text in r.about]
    if r.stage:
        parts.append(f"stage {plain(r.stage)}")
    if r.close_date:
        parts.append(f"closes {_day(r.close_date[:10])}")
    if found.company is not None and found.company.owner:
        parts.append(f"owner {plain(found.company.owner)}")
    if parts:
        page.line(" · ".join(parts))


def _score(page: Page, found: Explanation) -> None:
    s = found.scored
    assert s is not None
    page.blank()
    line: list[Piece] = [bold(f"{s.score} of 99")]
    if s.grade:
        line += ["   grade ", _GRADES.get(s.grade, bold)(s.grade)]
    if s.probability is not None:
        line += ["   ", bold(percent(s.probability)), " likely"]
    if found.holds.get("expected_value"):
        worth = money(found.holds["expected_value"], found.currency)
        line += ["   expected value ", bold(worth)]
    page.line(*line)
    if s.why_no_value:
        page.line(f"No expected value: {plain(s.why_no_value)}.", hang=2)
    page.line(dim(f"as of {page.times.both(found.as_of)}, by the model of {plain(s.population)}"))
    if s.model:
        page.line(dim(plain(s.model)), hang=2)
    held = found.holds.get("score")
    if held is not None and held != str(s.score):
        page.line(warn(f"The CRM shows {plain(held)}"), ": it is written when it moves by 3 points or more.")


def _step(page: Page, found: Explanation) -> None:
    step = found.holds.get("next_step")
    why_none = found.holds.get("next_step_reason")
    if not step:
        if why_none:
            page.blank()
            page.line("No next step: ", plain(why_none), hang=2)
        return
    page.blank()
    due = found.holds.get("next_step_due")
    page.line("Next step: ", bold(plain(step)), f", due {_day(due)}" if due else "", hang=2)
    if why := found.holds.get("next_step_reason"):
        page.line(dim(f"because {plain(why)}"), indent=2)


def _reasons(page: Page, s: Scored) -> None:
    if not s.reasons:
        return
    page.heading("Why")
    rows: list[tuple[Piece, Piece]] = [(f"{START}", dim("where every record begins"))]
    rows += [((good if r.points > 0 else bad)(points(r.points)), plain(r.text)) for r in s.reasons]
    total = START + sum(r.points for r in s.reasons)
    rows.append((bold(f"{total}"), bold("of 99")))
    page.table(rows, indent=2, right=(0,))


def _risks(page: Page, risks: tuple[str, ...]) -> None:
    if risks:
        page.heading("Risks")
        for r in risks:
            page.line(warn("! "), plain(r), indent=2, hang=4)


def _holds(page: Page, found: Explanation) -> None:
    """What the CRM shows beyond the card's head."""
    rows = [
        (label(k), value(k, v, found.currency))
        for k, v in found.holds.items()
        if v not in (None, "") and is_shown(k) and not (k in _CARD and (found.scored or k.startswith("next")))
    ]
    if rows:
        page.heading("Shown in the CRM")
        page.table(rows, indent=2)


def _history(page: Page, history: tuple[Shown, ...]) -> None:
    changed = [h for h in history if h.field in ("score", "grade")]
    if not changed:
        return
    page.heading("What was shown when")
    for h in changed[-_HISTORY:]:
        start = page.times.at(h.visible_from) if h.visible_from is not None else NOTHING
        end = page.times.at(h.visible_to) if h.visible_to is not None else "now"
        of = f"{plain(h.record)}  " if h.record else ""
        page.line(
            f"{of}{label(h.field)} {value(h.field, h.value)}", dim(f"  {start} to {end}"), indent=2, hang=4
        )
    if len(changed) > _HISTORY:
        page.line(dim(f"and {len(changed) - _HISTORY:,} more before"), indent=2)


# -- a company ---------------------------------------------------------------------------------------------------


def _company(page: Page, c: CompanyProfile) -> None:
    page.heading("Buys")
    page.line(_capital(plain(c.habit)) + ".", indent=2)
    rows = [(p.year, money(p.amount, p.currency), count(p.deals, "deal")) for p in c.purchases]
    page.table(rows, indent=2, right=(1,))
    if c.last_purchases:
        page.line(dim("the last ones:"), indent=2)
        page.table(
            [(_day(p.day), _amount(p.amount), plain(p.name)) for p in c.last_purchases], indent=4, right=(1,)
        )
    if c.products:
        told = listed([f"{plain(p.product)} ({count(p.deals, 'deal')})" for p in c.products], 6)
        page.line(f"Products: {told}.", indent=2, hang=4)
    if c.open_deals:
        page.heading("Open deals")
        page.table(
            [
                (
                    _shown_score(d.score, d.grade),
                    _amount(d.amount),
                    plain(d.name) + _more(d.stage and plain(d.stage), d.closes and f"closes {_day(d.closes)}")
                    + f", open for {count(d.open_days, 'day')}",
                )
                for d in c.open_deals
            ],
            indent=2,
            right=(1,),
        )  # fmt: skip
    if c.people:
        page.heading("People")
        page.table(
            [
                (
                    bold(plain(p.name)),
                    plain(p.title) if p.title else NOTHING,
                    _person(p.open_deals, p.won_deals, p.last_activity, p.note, p.score, p.grade),
                )
                for p in c.people
            ],
            indent=2,
        )
    if c.written:
        page.heading("What they wrote")
        for line in c.written:
            page.line(plain(line), indent=2, hang=4)
    if c.activity:
        page.heading("Activity of the last 90 days")
        for a in c.activity:
            direction = f" {plain(a.direction)}" if a.direction else ""
            planned = f", {a.planned:,} planned" if a.planned else ""
            last = f"; the last on {_day(a.last)}" if a.last else ""
            number = count(a.last_90_days, plain(a.type)) if a.last_90_days else f"no {plain(a.type)}"
            page.line(f"{number}{direction}{planned}{last}", indent=2)


def _person(open_: int, won: int, last: str | None, note: str, score: str | None, grade: str | None) -> str:
    parts = [f"{value('score', score)} {value('grade', grade)}"] if score else []
    if open_:
        parts.append(f"{count(open_, 'open deal')}")
    if won:
        parts.append(f"{won:,} won")
    parts.append(f"last seen {_day(last)}" if last else "never seen")
    if note:
        parts.append(plain(note))
    return ", ".join(parts)


def _shown_score(score: str | None, grade: str | None) -> Piece:
    return bold(f"{plain(score)} {plain(grade)}") if score else NOTHING


def _more(*parts: str | None) -> str:
    return "".join(f", {p}" for p in parts if p)


def _amount(text: str | None) -> str:
    """An amount with its currency, as "58,093.00 USD" says it, without cents."""
    if not text:
        return NOTHING
    number, _, currency = text.partition(" ")
    return money(number.replace(",", ""), currency)


def _day(text: str | None) -> str:
    return day(text) if text else NOTHING


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def features(page: Page, found: tuple[FeatureValue, ...]) -> None:
    """Every feature with its value, by the reason it speaks in."""
    page.heading(f"Features: {len(found):,}")
    for reason in dict.fromkeys(f.reason for f in found):
        mine = [f for f in found if f.reason == reason]
        said = plain(mine[0].said)
        page.line(bold(plain(reason)), dim(f"  {said}") if said else "", indent=2)
        page.items([[f"{plain(f.feature)} {plain(f.value)}"] for f in mine], indent=4)
