"""What a deal will bring where nobody has said: a regression of deal amounts, the best of four by a test in time.

Amounts are learnt as logarithms, for they spread over orders of magnitude and errors grow with them. All inputs are known
when a deal is made, so an estimate may be given on its first day.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.engine import Engine, alive, neutral, query
from sales_consultant.scoring.additive import Encoder
from sales_consultant.scoring.core import placeholder
from sales_consultant.scoring.features import crm_fields as own

if TYPE_CHECKING:
    from sales_consultant.config.populations import FeatureSettings

# Judgements: of 60 deals 18 are judged on, the least that tells one regression from another; 80 % is a range that
# people plan with; a hundred trees are kept as numbers in a small file.
LEAST = 60
INTERVAL = (0.1, 0.9)
_TEST_SHARE = 0.3
_TREES = 100
_CATEGORIES = ("pipeline", "type", "record_type")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One kind of regression in the test in time: errors in the currency's units, and against always saying the median."""

    kind: str
    mae: float
    mse: float
    median_mae: float

    def as_dict(self) -> dict[str, float | str]:
        """A form that JSON can hold."""
        return {"kind": self.kind, "mae": self.mae, "mse": self.mse, "median_mae": self.median_mae}


@dataclass(frozen=True)
class Trees:
    """Regression trees as arrays: value = base + scale x the sum of the leaves."""

    base: float
    scale: float
    trees: list[dict[str, list[float]]]

    def predict(self, Z: NDArray[np.float64]) -> NDArray[np.float64]:
        """One value a row."""
        out = np.full(len(Z), self.base)
        for tree in self.trees:
            left, right = (np.asarray(tree[k], dtype=np.int64) for k in ("left", "right"))
            feature, cut = np.asarray(tree["feature"], dtype=np.int64), np.asarray(tree["cut"])
            node = np.zeros(len(Z), dtype=np.int64)
            while (inner := left[node] >= 0).any():
                at = node[inner]
                # scikit-learn compares single-precision values.
                below = Z[inner, feature[at]].astype(np.float32) <= cut[at]
                node[inner] = np.where(below, left[at], right[at])
            out += self.scale * np.asarray(tree["value"])[node]
        return out


@dataclass(frozen=True)
class AmountModel:
    """The regression that won, as numbers of ours; `None` inside where there were under 60 deals with an amount.

    `low` and `high` are the 10 % and 90 % quantiles of the logarithmic error in the test. `card` holds the candidates and
    how many amounts were left out as placeholders.
    """

    trained_at: int
    kind: str
    encoder: Encoder
    coef: tuple[float, ...] = ()
    squares: bool = False
    trees: Trees | None = None
    median: float = 0.0
    low: float = 0.0
    high: float = 0.0
    sources: tuple[dict[str, str], ...] = ()
    card: dict[str, Any] = field(default_factory=dict)

    def estimate(self, engine: Engine) -> pd.DataFrame:
        """Columns record_id, amount, low, high: an estimate for each live deal whose amount is missing or a placeholder."""
        X, deals = _frame(engine, self.sources)
        X, deals = X[~deals["known"].to_numpy()], deals[~deals["known"]]
        if self.kind == "none" or not len(X):
            return pd.DataFrame({"record_id": [], "amount": [], "low": [], "high": []})
        middle = self._log(X)
        return pd.DataFrame(
            {
                "record_id": deals["record_id"].to_numpy(),
                "amount": np.exp(middle),
                "low": np.exp(middle + self.low),
                "high": np.exp(middle + self.high),
            }
        )

    def _log(self, X: pd.DataFrame) -> NDArray[np.float64]:
        if self.kind == "median":
            return np.full(len(X), self.median)
        Z = self.encoder.encode(X)
        if self.trees is not None:
            return self.trees.predict(Z)
        return np.asarray(_design(Z, self.squares) @ np.asarray(self.coef))

    def to_dict(self) -> dict[str, Any]:
        """A form that JSON can hold."""
        return {
            "trained_at": self.trained_at,
            "kind": self.kind,
            "codes": self.encoder.to_list(),
            "coef": list(self.coef),
            "squares": self.squares,
            "trees": None if self.trees is None else vars(self.trees),
            "median": self.median,
            "interval": [self.low, self.high],
            "sources": list(self.sources),
            "card": self.card,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> AmountModel:
        """The inverse of `to_dict`."""
        return cls(
            data["trained_at"],
            data["kind"],
            Encoder.from_list(data["codes"]),
            tuple(data["coef"]),
            data["squares"],
            None if data["trees"] is None else Trees(**data["trees"]),
            data["median"],
            data["interval"][0],
            data["interval"][1],
            tuple(data["sources"]),
            data["card"],
        )


def _frame(engine: Engine, sources: tuple[dict[str, str], ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Inputs of every live deal, and record_id, created_at, amount, known (whether the amount is one)."""
    t = alive(neutral(engine, "deals"))
    # A deal of which nobody knows when it was made has no place in time.
    t = t.filter(t.created_at.notnull())
    present = [c for c in _CATEGORIES if c in engine.columns("deals")]
    deals = query(
        engine,
        t.select(
            *present,
            record_id=t.id,
            company_id=t.company_id,
            amount=t.amount.cast("float64"),
            created_at=t.created_at,
            closed_at=t.closed_at,
            is_won=t.is_won.fill_null(False),
        ),
    ).sort_values(["created_at", "record_id"], ignore_index=True)
    amount = deals["amount"].astype("float64")
    deals["known"] = amount.notna() & ~amount.fillna(0).map(placeholder)
    X = deals[present].astype(object)
    X = X.where(X.notna(), None)
    X["earlier_amount"] = _mean_won_amount_before(deals)
    by_owner: dict[str, list[dict[str, str]]] = {}
    for source in sources:
        by_owner.setdefault(source["entity"], []).append(source)
    for entity, wanted in by_owner.items():
        values = own.fixed(engine, entity, [s["column"] for s in wanted])
        key = deals["record_id"] if entity == "deals" else deals["company_id"]
        for s in wanted:
            column = key.map(values[s["column"]])
            X[f"{entity}.{s['column']}"] = (
                pd.to_numeric(column, errors="coerce").astype("float64")
                if s["kind"] == "number"
                else column.astype(object).where(column.notna(), None)
            )
    X["earlier_amount"] = np.log(X["earlier_amount"])
    return X, deals


def _mean_won_amount_before(deals: pd.DataFrame) -> pd.Series[float]:
    """The mean amount of the company's deals that were won before this one was made; a gap where there is none."""
    won = deals[deals["is_won"] & deals["known"] & deals["closed_at"].notna() & deals["company_id"].notna()]
    won = won.assign(at=won["closed_at"].astype("int64")).sort_values("at", kind="stable")
    by_company = won.groupby("company_id")["amount"]
    won = won.assign(mean=by_company.cumsum() / (by_company.cumcount() + 1))
    asked = deals[["company_id", "created_at"]].assign(
        at=deals["created_at"].astype("int64"), place=deals.index
    )
    asked = asked[asked["company_id"].notna()].sort_values("at", kind="stable")
    found = pd.merge_asof(
        asked, won[["at", "company_id", "mean"]], on="at", by="company_id", allow_exact_matches=False
    )
    return found.set_index("place")["mean"].reindex(deals.index).astype("float64")


def _design(Z: NDArray[np.float64], squares: bool) -> NDArray[np.float64]:
    """The encoded columns with a constant, and their squares where the polynomial was chosen."""
    parts = [np.ones((len(Z), 1)), Z]
    return np.hstack([*parts, Z**2] if squares else parts)


def fit(engine: Engine, settings: FeatureSettings, *, as_of: int, random_state: int = 0) -> AmountModel:
    """Learn from the deals whose amount is known; the last 30 % of them, by creation, judge which regression it is."""
    used, _ = own.candidates(engine, "deals", settings)
    sources = tuple(
        {"entity": f.entity, "column": f.column, "kind": "number" if f.kind == "number" else "level"}
        for f in used
        if f.known == "fixed"
        and not f.undated
        and f.entity in ("deals", "companies")
        and f.kind != "datetime"
        and f.column != "title"
    )
    X, deals = _frame(engine, sources)
    counted = {"placeholders": int((deals["amount"].notna() & ~deals["known"]).sum())}
    known = deals["known"].to_numpy() & (deals["created_at"] <= as_of).to_numpy()
    X, amount = X[known], deals.loc[known, "amount"].to_numpy(dtype=float)
    if len(X) < LEAST:
        return AmountModel(as_of, "none", Encoder([]), card={"deals": len(X), **counted})
    y = np.log(amount)
    edge = int(len(y) * (1 - _TEST_SHARE))
    early = Encoder.learn(X.iloc[:edge], hinges=0)
    Z, Z_test = early.encode(X.iloc[:edge]), early.encode(X.iloc[edge:])
    flat = float(np.median(y[:edge]))
    errors: dict[str, NDArray[np.float64]] = {"median": np.full(len(y) - edge, flat)}
    for kind in ("linear", "polynomial", "random forest", "boosted") if Z.shape[1] else ():
        errors[kind] = _predict(_learn(kind, Z, y[:edge], random_state), kind, Z_test)
    truth = amount[edge:]
    base = float(np.abs(np.exp(flat) - truth).mean())
    table = [
        Candidate(k, float(np.abs(np.exp(p) - truth).mean()), float(((np.exp(p) - truth) ** 2).mean()), base)
        for k, p in errors.items()
    ]
    best = min(table, key=lambda c: c.mae).kind
    low, high = (float(q) for q in np.quantile(y[edge:] - errors[best], INTERVAL))
    encoder = Encoder.learn(X, hinges=0)
    learnt = _learn(best, encoder.encode(X), y, random_state) if best != "median" else None
    return AmountModel(
        as_of,
        best,
        encoder,
        tuple(float(c) for c in learnt) if isinstance(learnt, np.ndarray) else (),
        best == "polynomial",
        learnt if isinstance(learnt, Trees) else None,
        float(np.median(y)),
        low,
        high,
        sources,
        {"deals": len(y), "tested_on": len(truth), **counted, "candidates": [c.as_dict() for c in table]},
    )


def _learn(
    kind: str, Z: NDArray[np.float64], y: NDArray[np.float64], random_state: int
) -> NDArray[np.float64] | Trees:
    from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
    from sklearn.linear_model import RidgeCV

    if kind in ("linear", "polynomial"):
        # Penalties from none to one that leaves only the mean, by half powers of ten.
        model = RidgeCV(np.logspace(-1, 4, 11)).fit(_design(Z, kind == "polynomial")[:, 1:], y)
        return np.asarray(np.r_[model.intercept_, model.coef_])
    if kind == "random forest":
        forest = RandomForestRegressor(_TREES, min_samples_leaf=5, random_state=random_state, n_jobs=2).fit(
            Z, y
        )
        return Trees(0.0, 1 / _TREES, [_arrays(e) for e in forest.estimators_])
    # Judgements, for some hundred deals: small steps and large leaves, so that no single deal makes an estimate.
    boosted = GradientBoostingRegressor(
        n_estimators=_TREES,
        learning_rate=0.06,
        max_depth=3,
        min_samples_leaf=10,
        subsample=0.7,
        random_state=random_state,
    ).fit(Z, y)
    base = float(np.ravel(boosted.init_.constant_)[0])
    return Trees(base, boosted.learning_rate, [_arrays(e) for e in boosted.estimators_[:, 0]])


def _arrays(estimator: Any) -> dict[str, list[float]]:
    tree = estimator.tree_
    return {
        "left": tree.children_left.tolist(),
        "right": tree.children_right.tolist(),
        "feature": tree.feature.tolist(),
        "cut": tree.threshold.tolist(),
        "value": tree.value[:, 0, 0].tolist(),
    }


def _predict(learnt: NDArray[np.float64] | Trees, kind: str, Z: NDArray[np.float64]) -> NDArray[np.float64]:
    if isinstance(learnt, Trees):
        return learnt.predict(Z)
    return _design(Z, kind == "polynomial") @ learnt
