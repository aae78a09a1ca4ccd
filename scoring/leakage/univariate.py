"""The leak audit: fields that know the outcome before it has happened."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.config.language.numbers import percent
from sales_consultant.scoring.additive import Encoder, is_number, levels_of, logistic, numbers
from sales_consultant.scoring.core import Finding
from sales_consultant.scoring.leakage.names import doubted
from sales_consultant.scoring.leakage.policy import POLICY
from sales_consultant.scoring.metrics import auc, mean_loss

if TYPE_CHECKING:
    from collections.abc import Collection

# Levels of a text that are looked at, the most frequent first: a level beyond them is on too few rows to show.
_MOST_LEVELS = 50
# A judgement: a straight line of some dozen columns is known well from so many rows.
_MOST_TO_LEARN = 10_000


def fill_gaps(values: pd.DataFrame, ended: NDArray[np.bool_]) -> list[Finding]:
    """Columns filled far more often, or less, on closed records than on open ones.

    `values` holds today's values of fields without history, one row a record.
    """
    if min(ended.sum(), (~ended).sum()) < POLICY.fewest_of_a_class:
        return []
    findings = []
    for column in values:
        filled = values[column].notna().to_numpy()
        closed, still = float(filled[ended].mean()), float(filled[~ended].mean())
        if abs(closed - still) > POLICY.fill_gap:
            text = f"filled on {percent(closed)} of closed and {percent(still)} of open records"
            findings.append(Finding(str(column), "fill_gap", text))
    return findings


def cells(column: pd.Series[Any], learn: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Each value's bin (quantiles of the first rows) or level; gaps are one of their own."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        values = column.to_numpy(dtype=float, na_value=np.nan)
        seen = values[learn & ~np.isnan(values)]
        # Twenty bins of 5 %: enough for any order, with rows in each.
        edges = np.unique(np.quantile(seen, np.linspace(0.05, 0.95, 19))) if len(seen) else np.empty(0)
        codes = np.searchsorted(edges, values, side="right")
        return np.where(np.isnan(values), len(edges) + 1, codes).astype(np.int64)
    return pd.factorize(levels_of(column))[0].astype(np.int64)


def has_level(column: pd.Series[Any], levels: Collection[str | None]) -> NDArray[np.bool_]:
    """Which rows have one of some levels, spelt as the encoder spells them."""
    return levels_of(column).isin([v for v in levels if v is not None]).to_numpy(dtype=bool)


def floats(column: pd.Series[Any]) -> NDArray[np.float64] | None:
    """A column of numbers or times as floats, None for texts and flags."""
    return numbers(column) if is_number(column) else None


def single_fields(
    X: pd.DataFrame, y: NDArray[np.float64], order: NDArray[Any], *, names: list[str] | None = None
) -> list[Finding]:
    """Columns that alone order later rows almost perfectly.

    Rates are learnt on the first 60 % of the rows in `order` (time, or any number of the group) and judged
    on the rest: .95 is more than honest data of a CRM give, and so is .85 where the name speaks of an outcome.
    """
    rank = np.argsort(np.argsort(order, kind="stable"), kind="stable")
    # A judgement: rates need most of the rows, an AUC can do with fewer.
    learn = rank < 0.6 * len(y)
    if (
        min(y[learn].sum(), (1 - y[learn]).sum(), y[~learn].sum(), (1 - y[~learn]).sum())
        < POLICY.fewest_of_a_class
    ):
        return []
    base, findings = y[learn].mean(), []
    for name in names if names is not None else list(X.columns):
        cell = cells(X[name], learn) + 1
        size = int(cell.max()) + 1
        wins = np.bincount(cell[learn], weights=y[learn], minlength=size)
        counts = np.bincount(cell[learn], minlength=size)
        rate = (wins + base) / (counts + 1.0)
        power = auc(y[~learn], rate[cell[~learn]])
        if power > (POLICY.auc_alone_doubted if doubted(str(name)) else POLICY.auc_alone):
            findings.append(
                Finding(str(name), "single_field", f"alone it orders later rows with an AUC of {power:.3f}")
            )
    return findings


@dataclass(frozen=True, slots=True)
class _Outcomes:
    """Outcomes of rows and their groups, against which a mark of rows is held."""

    y: NDArray[np.float64]
    groups: NDArray[np.int64]

    def decided_by(
        self,
        hit: NDArray[np.bool_],
        what: str,
        column: str,
        kind: str,
        *,
        both: bool = False,
        pure: float = POLICY.pure,
    ) -> Finding | None:
        """A finding where the marked rows share an outcome as chance would not bring; `both`: also where none has the event."""
        from scipy.stats import binom

        # Rows of a group that share outcome and value are one piece of evidence.
        apart = np.unique(self.groups * 4 + self.y.astype(np.int64) * 2 + hit)
        once, won = apart % 2 == 1, apart // 2 % 2
        base = float(won.mean())
        n, wins = int(once.sum()), int(won[once].sum())
        # What nearly all rows are is no mark of anything.
        if n < POLICY.fewest_pure or n > 0.98 * len(apart):
            return None
        if wins >= pure * n and binom.sf(wins - 1, n, base) < POLICY.chance:
            return Finding(
                column, kind, f"{what}: the event on {wins:,} of {n:,} rows, on {percent(base)} of all"
            )
        lost = n - wins
        # Where the event is rare anyway, that marked rows have none says little.
        if both and base > 0.1 and lost >= pure * n and binom.cdf(wins, n, base) < POLICY.chance:
            return Finding(
                column,
                kind,
                f"{what}: no event on {lost:,} of {n:,} rows, the event on {percent(base)} of all",
            )
        return None


def find_label_determining_columns(
    X: pd.DataFrame,
    y: NDArray[np.float64],
    groups: NDArray[np.int64],
    *,
    names: list[str],
    as_of: NDArray[Any] | None = None,
) -> list[Finding]:
    """Columns in which being filled, or one value, decides the outcome.

    A field filled on one outcome only (a loss reason, a contract's number) need not order all rows: it may be filled on
    a few. A value that comes with the event on 98 % of its rows where the base rate is far lower, and by chance (binomial)
    less than once in a million columns, is set by the event; so is one that is filled on the other outcome only. A time
    later than its own row's (`as_of`, where these are times) may be a plan; it is a leak where such rows share an outcome
    (90 %). Rows of a group that share outcome and value count once. Of a text whose deciding levels hold few of the events
    only these levels are found (`Finding.level`).
    """
    own = _times(as_of)
    base = float(y.mean()) if len(y) else 0.0
    findings: list[Finding] = []
    # Beyond these nearly every row has one outcome, and whatever marks rows seems to decide it.
    if not 0.02 < base < 0.9:
        return findings
    outcomes = _Outcomes(y, groups)
    for name in names:
        column = X[name]
        filled = column.notna().to_numpy()
        hit = outcomes.decided_by(filled, "filled", name, "null_label", both=True) or outcomes.decided_by(
            ~filled, "empty", name, "null_label"
        )
        found = [hit] if hit is not None else _by_value(outcomes, column, filled, name)
        if not found and own is not None and _is_time(column):
            later = numbers(column) > own
            words = "later than the row's own time"
            hit = outcomes.decided_by(later, words, name, "later_date", both=True, pure=POLICY.pure_later)
            found = [hit] if hit is not None else []
        findings += found
    return findings


def _by_value(
    outcomes: _Outcomes, column: pd.Series[Any], filled: NDArray[np.bool_], name: str
) -> list[Finding]:
    """What levels of a text, or being above 0, decide the outcome.

    Levels that together hold few of the events are found one by one: the column is honest without them. Else it is the
    column that knows.
    """
    if not _is_number(column):
        text = levels_of(column)
        levels, events = [], 0.0
        for value in text.value_counts().index[:_MOST_LEVELS]:
            mark = (text == value).to_numpy(dtype=bool)
            if hit := outcomes.decided_by(mark, f'"{str(value)[:40]}"', name, "decides"):
                levels.append(replace(hit, level=str(value)))
                events += float(outcomes.y[mark].sum())
        if events > POLICY.level_share * float(outcomes.y.sum()):
            return [replace(levels[0], level=None)]
        return levels
    if pd.api.types.is_bool_dtype(column) or _is_time(column):
        return []
    values = column.to_numpy(dtype=float, na_value=np.nan)
    positive = np.nan_to_num(values) > 0
    if 0 < positive.sum() < len(outcomes.y) and (values[filled] >= 0).all():
        hit = outcomes.decided_by(positive, "above 0", name, "decides")
        return [hit] if hit is not None else []
    return []


def _times(as_of: NDArray[Any] | None) -> NDArray[np.float64] | None:
    """Times as days since 1970; None where they are numbers, which order rows and date nothing."""
    if as_of is None or as_of.dtype.kind in "iufb":
        return None
    times = pd.to_datetime(pd.Series(as_of), utc=True, errors="coerce")
    return numbers(times) if _is_time(times) else None


def _is_number(column: pd.Series[Any]) -> bool:
    return is_number(column)


def _is_time(column: pd.Series[Any]) -> bool:
    return bool(pd.api.types.is_datetime64_any_dtype(column))


def find_calendar_columns(
    X: pd.DataFrame, y: NDArray[np.float64], as_of: NDArray[Any], *, names: list[str]
) -> list[Finding]:
    """Numbers that tell the rows' own time (`as_of`, one a row), where a model of the past is no better for them later.

    A model that learns such a column (a serial number, days since a list was made, the year) reads the past month from it, and
    gives every later row the points of the last one. Found are numbers whose values at each quarter of the times but the first
    are nearly all beyond those before, or go with the time throughout; they stay where the newest quarter is told better with
    them, as where a due date and a date of order make a span.
    """
    edges = np.unique(np.quantile(as_of, [0.25, 0.5, 0.75]))
    if len(edges) < 3:
        return []
    part = np.searchsorted(edges, as_of, side="right")
    order = pd.Series(as_of).rank()
    told: dict[str, str] = {}
    for name in names:
        if is_number(X[name]):
            values = numbers(X[name])
            if (beyond := _least_beyond(values, part)) >= POLICY.beyond:
                told[name] = (
                    f"at each later time at least {percent(beyond)} of its values are beyond nearly all before"
                )
            elif (along := _along(values, order)) >= POLICY.along:
                told[name] = f"its rank correlation with the time of the row is {along:.2f}"
    if not told or _worth(X[names], y, part, list(told)):
        return []
    end = "it says nothing of rows to come, and the newest quarter is told no better with it"
    return [Finding(c, "calendar", f"tells the calendar: {why}; {end}") for c, why in told.items()]


def _least_beyond(values: NDArray[np.float64], part: NDArray[np.int64]) -> float:
    """The least share, over the later parts, of values that lie beyond 99 in a hundred of those before, always on one side."""
    shares = []
    for k in range(1, 4):
        before, now = (v[~np.isnan(v)] for v in (values[part < k], values[part == k]))
        if min(len(before), len(now)) < POLICY.fewest_pure:
            return 0.0
        low, high = np.quantile(before, [0.01, 0.99])
        shares.append((float((now > high).mean()), float((now < low).mean())))
    up, down = zip(*shares, strict=True)
    return float(max(min(up), min(down)))


def _along(values: NDArray[np.float64], order: pd.Series[float]) -> float:
    """The size of the rank correlation of values with the order of the rows' times."""
    seen = ~np.isnan(values)
    if seen.sum() < 4 * POLICY.fewest_pure or not np.ptp(values[seen]):
        return 0.0
    return float(abs(np.corrcoef(pd.Series(values[seen]).rank(), order[seen])[0, 1]))


def _worth(X: pd.DataFrame, y: NDArray[np.float64], part: NDArray[np.int64], asked: list[str]) -> bool:
    """Whether a straight model of the rows before the newest quarter tells that quarter better with some columns than without."""
    losses = []
    for columns in (X, X.drop(columns=asked)):
        learn, judge = np.flatnonzero(part < 3)[-_MOST_TO_LEARN:], np.flatnonzero(part == 3)[:_MOST_TO_LEARN]
        if min(y[learn].sum(), (1 - y[learn]).sum()) < POLICY.fewest_of_a_class:
            return False
        encoder, rate = Encoder.learn(columns.iloc[learn], hinges=0), y[learn].mean()
        margin = np.full(len(judge), np.log(rate / (1 - rate)))
        if encoder.codes:
            coef, level = logistic(encoder.encode(columns.iloc[learn]), y[learn], np.ones(len(learn)), 0.3)
            margin = encoder.encode(columns.iloc[judge]) @ coef + level
        losses.append(mean_loss(y[judge], margin, np.ones(len(judge))))
    return losses[0] < losses[1] * (1 - POLICY.worth_calendar)
