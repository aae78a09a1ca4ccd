"""The forward test of a population: learn on the past, be judged on what came a horizon later."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.scoring.additive import clearly_less
from sales_consultant.scoring.features import OWNERS, family
from sales_consultant.scoring.metrics import BETTER, ForwardTest, judge, losses, twins
from sales_consultant.scoring.populations import classes, split
from sales_consultant.scoring.propensity import PropensityModel, Suspects, TablesBeside, Tier, tier_of
from sales_consultant.scoring.propensity import fit_competing_risks as competing
from sales_consultant.scoring.validation import slices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sales_consultant.scoring.additive import Meaning
    from sales_consultant.scoring.core import Finding


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the forward test found: the report of the better model, its tier, whether it is of hazards, the columns it
    dropped, the rows it was judged on with the probability `p` that it gave them, and that model itself. `bent`: whether
    effects that may turn round won."""

    report: ForwardTest
    leaks: list[Finding]
    tier: Tier = "rules"
    hazards: bool = False
    judged: pd.DataFrame | None = None
    model: PropensityModel | None = None
    bent: bool = False


def fit(
    X: pd.DataFrame,
    rows: pd.DataFrame,
    *,
    tier: str,
    random_state: int,
    meanings: Mapping[str, Meaning] | None = None,
    suspects: Suspects = "use",
) -> PropensityModel:
    """A model on training rows (columns cut, group, label, weight).

    Leaks are looked for in the customer's own fields, in their values and in what is made of these; what we
    count ourselves from dated rows is as of the cut-off by construction. A field that leaks in one of its
    columns loses them all. `meanings` says which columns measure one thing: their effects go one way. `suspects` says whether
    columns that look known only at the end are used.
    """
    fields = {str(c): family(str(c)) for c in X.columns if c.partition(".")[0] in OWNERS}
    model = PropensityModel(
        tier=tier,
        random_state=random_state,
        audit=list(fields),
        families=fields,
        meanings=meanings,
        suspects=suspects,
    )
    return model.fit(**_given(X, rows))


def _given(X: pd.DataFrame, rows: pd.DataFrame) -> dict[str, Any]:
    """Training rows as a model takes them."""
    # Of one company alone each row is judged by the others.
    several = rows["group"].nunique() > 1
    return {
        "X": X.loc[rows.index],
        "y": rows["label"].to_numpy(),
        "as_of": rows["cut"].to_numpy(),
        "groups": rows["group"].to_numpy() if several else None,
        "sample_weight": rows["weight"].to_numpy(),
    }


def untested(rows: pd.DataFrame) -> ForwardTest:
    """The report where there is too little to test on."""
    records = int(rows["record_id"].nunique())
    return ForwardTest("too little data", 0, 0, None, len(rows), int(rows["label"].sum()), records)


def forward_test(
    X: pd.DataFrame,
    rows: pd.DataFrame,
    *,
    horizon: int,
    random_state: int = 0,
    meanings: Mapping[str, Meaning] | None = None,
    suspects: Suspects = "use",
) -> Outcome:
    """Fit on rows whose label was known before the test began, judge on all rows of the test's cut-offs.

    Effects of columns that measure one thing (`meanings`) go one way, unless a model in which they may turn round is better
    by more than chance.
    """
    empty = untested(rows)
    parts = split(rows, horizon)
    if parts is None:
        return Outcome(empty, [])
    train, test = parts
    tier = tier_of(*classes(train))
    if tier == "rules":
        return Outcome(empty, [])
    y = test["label"].to_numpy(dtype=float)
    first = "full" if tier == "boosted" else tier
    model = fit(X, train, tier=first, random_state=random_state, meanings=meanings, suspects=suspects)
    p = model.predict_proba(X.loc[test.index])[:, 1]
    codes = np.unique(test["group"].to_numpy(), return_inverse=True)[1]
    others: dict[str, PropensityModel | None] = {"bent": free} if (free := model.set_free()) else {}
    if model.tier_ == "full":
        start = int(test["cut"].min())
        under_way = rows[rows["cut"] < start]
        others["hazards"] = competing(
            model, X, under_way, horizon=horizon, until=start, random_state=random_state
        )
    linear, later = model, X.loc[test.index]
    model, p, contest = _best(model, p, others, later, y, codes)
    if tier == "boosted":
        model, p, least = _or_tables(TablesBeside(linear, **_given(X, train)), model, p, later, y, codes)
        contest = {**(contest or {}), "boosted": least}
    report = judge(
        y,
        p,
        test["group"].to_numpy(),
        base=float(np.average(train["label"], weights=train["weight"])),
        train=(len(train), int(train["label"].sum()), int(train["record_id"].nunique())),
        cuts=test["cut"].to_numpy(),
        unseen=~test["group"].isin(train["group"]).to_numpy(),
        periods={"cut-off": test["cut"].to_numpy()},
        born=month_of_creation(test),
        twins=twins(X.loc[test.index]),
    )
    judged = test.assign(p=p)
    report = ranks_early(
        replace(report, contest=contest), slices.by_moment(judged, rows) if "created_at" in rows else None
    )
    hazards = model is others.get("hazards")
    bent = model is others.get("bent")
    return Outcome(report, model.left_out_, model.tier_, hazards, judged, model, bent)


def _best(
    model: PropensityModel,
    p: NDArray[np.float64],
    others: Mapping[str, PropensityModel | None],
    X: pd.DataFrame,
    y: NDArray[np.float64],
    codes: NDArray[np.int64],
) -> tuple[PropensityModel, NDArray[np.float64], dict[str, float] | None]:
    """The model that stays where no other is better by more than chance, its probabilities, and the log-loss of each."""
    contest = {str(model.tier_): float(losses(y, p).mean())}
    for name, other in others.items():
        if other is None:
            continue
        theirs = other.predict_proba(X)[:, 1]
        contest[name] = float(losses(y, theirs).mean())
        if clearly_less(losses(y, theirs), losses(y, p), codes):
            model, p = other, theirs
    return model, p, contest if others else None


def _or_tables(
    tables: TablesBeside,
    model: PropensityModel,
    p: NDArray[np.float64],
    X: pd.DataFrame,
    y: NDArray[np.float64],
    codes: NDArray[np.int64],
) -> tuple[PropensityModel, NDArray[np.float64], float]:
    """The same as `_best` with tables, which are not calibrated where no calibration could make them win."""
    least = tables.least_loss(X, y)
    if least >= float(losses(y, p).mean()):
        return model, p, least
    model, p, contest = _best(model, p, {"boosted": tables.fitted()}, X, y, codes)
    return model, p, (contest or {})["boosted"]


def month_of_creation(rows: pd.DataFrame) -> NDArray[Any] | None:
    """Labels of rows whose records were made together and may share a rate; None where that is not known."""
    return (rows["created_at"] // (30 * DAY_MS)).to_numpy() if "created_at" in rows else None


def ranks_early(report: ForwardTest, moments: dict[str, dict[str, float] | None] | None) -> ForwardTest:
    """The report with its figures at moments of a record's life, and no better where both of those under way are
    ordered worse than by chance: what is right only at the end is known without a score."""
    early = [(moments or {}).get(m) for m in ("one third", "two thirds")]
    if report.verdict == BETTER and all(m is not None and m["auc"] < 0.5 for m in early):
        lacks = "a ranking at one third and two thirds of a record's life"
        report = replace(report, verdict="no better than base rate", lacks=lacks)
    return replace(report, moments=moments)
