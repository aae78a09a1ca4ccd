"""Reasons in the reader's language.

A reason is made in English, of phrases that are known: labels of the catalogue, bands of time and size, names of stages. It is
taken apart by the same phrases and put together again; what is the customer's own, as a stage's name, stays as it is. What
is not recognised stays English.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from sales_consultant.config.language.translation import catalogue, translator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sales_consultant.config.language.translation import Language

SPANS = (
    "in the last day",
    "in the last week",
    "in the last 2 weeks",
    "in the last month",
    "in the last 3 months",
)
LENGTHS = (
    "less than a week",
    "1 to 2 weeks",
    "2 to 4 weeks",
    "1 to 3 months",
    "3 to 6 months",
    "6 to 12 months",
    "more than a year",
)
BANDS = (
    "never", "rarely", "sometimes", "often", "mostly", "less than half", "less", "about the same", "more", "more than double",
)  # fmt: skip
ENDS = ("faster than usual", "longer than usual", "after a step back", "everything else")
COUNTED, ONLY, LONG_AGO = "{n} {noun} {span}", "only {text}", "last {noun} more than 3 months ago"
STAGE, PASSED, UNTIL = "in {stage}", "{label} passed {length} ago", "{label} in {length}"
LASTED, UNKNOWN, VALUE, HELD = "{label} {length}", "{label} unknown", "{label}: {value}", "held at {n}"
TEMPLATES = (COUNTED, ONLY, LONG_AGO, STAGE, PASSED, UNTIL, LASTED, UNKNOWN, VALUE, HELD)

_OR = "|".join
_SPAN, _LENGTH = _OR(map(re.escape, SPANS)), _OR(map(re.escape, LENGTHS))
# The first that matches the whole part counts; a label with a length comes before a stage that begins with "in".
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (HELD, re.compile(r"held at (?P<n>\d+)")),
    (ONLY, re.compile(r"only (?P<text>\d.*)")),
    (COUNTED, re.compile(rf"(?P<n>\d+) (?P<noun>.+?) (?P<span>{_SPAN})")),
    (LONG_AGO, re.compile(r"last (?P<noun>.+) more than 3 months ago")),
    (PASSED, re.compile(rf"(?P<label>.+) passed (?P<length>{_LENGTH}) ago")),
    (UNTIL, re.compile(rf"(?P<label>.+) in (?P<length>{_LENGTH})")),
    (LASTED, re.compile(rf"(?P<label>.+?) (?P<length>{_LENGTH})")),
    (STAGE, re.compile(r"in (?P<stage>.+)")),
    (UNKNOWN, re.compile(r"(?P<label>.+) unknown")),
    (VALUE, re.compile(r"(?P<label>[^:]+): (?P<value>.+)")),
)


@lru_cache(maxsize=20_000)
def in_language(text: str, language: Language) -> str:
    """A reason's text in a language.

    >>> in_language("3 meetings in the last 2 weeks", "en")
    '3 meetings in the last 2 weeks'
    """
    if language == "en":
        return text
    say = translator(language)
    known = catalogue(language)
    if text in known:
        return say(text)
    parts = text.split(", ")
    end = _first(parts, known, say)
    told = _part(", ".join(parts[:end]), say)
    rest = ", ".join(parts[end:])
    return f"{told}{say(', ')}{in_language(rest, language)}" if rest else told


def _first(parts: list[str], known: Mapping[str, str], say: Callable[[str], str]) -> int:
    """How many of the pieces between commas are the first part: labels and the customer's own words may hold commas."""

    def whole(some: list[str]) -> int:
        """The most pieces that are a phrase of ours; 0 where none is."""
        for end in range(len(some), 0, -1):
            text = ", ".join(some[:end])
            if text in known or _made(text, say, plain=True):
                return end
        return 0

    if end := whole(parts):
        return end
    end = 1
    while (
        end < len(parts) and not whole(parts[end:]) and not any(p.fullmatch(parts[end]) for _, p in _PATTERNS)
    ):
        end += 1
    return end


def _part(text: str, say: Callable[[str], str]) -> str:
    return say(text) if say(text) != text else _made(text, say) or text


def _made(text: str, say: Callable[[str], str], *, plain: bool = False) -> str:
    """A part put together by the first pattern that matches; empty where none does.

    With `plain` a match counts only where its label or noun is a known phrase.
    """
    for template, pattern in _PATTERNS:
        found = pattern.fullmatch(text)
        if found is None:
            continue
        given = found.groupdict()
        named = given.get("noun") or given.get("label")
        if plain and (named is None or say(named) == named):
            continue
        told = {
            k: _made(v, say) or v if k == "text" else v if k in ("n", "stage") else say(v)
            for k, v in given.items()
        }
        return say(template).format(**told)
    return ""
