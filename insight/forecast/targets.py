"""Targets by owner, team and period: from a CSV or the CRM's goals, and how likely they are reached."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd

from sales_consultant.config.errors import UsageError
from sales_consultant.insight.core import Rates
from sales_consultant.insight.forecast.deals import NONE, TOTAL, Draws

_PERIOD = re.compile(r"\d{4}-(0[1-9]|1[0-2])|FY\d{4}(-Q[1-4])?")
_MOST = Decimal(10) ** 15


@dataclass(frozen=True)
class Target:
    """What an owner is to book in a period: label as 2026-03, FY2026-Q1 or FY2026; hundredths of `currency` ("": own)."""

    owner: str
    period: str
    cents: int
    currency: str = ""


def parse_targets(text: str, where: str) -> list[Target]:
    """Targets from a CSV with the columns owner,period,amount and, where wanted, currency.

    Raises UsageError with `where` (the file) and the line: a wrong header, an empty owner, an unknown form of period, an
    amount that is no number or negative, and an owner's period given twice.
    """
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    header = [cell.strip().lower() for cell in next(rows, [])]
    if header not in (["owner", "period", "amount"], ["owner", "period", "amount", "currency"]):
        raise UsageError(
            f"{where}, line 1: the header is not owner,period,amount.",
            action="Begin the file with: owner,period,amount or owner,period,amount,currency",
        )
    found: dict[tuple[str, str], Target] = {}
    for row in rows:
        here = f"{where}, line {rows.line_num}"
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            raise UsageError(
                f"{here}: {len(row)} cells instead of {len(header)}.", action="Give every column a value."
            )
        made = _target([cell.strip() for cell in row], here)
        if (made.owner, made.period) in found:
            raise UsageError(
                f"{here}: {made.owner} has a target for {made.period} already.",
                action="Keep one of the lines.",
            )
        found[made.owner, made.period] = made
    return list(found.values())


def _target(cells: list[str], here: str) -> Target:
    owner, period, amount, *currency = cells
    if not owner:
        raise UsageError(
            f"{here}: the owner is missing.", action="Write the owner's id, email or name as the CRM has it."
        )
    if not _PERIOD.fullmatch(period):
        raise UsageError(
            f"{here}: {period!r} is no period.",
            action="Write 2026-03 for a month, FY2026-Q1 for a fiscal quarter, FY2026 for a year.",
        )
    try:
        value = Decimal(amount)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value < 0 or value > _MOST:
        raise UsageError(
            f"{here}: {amount!r} is no amount.",
            action="Write a number of at least 0 with a point and no separators: 50000.00",
        )
    return Target(
        owner, period, int((value * 100).to_integral_value()), currency[0].upper() if currency else ""
    )


def read_targets(path: Path) -> list[Target]:
    """The targets of a CSV file; UsageError as `parse_targets`, and where the file cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path}: the file cannot be read ({type(error).__name__}).", action="Give a CSV file in UTF-8."
        ) from error
    return parse_targets(text, str(path))


def by_owner(
    targets: Iterable[Target], ids: Mapping[str, str], where: str, shared: Collection[str] = ()
) -> list[Target]:
    """Targets by the owner's id in place of whatever they were called; those whom nobody knows keep their name.

    ids
        Owner by name or address, in small letters; an id stands for itself. where: the file, for the error. shared: names
        that several owners have.

    Raises UsageError, with both names, where two of them are one owner's for the same period, and where a name is shared.
    """
    found: dict[tuple[str, str], tuple[str, Target]] = {}
    for target in targets:
        if target.owner.lower() in shared:
            raise UsageError(
                f"{where}: several owners are called {target.owner}.",
                action="Write the owner's address or id in place of the name.",
            )
        owner = TOTAL if target.owner.lower() == TOTAL else ids.get(target.owner.lower(), target.owner)
        key = (owner, target.period)
        if key in found:
            raise UsageError(
                f"{where}: {found[key][0]} and {target.owner} are the same owner, and both have a target for "
                f"{target.period}.",
                action="Keep one of the lines.",
            )
        found[key] = (target.owner, replace(target, owner=owner))
    return [target for _, target in found.values()]


@dataclass(frozen=True)
class Attainment:
    """A target and what is expected of it; cents of the reporting currency.

    level, group
        total, team or owner, and which. period: its label.
    booked
        Won in the period so far. expected: the mean of what will be booked in all of it.
    gap
        target - booked; negative where it is passed.
    coverage
        Open pipeline with a close date in the period over the gap; None where the gap is closed.
    probability
        The share of draws that reach it.
    """

    level: str
    group: str
    period: str
    target: int
    booked: int
    expected: int
    gap: int
    pipeline: int
    coverage: float | None
    probability: float


@dataclass(frozen=True)
class Attainments:
    """All targets that could be compared, and how many could not: unknown owners, other periods, no exchange rate.

    incomplete
        By period how many owners with something booked or forecast in it have no target, so that their sum is no total.
    """

    rows: tuple[Attainment, ...]
    unknown_owners: tuple[str, ...]
    other_periods: int
    without_rate: int
    incomplete: Mapping[str, int] = field(default_factory=dict)


class Labelled(Protocol):
    """A period: its label, and when it begins (ms UTC)."""

    @property
    def label(self) -> str:
        """Its label."""

    @property
    def start(self) -> int:
        """When it begins."""


def attain(
    targets: Iterable[Target],
    draws: Draws,
    booked: Mapping[str, np.ndarray],
    pipeline: Mapping[str, np.ndarray],
    periods: Iterable[Labelled],
    rates: Rates,
    teams: Mapping[str, str] | None = None,
) -> Attainments:
    """Every target against the draws, and the sums of the owners' by team and in all.

    A team's own target (its name in place of an owner) stands for the sum of its owners', and one of "total" for all. Without
    that there is a total only where every owner with something booked or forecast has a target, or a team that has one.

    draws
        Of whole periods (booked so far included), with the levels owner, team (where `teams`) and total.
    booked, pipeline
        By level (groups, periods) cents: won so far; open with a close date in the period. In the order of `draws`.
    periods
        The periods of the draws, for the day that a currency is converted at (the period's first).
    """
    places = {label: place for place, label in enumerate(draws.labels)}
    starts = {period.label: period.start for period in periods}
    told: dict[str, dict[tuple[str, str], int]] = {"owner": {}, "team": {}, TOTAL: {}}
    unknown: set[str] = set()
    other = without = 0
    for target in targets:
        level = _level_of(target.owner, draws)
        if level is None:
            unknown.add(target.owner)
            continue
        if target.period not in places:
            other += 1
            continue
        cents = rates.cents(
            pd.Series([target.cents], dtype="Int64"),
            pd.Series([target.currency]),
            pd.Series([starts.get(target.period)]),
        )[0]
        if pd.isna(cents):
            without += 1
            continue
        key = (TOTAL if level == TOTAL else target.owner, target.period)
        told[level][key] = told[level].get(key, 0) + int(cents)
    sums = _sums(told, teams or {})
    incomplete = _incomplete(told, teams or {}, draws, booked["owner"]) if "owner" in draws.names else {}
    for period in incomplete:
        sums.pop((TOTAL, TOTAL, period), None)
    rows = tuple(
        _attained(level, group, period, cents, draws, booked, pipeline, places[period])
        for (level, group, period), cents in sorted(sums.items())
        if group in draws.names.get(level, ())
    )
    return Attainments(rows, tuple(sorted(unknown)), other, without, incomplete)


def _level_of(name: str, draws: Draws) -> str | None:
    """Whose target a name stands for: an owner's, a team's, or that of all."""
    for level in ("owner", "team"):
        if name in draws.names.get(level, ()):
            return level
    return TOTAL if name.lower() == TOTAL else None


def _sums(
    told: Mapping[str, Mapping[tuple[str, str], int]], teams: Mapping[str, str]
) -> dict[tuple[str, str, str], int]:
    """Targets by level, group and period, with the sums of those that have none of their own."""
    out = {
        (level, group, period): cents for level, of in told.items() for (group, period), cents in of.items()
    }
    for (owner, period), cents in told["owner"].items():
        team = teams.get(owner)
        if team is not None and (team, period) not in told["team"]:
            out["team", team, period] = out.get(("team", team, period), 0) + cents
        under = team is not None and (team, period) in told["team"]
        if not under and (TOTAL, period) not in told[TOTAL]:
            out[TOTAL, TOTAL, period] = out.get((TOTAL, TOTAL, period), 0) + cents
    for (_, period), cents in told["team"].items():
        if (TOTAL, period) not in told[TOTAL]:
            out[TOTAL, TOTAL, period] = out.get((TOTAL, TOTAL, period), 0) + cents
    return out


def _incomplete(
    told: Mapping[str, Mapping[tuple[str, str], int]],
    teams: Mapping[str, str],
    draws: Draws,
    booked: np.ndarray,
) -> dict[str, int]:
    """By period with targets, but none of all, how many owners with something booked or forecast have none."""
    some = (np.round(draws.values["owner"].mean(axis=2)) != 0) | (booked != 0)
    out = {}
    for place, period in enumerate(draws.labels):
        named = {group for level in ("owner", "team") for group, at in told[level] if at == period}
        if not named or (TOTAL, period) in told[TOTAL]:
            continue
        # Deals that nobody has are nobody's to have a target for.
        without = [
            owner
            for g, owner in enumerate(draws.names["owner"])
            if some[g, place] and owner != NONE
            and (owner, period) not in told["owner"] and (teams.get(owner, ""), period) not in told["team"]
        ]  # fmt: skip
        if without:
            out[period] = len(without)
    return out


def _attained(
    level: str,
    group: str,
    period: str,
    target: int,
    draws: Draws,
    booked: Mapping[str, np.ndarray],
    pipeline: Mapping[str, np.ndarray],
    place: int,
) -> Attainment:
    at = draws.names[level].index(group)
    values = draws.values[level][at, place]
    so_far, standing = int(booked[level][at, place]), int(pipeline[level][at, place])
    gap = target - so_far
    return Attainment(
        level, group, period, target, so_far, round(float(values.mean())), gap, standing,
        standing / gap if gap > 0 else None, float((values >= target).mean()),
    )  # fmt: skip
