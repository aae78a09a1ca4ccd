"""Whether a model is too good, or too far from what happened lately, to be believed without a look."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.config.clock import DAY_MS, iso_day
from sales_consultant.config.language.numbers import percent

# docs/decisions/scoring-too-good.md: honest data of a CRM come to .65 to .80. Rates of one business seldom move by a
# factor of more than e (see `parent_model.PRIOR_SD`), so that 4 is a doubt. Ages in days, and records below which a
# rate says nothing: judgements.
AUC_LIMIT = 0.97
ODDS_FACTOR = 4.0
_AGES = (30, 90, 180, 365)
_LEAST = 20


def warnings(
    auc: float | None, rows: pd.DataFrame, today: pd.DataFrame, p: NDArray[np.float64] | None
) -> list[str]:
    """Plain sentences on what looks wrong; they block nothing.

    `auc` is the forward test's, `rows` the labelled rows (created_at, cut, label), `today` the open members
    (created_at, cut) and `p` their probabilities.
    """
    sentences = []
    if auc is not None and auc > AUC_LIMIT:
        sentences.append(
            f"looks too good: the forward test has an AUC of {auc:.3f}. Check for a field that knows the outcome, "
            "or for records that are over but still open in the CRM"
        )
    rates = comparable(rows, today, p) if p is not None else None
    if rates is not None:
        given, happened, cut = rates
        factor = (given / (1 - given)) / (happened / (1 - happened))
        if max(factor, 1 / factor) > ODDS_FACTOR:
            sentences.append(
                f"today's open records are given {percent(given)} on average, where {percent(happened)} of those as old as "
                f"they had the event after {iso_day(cut)}, the last cut-off whose horizon is over. Check for "
                "records that are over but still open in the CRM, or for a field that is filled in late"
            )
    return sentences


def comparable(
    rows: pd.DataFrame, today: pd.DataFrame, p: NDArray[np.float64]
) -> tuple[float, float, int] | None:
    """The mean probability of today's members, the rate of the newest labelled cut-off, and that cut-off (ms).

    Old records have their event more seldom: the rate is taken by age (under 30, 90, 180, 365 days, older) and
    weighted with the ages of today's members; ages that either side lacks are left out of both. None with
    under 20 records on either side. Rates are kept half a record away from 0 and 1.
    """
    if rows.empty or today.empty:
        return None
    cut = int(rows["cut"].max())
    past = rows[rows["cut"] == cut]
    then, now = _age(past), _age(today)
    shared = np.intersect1d(then, now)
    kept, matched = np.isin(now, shared), np.isin(then, shared)
    n = int(matched.sum())
    if min(n, kept.sum()) < _LEAST:
        return None
    label = past["label"].to_numpy(dtype=float)
    rate = {a: label[then == a].mean() for a in shared}
    happened = np.mean([rate[a] for a in now[kept]])
    edge = 0.5 / n
    given, happened = (min(max(float(r), edge), 1 - edge) for r in (np.mean(p[kept]), happened))
    return given, happened, cut


def _age(rows: pd.DataFrame) -> NDArray[np.int64]:
    days = (rows["cut"] - rows["created_at"]).to_numpy(dtype=float) / DAY_MS
    return np.searchsorted(_AGES, days, side="right").astype(np.int64)
