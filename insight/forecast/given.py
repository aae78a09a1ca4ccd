"""A forecast as it is given: all figures that a report shows of it, as a record that is kept and never changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sales_consultant.insight.core import Period
from sales_consultant.insight.forecast.changes import Changes
from sales_consultant.insight.forecast.company import CompanyForecast
from sales_consultant.insight.forecast.deals import TOTAL, Draws, rounded
from sales_consultant.insight.forecast.drivers import DriverTest
from sales_consultant.insight.forecast.kept import Kept
from sales_consultant.insight.forecast.origins import Accuracy
from sales_consultant.insight.forecast.series import LEVELS

VERSION = 1
BASIS = "booked"
# Of the draws so many quantiles are kept, for the chance of a target that is set later; of groups fewer.
_POINTS, _GROUP_POINTS = 200, 40
_MOVES = 100
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Span:
    """A period of the forecast: month, quarter or year of the fiscal year; ms UTC."""

    kind: str
    label: str
    start: int
    end: int


@dataclass(frozen=True)
class LevelGiven:
    """A level's groups (total, owner, team, pipeline, product ...); all arrays (groups, spans, ...), whole cents.

    expected
        The mean; the groups add up to the total. quantiles: of LEVELS. points: rising, evenly spread quantiles.
    booked, pipeline, standing, commit
        Won so far; the weighted pipeline; open with a close date in the span (overdue ones too); what reps committed (won
        included in none).
    """

    names: tuple[str, ...]
    expected: Ints
    quantiles: Ints
    points: Ints
    booked: Ints
    pipeline: Ints
    standing: Ints
    commit: Ints | None


@dataclass(frozen=True)
class AccuracyGiven:
    """How one method did at past origins: `Accuracy` in JSON's own types; gaps are None."""

    forecasts: int
    coverage95: float | None
    coverage80: float | None
    loss: float | None
    naive_loss: float | None
    mape: tuple[float | None, ...]
    coverage80_by_horizon: tuple[float | None, ...]


@dataclass(frozen=True)
class ChangesGiven:
    """Why the forecast of a period is another than an earlier one was: `Changes`, and since when."""

    since: int
    period: str
    before: int
    after: int
    buckets: Mapping[str, int]
    deals: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True)
class Given:
    """One forecast as of a moment (ms UTC), in a currency.

    past
        Months before and what was booked in each. naive: the seasonal naive forecast of each month, where there is one.
    deals_share
        By month how much the deals counted, of deals and series.
    unrated
        Open deals in a currency without a rate, which are left out; without_rate: won ones without an amount or a rate.
    inputs
        The digest of all that it was made of; "" where it was kept before digests were.
    """

    as_of: int
    currency: str
    spans: tuple[Span, ...]
    levels: Mapping[str, LevelGiven]
    past: tuple[tuple[str, int], ...]
    naive: tuple[int, ...]
    deals_share: tuple[float, ...]
    accuracy: Mapping[str, AccuracyGiven]
    drivers: Mapping[str, DriverTest]
    history: int
    open_deals: int
    without_amount: int
    without_rate: int
    basis: str = BASIS
    version: int = VERSION
    changes: ChangesGiven | None = field(default=None)
    unrated: int = 0
    inputs: str = ""

    def place(self, kind: str, ahead: int = 0) -> int | None:
        """The place of this period of a kind, or of one `ahead`, in `spans`; None where it is not forecast."""
        found = [i for i, span in enumerate(self.spans) if span.kind == kind]
        return found[ahead] if ahead < len(found) else None

    def record(self) -> dict[str, Any]:
        """JSON's own types alone."""
        out = asdict(self)
        for level in out["levels"].values():
            for name, value in level.items():
                level[name] = value.tolist() if isinstance(value, np.ndarray) else value
        return out

    def draws(self) -> Draws:
        """The points in place of draws: of each group the same distribution, without what ties groups together."""
        return Draws(
            tuple(s.label for s in self.spans),
            {level: one.names for level, one in self.levels.items()},
            {level: one.points.astype(np.float64) for level, one in self.levels.items()},
        )

    def kept(self) -> list[Kept]:
        """The figures of all quarters and years, as `as_given` compares them."""
        out = []
        for level, one in self.levels.items():
            for g, group in enumerate(one.names):
                for s, span in enumerate(self.spans):
                    if span.kind == "month":
                        continue
                    said = None if one.commit is None else int(one.commit[g, s] + one.booked[g, s])
                    out.append(
                        Kept(
                            self.as_of, span.label, span.end, level, group, self.basis, self.currency, "reconciled",
                            int(one.expected[g, s]), tuple(int(q) for q in one.quantiles[g, s]), said,
                            int(one.pipeline[g, s] + one.booked[g, s]),
                        )
                    )  # fmt: skip
        return out


def from_given(record: Mapping[str, Any]) -> Given | None:
    """What a stored record says; None where it is of a version that is not known, or damaged."""
    if record.get("version") != VERSION:
        return None
    try:
        values = dict(record)
        values["spans"] = tuple(Span(**s) for s in record["spans"])
        values["levels"] = {name: _level(one) for name, one in record["levels"].items()}
        values["past"] = tuple((str(label), int(cents)) for label, cents in record["past"])
        for name in ("naive", "deals_share"):
            values[name] = tuple(record[name])
        values["accuracy"] = {name: _accuracy_of(one) for name, one in record["accuracy"].items()}
        values["drivers"] = {name: DriverTest(**one) for name, one in record["drivers"].items()}
        moves = record["changes"]
        if moves is not None:
            moves = ChangesGiven(
                **(moves | {"deals": tuple((str(d), str(b), int(c)) for d, b, c in moves["deals"])})
            )
        values["changes"] = moves
        return Given(**values)
    except (KeyError, TypeError, ValueError):
        return None


def _accuracy_of(record: Mapping[str, Any]) -> AccuracyGiven:
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in record.items()}
    return AccuracyGiven(**values)


def _level(record: Mapping[str, Any]) -> LevelGiven:
    arrays = {
        name: None if value is None else np.array(value, dtype=np.int64)
        for name, value in record.items()
        if name != "names"
    }
    return LevelGiven(names=tuple(record["names"]), **arrays)  # type: ignore[arg-type]


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _accuracy(found: Accuracy) -> AccuracyGiven:
    return AccuracyGiven(
        found.forecasts, _number(found.coverage[0]), _number(found.coverage[1]), _number(found.loss),
        _number(found.naive_loss), tuple(_number(v) for v in found.mape), tuple(_number(v) for v in found.by_horizon),
    )  # fmt: skip


def _cents(values: NDArray[np.float64]) -> Ints:
    return np.round(values).astype(np.int64)


def give(found: CompanyForecast, as_of: int, currency: str, changes: ChangesGiven | None = None) -> Given:
    """A forecast as it is given."""
    periods: tuple[Period, ...] = (*found.months, *found.spans)
    both = {
        level: np.concatenate([found.by_month.values[level], found.by_span.values[level]], axis=1)
        for level in found.by_month.names
    }
    total = np.round(both[TOTAL].mean(axis=2))[0]
    levels = {}
    for level, values in both.items():
        count = _POINTS if level == TOTAL else _GROUP_POINTS
        even = (np.arange(count) + 0.5) / count
        made = np.moveaxis(np.quantile(values, (*LEVELS, *even), axis=2), 0, -1)
        whole = np.round(made).astype(np.int64)
        so_far = np.concatenate([found.booked_months[level], found.booked_spans[level]], axis=1)
        levels[level] = LevelGiven(
            found.by_month.names[level], rounded(values.mean(axis=2), total), whole[..., : len(LEVELS)],
            whole[..., len(LEVELS) :], np.round(so_far).astype(np.int64), _cents(found.pipeline[level]),
            _cents(found.standing[level]), None if found.commit is None else _cents(found.commit[level]),
        )  # fmt: skip
    return Given(
        as_of, currency, tuple(Span(p.kind, p.label, p.start, p.end) for p in periods), levels,
        tuple((label, round(cents)) for label, cents in found.past.items()),
        () if found.naive is None else tuple(round(float(v)) for v in found.naive),
        tuple(round(float(w), 3) for w in found.weights[0]),
        {name: _accuracy(one) for name, one in found.accuracy.items()}, dict(found.drivers), found.history,
        found.open_deals, found.without_amount, found.without_rate, changes=changes, unrated=found.unrated,
    )  # fmt: skip


def changes_given(found: Changes, since: int, period: str) -> ChangesGiven:
    """Changes as they are kept, with the deals that count most."""
    deals = found.deals.head(_MOVES)
    rows = tuple(
        (str(d), str(b), int(c))
        for d, b, c in zip(deals["deal_id"], deals["bucket"], deals["cents"], strict=True)
    )
    return ChangesGiven(since, period, found.before, found.after, dict(found.buckets), rows)
