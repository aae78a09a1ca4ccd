"""The probe in time: fields without history whose value of today knows events that came after the cut-off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.config.language.numbers import percent
from sales_consultant.scoring.core import Finding
from sales_consultant.scoring.leakage.derived_columns import FOLDS, KIND, date_copy, dates_of, sum_of
from sales_consultant.scoring.leakage.event_counts import past_of, sets_of
from sales_consultant.scoring.leakage.policy import POLICY
from sales_consultant.scoring.metrics import group_weights

if TYPE_CHECKING:
    from sales_consultant.scoring.leakage.event_counts import EventCounts, Past

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

# Judgements between time and certainty: leadforge's 5,000 leads are looked at whole; of 200 draws one end of 95 % is
# the tenth; a value or bin needs some dozen rows to say what it knows.
MOST_ROWS = 6_000
_RESAMPLES = 200
_MOST_VALUES = 80
_BINS = 40


def find_future_leakage(
    values: pd.DataFrame,
    ids: pd.Series[Any],
    cut: Floats,
    events: pd.DataFrame,
    groups: NDArray[Any],
    *,
    random_state: int = 0,
) -> list[Finding]:
    """Columns that know which events came after the cut-off, each once with its strongest evidence.

    `values` holds today's values, a row a record, with `ids`, `cut` (ms) and `groups` (the company) in the same order;
    `events` has record_id, at (ms) and kind ("touches/inbound"). How often something will happen cannot be known more
    exactly than the law of Poisson lets, however good the foresight: whoever knows a customer's rate does not know the
    count. A column with which, for companies not learnt from, the later count is known to within 65 % of that variance, and of
    what all earlier events leave open, has counted it: a total over all time. Of what happens once 45 % is the limit, which
    only a flag that the event itself sets is below.
    An honest score or segment, known at the cut-off, explains the rate at best. Scheduled and automated events follow
    rules and not chance; leave them out. A date after the cut-off that lies a constant time from a later event is a copy.
    """
    ids = ids.reset_index(drop=True)
    if len(values) < POLICY.fewest_probed or events.empty:
        return []
    rng = np.random.default_rng(random_state)
    if len(values) > MOST_ROWS:
        some = np.sort(rng.permutation(len(values))[:MOST_ROWS])
        values, ids, cut, groups = values.iloc[some], ids.iloc[some], cut[some], groups[some]
    group = pd.factorize(groups)[0].astype(np.int64)
    fold = rng.permutation(int(group.max()) + 1)[group] % FOLDS
    weights = group_weights(group, _RESAMPLES, rng)
    search = _Search(past_of(events, ids, cut), fold, weights)
    findings = []
    for name in values:
        column = values[name]
        dated = dates_of(column)
        if dated is not None:
            copy = date_copy(str(name), dated, ids, cut, events)
            if copy is not None:
                findings.append(copy)
                continue
        finding = search.look(str(name), _Field.of(column if dated is None else dated))
        if finding is not None:
            findings.append(finding)
    return findings


class _Search:
    """What came after the cut-offs, and how much of it each field knows."""

    def __init__(self, past: Past, fold: NDArray[np.int64], weights: Floats) -> None:
        self.past, self.fold, self.weights = past, fold, weights
        self.sets = sets_of(past)
        self._foretold: dict[str, list[Floats]] = {}

    def look(self, name: str, field: _Field) -> Finding | None:
        """The strongest evidence that a field knows future events; None where there is none."""
        before = {one.name: one.explains_earlier_events(field.codes) for one in self.sets}
        # A plan told what came before as it tells what comes; no plan makes a later visit of one that was not made.
        summed = any(made_up for _, made_up in before.values())
        agreed = {k for k, (regular, _) in before.items() if regular and not summed}
        if field.number is not None and not agreed:
            total = sum_of(name, field.number, self.past, self.fold, self.weights)
            if total:
                return total
        # Trees are dear: asked of the strongest first, and no more where it stands.
        for share, one, loss in sorted(self._suspects(field, agreed), key=lambda s: s[0]):
            if share <= _limit(one) and (share := self._left(one, loss, best=True)) <= _limit(one):
                return Finding(name, KIND, _evidence(field, one, share))
        return None

    def _suspects(self, field: _Field, agreed: set[str]) -> list[tuple[float, EventCounts, Floats]]:
        """Kinds of events that a field may know, each with the share that it leaves open and its losses."""
        suspects = []
        for one in self.sets:
            # Nor the kinds together, if one of them is by agreement.
            together = one.name == "events" or any(k.startswith(f"{one.name}/") for k in agreed)
            if one.name in agreed or (agreed and together):
                continue
            loss = _loss(one, field, self.fold)
            if float(loss.sum()) <= _limit(one) * float(one.after.sum()):
                suspects.append((self._left(one, loss, best=False), one, loss))
        return suspects

    def _left(self, one: EventCounts, loss: Floats, *, best: bool) -> float:
        """The share of what chance and the past leave open, at the upper end of its interval."""
        if one.name not in self._foretold:
            self._foretold[one.name] = [_by_past(self.past, one, self.fold, trees=False)]
        if best and len(self._foretold[one.name]) == 1:
            self._foretold[one.name].append(_by_past(self.past, one, self.fold, trees=True))
        past_leaves = [*self._foretold[one.name], _loss(one, None, self.fold)]
        if min(float(m.sum()) for m in past_leaves) < POLICY.sure * float(one.after.sum()):
            # What is to come by rule, as the end of every deal, is known without any field.
            return 1.0
        most = [one.after, *past_leaves]
        drawn = (self.weights @ loss) / np.maximum(np.min([self.weights @ m for m in most], axis=0), 1e-9)
        return float(np.quantile(drawn, POLICY.confidence))


def _limit(one: EventCounts) -> float:
    return POLICY.open_once if one.once else POLICY.open


def _by_past(past: Past, one: EventCounts, fold: Codes, *, trees: bool) -> Floats:
    """Squared error of each row's later count, foretold from all that happened before, by a ridge or by boosted trees."""
    foretold = np.empty(len(fold))
    X = past.features
    for k in range(FOLDS):
        learn, judged = fold != k, fold == k
        if trees:
            from sklearn.ensemble import HistGradientBoostingRegressor

            # Judgements: small trees, for a few thousand rows of some dozen columns.
            model = HistGradientBoostingRegressor(
                max_iter=60, max_leaf_nodes=12, min_samples_leaf=20, random_state=0
            )
            foretold[judged] = model.fit(X[learn], one.after[learn]).predict(X[judged])
            continue
        mean, scale = X[learn].mean(axis=0), X[learn].std(axis=0) + 1e-9
        Z, level = (X - mean) / scale, float(one.after[learn].mean())
        gram = Z[learn].T @ Z[learn] + np.eye(Z.shape[1])
        foretold[judged] = level + Z[judged] @ np.linalg.solve(gram, Z[learn].T @ (one.after[learn] - level))
    return np.asarray((one.after - foretold) ** 2)


@dataclass(frozen=True, slots=True)
class _Field:
    """A column as codes (values, levels or bins; 0: a gap) and, where it is one, as a number."""

    codes: Codes
    size: int
    number: Floats | None
    names: list[str]

    @classmethod
    def of(cls, column: pd.Series[Any]) -> _Field:
        if pd.api.types.is_bool_dtype(column) or not pd.api.types.is_numeric_dtype(column):
            text = column.astype("string").str.strip()
            text = text.where(text != "")
            most = set(text.value_counts().index[:_MOST_VALUES])
            text = text.where(text.isna() | text.isin(most), "others")
            codes, levels = pd.factorize(text)
            return cls(codes.astype(np.int64) + 1, len(levels) + 1, None, [str(k) for k in levels])
        values = column.to_numpy(dtype=float, na_value=np.nan)
        missing = ~np.isfinite(values)
        seen = np.unique(values[~missing])
        if len(seen) > _MOST_VALUES:
            edges = np.unique(np.quantile(values[~missing], np.linspace(0, 1, _BINS + 1)[1:-1]))
            codes = np.searchsorted(edges, values, side="right")
        else:
            codes = np.searchsorted(seen, values)
        codes = np.where(missing, 0, codes + 1).astype(np.int64)
        names = [f"{v:g}" for v in seen] if len(seen) <= _MOST_VALUES else []
        return cls(codes, int(codes.max()) + 1 if len(codes) else 1, values, names)


def _loss(one: EventCounts, field: _Field | None, fold: Codes) -> Floats:
    """Squared error of each row's later count, foretold from the earlier count and the field for groups not learnt from.

    The better of two ways: the mean of each pair of earlier count and value, and a straight line through both.
    """
    earlier = _Field.of(pd.Series(one.before)).codes
    cells = earlier if field is None else earlier * field.size + field.codes
    foretold = _by_cell(cells, earlier, one.after, fold)
    losses = [(one.after - foretold) ** 2]
    columns = [np.ones(len(fold)), one.before]
    if field is not None and field.number is not None:
        missing = ~np.isfinite(field.number)
        columns += [np.where(missing, 0.0, field.number), missing.astype(float)]
    if field is None or field.number is not None:
        losses.append((one.after - _by_line(np.column_stack(columns), one.after, fold)) ** 2)
    return min(losses, key=lambda v: float(v.sum()))


def _by_cell(cells: Codes, coarse: Codes, y: Floats, fold: Codes) -> Floats:
    """Mean of y in each cell of the other folds, few rows drawn to the mean of their coarse cell, that to the whole."""
    out = np.empty(len(y))
    for k in range(FOLDS):
        learn, judged = fold != k, fold == k
        mean = float(y[learn].mean())

        def means(code: Codes, prior: Floats, learn: NDArray[np.bool_] = learn) -> Floats:
            n = np.bincount(code[learn], minlength=len(prior))
            return np.asarray(
                (np.bincount(code[learn], weights=y[learn], minlength=len(prior)) + prior) / (n + 1.0)
            )

        broad = means(coarse, np.full(int(coarse.max()) + 1, mean))
        prior = np.full(int(cells.max()) + 1, mean)
        prior[cells] = broad[coarse]
        out[judged] = means(cells, prior)[cells[judged]]
    return out


def _by_line(X: Floats, y: Floats, fold: Codes) -> Floats:
    """Least squares from the other folds."""
    out = np.empty(len(y))
    for k in range(FOLDS):
        learn, judged = fold != k, fold == k
        out[judged] = X[judged] @ np.linalg.lstsq(X[learn], y[learn], rcond=None)[0]
    return out


def _evidence(field: _Field, one: EventCounts, left: float) -> str:
    """The evidence in words: values equal to the count to date, else what the strongest value says of the later events."""
    what = one.name
    if field.number is not None:
        filled = np.isfinite(field.number)
        later = filled & (one.after > 0)
        total = int((field.number[filled] == (one.before + one.after)[filled]).sum())
        some = int((field.number[later] == (one.before + one.after)[later]).sum())
        if some > 0.5 * later.sum():
            return (
                f"{total:,} of {int(filled.sum()):,} values are the number of {what} to this day; on {some:,} of them some "
                "of these happened after the cut-off"
            )
    text = f"with it {what} after the cut-off are known to within {percent(left)} of what chance leaves open"
    if field.number is not None and not field.names:
        return text
    # Who had none yet tells most.
    fresh = one.before == 0
    fresh = fresh if fresh.sum() >= POLICY.fewest_probed else np.ones(len(fresh), dtype=bool)
    n = np.bincount(field.codes[fresh], minlength=field.size)
    rate = np.bincount(field.codes[fresh], weights=one.after[fresh] > 0, minlength=field.size)
    share = np.where(n >= min(20, int(n.max())), rate / np.maximum(n, 1), np.nan)
    most, least = int(np.nanargmax(share)), int(np.nanargmin(share))
    name = ["empty", *(f'"{v[:40]}"' for v in field.names)]
    whom = "records" if fresh.all() else f"records without {what} until then"
    return (
        f"{text}: they happened on {int(rate[most]):,} of {int(n[most]):,} {whom} where it is {name[most]}, on "
        f"{int(rate[least]):,} of {int(n[least]):,} where it is {name[least]}"
    )
