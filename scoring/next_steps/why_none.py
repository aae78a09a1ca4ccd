"""Why a record has no step: said of each, in words that stay the same until something changes."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sales_consultant.config.language.translation import LANGUAGES, shown_date, translate, translator
from sales_consultant.config.playbook.expressions import symbols
from sales_consultant.scoring.next_steps.choose import holding, unreachable
from sales_consultant.scoring.next_steps.evaluate import Bools, Facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sales_consultant.config.language.translation import Language
    from sales_consultant.config.playbook import Rule
    from sales_consultant.scoring.next_steps.silence import Silence

# A judgement: what is more than a month ahead is no news for a rep.
AHEAD_DAYS = 30
# A judgement: a day that passed longer ago looks as if nobody had looked since.
STALE_DAYS = 7
PLANNED = "{kind} is planned for {date}"
CAPPED = "within the cap of {cap} new steps a day for this owner"
UNREACHABLE = "what is to do needs a way of contact that they do not allow"
ELSEWHERE = "the same is asked on another record of theirs"
BEFORE = "nothing to do before {date}"
NOTHING = "nothing to do for now"
ANSWERED = {
    "done": "done, as was answered",
    "later": "put off until {date}",
    "not_useful": "answered as not useful; back on {date}",
    "wrong": "answered as wrong for this record",
    "cooling_off": "asked before; back on {date}",
}
KINDS = {
    "meeting": "a meeting",
    "call": "a call",
    "email": "an e-mail",
    "task": "a task",
    "note": "a note",
    "": "something",
}
MESSAGES = (PLANNED, CAPPED, UNREACHABLE, ELSEWHERE, BEFORE, NOTHING, *ANSWERED.values(), *KINDS.values())


def silenced(silence: Silence, language: Language) -> str:
    """Why an answer or an earlier step silences the rule."""
    until = shown_date(silence.until, language) if silence.until else ""
    return translator(language)(ANSWERED[silence.cause]).format(date=until)


@cache
def _no_news() -> tuple[frozenset[str], tuple[str, ...]]:
    waiting = frozenset(translate(NOTHING, lang) for lang in LANGUAGES)
    return waiting, tuple(translate(CAPPED, lang).partition("{cap}")[0] for lang in LANGUAGES)


def is_news(text: str, shown: str, today: date | None = None) -> bool:
    """Whether a new text of why there is no step is worth a write beside the one that is shown.

    That nothing is to do yet, or that others came first, is no news beside another of these; beside "a meeting is planned"
    it is. So is everything beside "nothing to do before" a day that has come, as of `today`; that there is nothing to do still
    is news only a week later, for until then nobody is misled.

    >>> is_news("a meeting is planned for 12 May 2026", NOTHING), is_news(NOTHING, "nothing to do before 12 May 2026")
    (True, False)
    >>> came = "nothing to do before 12 May 2026"
    >>> is_news(CAPPED, came, date(2026, 5, 12)), is_news(NOTHING, came, date(2026, 5, 12))
    (True, False)
    >>> is_news(NOTHING, came, date(2026, 5, 19))
    True
    """
    if not (_calm(text) and _calm(shown)):
        return True
    if today is None:
        return False
    return _is_over(shown, today, STALE_DAYS if text in _no_news()[0] else 0)


def _is_over(text: str, today: date, days: int) -> bool:
    """Whether a text says "nothing to do before" a day that came more than so many days ago, or today where none are given."""
    told = any(text.startswith(p) or text.endswith(e) for p, e in _before())
    since = (today, today - timedelta(days=days))
    return told and not any(text in still_true(None, day, lang) for lang in LANGUAGES for day in since)


def _calm(text: str) -> bool:
    waiting, capped = _no_news()
    return (
        text in waiting
        or text.startswith(capped)
        or any(text.startswith(p) or text.endswith(e) for p, e in _before())
    )


@cache
def _before() -> tuple[tuple[str, str], ...]:
    """What "nothing to do before" begins and ends with in each language; a part that a language lacks is none."""
    none = "\0"
    parts = [translate(BEFORE, lang).partition("{date}") for lang in LANGUAGES]
    return tuple((p or none, e or none) for p, _, e in parts)


def kind_of(kind: object, language: Language) -> str:
    """A kind of activity with its article."""
    return translator(language)(KINDS.get(str(kind), KINDS[""]))


def first_days(rules: Sequence[Rule], table: pd.DataFrame) -> dict[int, int]:
    """After how many days a rule will hold if nothing happens, by row; rows without one within a month are left out."""
    if table.empty or not rules:
        return {}
    # What time does not change holds now or not at all.
    rules = [
        r
        for r in rules
        if any(n.time for n in symbols(r.condition).values()) or "close_date_passed" in r.when
    ]
    if not rules:
        return {}
    stops = np.column_stack([unreachable(r, table) for r in rules])
    now, found = Facts(table), dict[int, int]()
    waiting: Bools = np.ones(len(table), dtype=bool)
    for days in range(1, AHEAD_DAYS + 1):
        hit = waiting & (holding(rules, table, now.later(days)) & ~stops).any(axis=1)
        found |= dict.fromkeys(map(int, np.flatnonzero(hit)), days)
        waiting &= ~hit
        if not waiting.any():
            break
    return found


@cache
def still_true(days: int | None, today: date, language: Language) -> frozenset[str]:
    """What a record without a step may go on saying: that nothing is to do, or nothing before a day up to the true one."""
    ahead = range(1, (days or AHEAD_DAYS) + 1)
    return frozenset({before(None, today, language), *(before(d, today, language) for d in ahead)})


def before(days: int | None, today: date, language: Language) -> str:
    """That nothing is to do, and from when on there is."""
    say = translator(language)
    if days is None:
        return say(NOTHING)
    return say(BEFORE).format(date=shown_date(today + timedelta(days=days), language))
