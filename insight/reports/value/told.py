"""What the section "value" is made from: numbers, before anybody words them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from sales_consultant.insight.experiments import Attention, BeforeAfter, Effect, Ratio, Return

Measure = Literal["conversion", "revenue", "days", "meetings"]


@dataclass(frozen=True)
class Announced:
    """An experiment as it was announced; times in milliseconds UTC, shares 0 to 1.

    smallest is the smallest effect, relative to the base rate, that its design promised to see (None: none could be).
    """

    id: str
    hypothesis: str
    populations: tuple[str, ...]
    share: float
    horizon_days: int
    clustered: bool
    started_at: int
    ended_at: int | None
    base: float | None = None
    smallest: float | None = None


@dataclass(frozen=True)
class Looks:
    """The sequential test up to today: a row a day, as `insight.experiments.looks` gives them, and the check of the groups.

    excluded counts companies left out before the draw, still_shown records of control that still show a value.
    """

    days: pd.DataFrame
    alarm_day: int | None
    ratio: Ratio
    excluded: int = 0
    still_shown: int = 0


@dataclass(frozen=True)
class Outcomes:
    """What came of companies whose window is complete.

    effects
        By measure: conversion (share), revenue (hundredths a company), days (until the event, at most the horizon), meetings
        (a company).
    first_complete
        When the first window closes (ms UTC): before it nothing can be told.
    attention, spill
        Activities a company and 30 days before and after the start, over `days` days each; the treated's change less
        control's with its interval.
    returned
        Gain and return (hundredths); None where margin or cost are not set, or nothing was measured.
    cost
        What the scores cost since the start (hundredths), where it is set.
    """

    effects: Mapping[Measure, Effect]
    first_complete: int
    attention: Attention | None = None
    spill: tuple[float, float, float] | None = None
    days: int = 0
    margin: float | None = None
    cost: float | None = None
    returned: Return | None = None


@dataclass(frozen=True)
class Monthly:
    """Before and after the first score was written, without a control group.

    started_at
        When the first value became visible (ms UTC); None: never.
    months
        Rows of label, units (companies with an open record at the month's beginning), outcome (those with the event in it),
        later (bool). Whole months only.
    """

    started_at: int | None
    months: pd.DataFrame = field(default_factory=pd.DataFrame)
    found: BeforeAfter | None = None


@dataclass(frozen=True)
class Answers:
    """What became of steps of one kind: shown, and answered as accepted, done, later, not_useful, wrong; left without.

    waiting are those that are still shown and not answered. `by` is "rule", "pipeline", "team" or "owner".
    """

    by: str
    name: str
    shown: int
    answered: Mapping[str, int]
    left: int
    waiting: int


@dataclass(frozen=True)
class Drawn:
    """Steps of a rule that were drawn at random, over deals whose window is over.

    expected is the mean probability of the model before the draw, happened the share with the event after it; change is
    happened less expected with its 95 % interval (gaps: too few).
    """

    rule: str
    drawn: int
    expected: float
    happened: float
    change: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Upkeep:
    """How well writing goes: records that cannot be written, by reason, and calls of the last days."""

    dead_letters: Sequence[tuple[str, int]]
    calls: int
    days: int


@dataclass(frozen=True)
class Survey:
    """Answers to a survey field of the CRM.

    kind
        "nps" (0 to 10; value -100 to 100), "csat" (1 to 5; value 0 to 1) or "csat10" (0 to 10; value 0 to 1).
    dated
        Whether the CRM says when each answer was given; else the last one of each record is all that is known.
    rows
        As `insight.experiments.nps` gives them: segment and period ("*": all), n, value, low, high, reason.
    dropped
        Answers that could not be used.
    """

    kind: Literal["nps", "csat", "csat10"]
    label: str
    rows: pd.DataFrame
    dropped: int = 0
    dated: bool = True
