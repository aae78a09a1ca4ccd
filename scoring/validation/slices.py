"""The forward test in parts: at which moment of a record's life, without some columns, and where a score was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.scoring.additive import Encoder, logistic, screen
from sales_consultant.scoring.metrics import part, sigmoid
from sales_consultant.scoring.populations import split

if TYPE_CHECKING:
    from collections.abc import Collection

    from sales_consultant.scoring.propensity import PropensityModel

MOMENTS = {"at creation": 0.0, "one third": 1 / 3, "two thirds": 2 / 3}
"""Shares of the usual cycle: how early a score is right decides what it is worth (Oracle judges at two thirds)."""
# Of fewer won records the usual cycle is not known: a judgement.
_FEW = 20
# As `_HINGES` of `propensity`: the same form, with fewer columns.
_HINGES = 3


def by_moment(judged: pd.DataFrame, rows: pd.DataFrame) -> dict[str, dict[str, float] | None] | None:
    """Figures of the test's rows at creation, one third and two thirds of the usual cycle, None for too few rows.

    `judged` has created_at, cut, label and p; `rows` are the rows that could be learnt from: the usual cycle is the
    median time from creation to the event of the records among them whose event came before the test. A record counts
    once at each moment, with its row that is nearest to it, at most a sixth of the cycle away. None where fewer than 20
    records had the event.
    """
    test_from = judged["cut"].min()
    won = rows[(rows["label"] == 1) & (rows["event_at"] <= test_from)].drop_duplicates("record_id")
    if len(won) < _FEW:
        return None
    cycle = float(((won["event_at"] - won["created_at"]) / DAY_MS).median())
    age = (judged["cut"] - judged["created_at"]) / DAY_MS
    moments: dict[str, dict[str, float] | None] = {}
    for name, share in MOMENTS.items():
        off = (age - share * cycle).abs()
        near = (
            judged.assign(off=off)[off <= cycle / 6].sort_values(["off", "cut"]).drop_duplicates("record_id")
        )
        y, p = (near[c].to_numpy(dtype=np.float64) for c in ("label", "p"))
        moments[name] = part(y, p, float(judged["label"].mean()), np.ones(len(near), dtype=bool))
    return moments


def without(
    X: pd.DataFrame, rows: pd.DataFrame, model: PropensityModel, hidden: Collection[str], *, horizon: int
) -> dict[str, float] | None:
    """Figures of the forward test of a linear model that does not know some columns, as those of what the seller did.

    It is learnt anew from the same rows, with the strength, the screen and the calibration of `model`: what is lost
    against the headline is what the ranking owes to these columns. None where there is no test or no such column.
    """
    parts = split(rows, horizon)
    columns = [c for c in model.columns_ if c not in hidden]
    if parts is None or not columns or len(columns) == len(model.columns_) or not model.strength_:
        return None
    train, test = parts
    y, weight = (train[c].to_numpy(dtype=np.float64) for c in ("label", "weight"))
    encoder = Encoder.learn(X.loc[train.index, columns], hinges=_HINGES if model.tier_ != "shrunk" else 0)
    if not encoder.codes or len(np.unique(y)) < 2:
        return None
    Z = encoder.encode(X.loc[train.index])
    scale = screen(Z, y, weight, model.screen_)
    coef, intercept = logistic(Z * scale, y, weight, model.strength_)
    margin = encoder.encode(X.loc[test.index]) @ (coef * scale) + intercept
    p = sigmoid(model.slope_ * margin + model.shift_)
    base = float(np.average(y, weights=weight))
    return part(test["label"].to_numpy(dtype=np.float64), p, base, np.ones(len(test), dtype=bool))


def by_exposure(
    judged: pd.DataFrame, shown: pd.DataFrame | None, *, base: float, horizon: int
) -> dict[str, dict[str, float] | None] | None:
    """Figures of the test's rows whose score people saw within the horizon, and of those whose score nobody saw.

    `shown` has record_id, start and end (ms, a gap: still). None where no row of the test was shown: a score changes the
    outcomes that it is judged by, so both are told as soon as there are both.
    """
    if shown is None or shown.empty:
        return None
    until = judged["cut"] + horizon * DAY_MS
    pairs = judged.assign(row=np.arange(len(judged)), until=until)[["record_id", "cut", "until", "row"]]
    pairs = pairs.merge(shown, on="record_id")
    seen = pairs[(pairs["start"] < pairs["until"]) & ~(pairs["end"] <= pairs["cut"])]["row"].unique()
    mark = np.zeros(len(judged), dtype=bool)
    mark[seen] = True
    if not mark.any():
        return None
    y, p = (judged[c].to_numpy(dtype=np.float64) for c in ("label", "p"))
    return {"shown": part(y, p, base, mark), "not shown": part(y, p, base, ~mark)}


def figures(
    judged: pd.DataFrame | None,
    X: pd.DataFrame,
    rows: pd.DataFrame,
    model: PropensityModel | None,
    *,
    sellers: Collection[str],
    undated: Collection[str] = (),
    shown: pd.DataFrame | None,
    horizon: int,
) -> dict[str, Any]:
    """The parts as fields of a `ForwardTest`: without_seller, without_undated, exposure. The moments are part of the verdict,
    see `forward_test`.

    `sellers` and `undated` are the columns of the seller's doings, and of fields of which only today's value is known.
    """
    if judged is None or judged.empty or model is None:
        return {}
    return {
        "without_seller": without(X, rows, model, sellers, horizon=horizon),
        "without_undated": without(X, rows, model, undated, horizon=horizon),
        "exposure": by_exposure(judged, shown, base=float(rows["label"].mean()), horizon=horizon),
    }
