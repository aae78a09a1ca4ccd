"""Deal amounts where nobody has said: learnt from those known, judged in time, marked, and never from the future."""

import json

import numpy as np
import pytest
from support.worlds import DAY, NOW, World, company

from sales_consultant.config.populations import FeatureSettings
from sales_consultant.engine import DuckEngine
from sales_consultant.scoring.core.placeholders import placeholder
from sales_consultant.scoring.customers.value import deal_values
from sales_consultant.scoring.deal_amounts import AmountModel, fit


def priced(deals: int = 600, *, noise: float = 0.3, missing: int = 20) -> World:
    """Deals whose amount follows their field c_fit and the company's habit; some have none, or 1."""
    world = company(deals=deals)
    rng = np.random.default_rng(5)
    habit: dict[str, float] = {}
    for i, deal in enumerate(world.rows["deals"]):
        own = habit.setdefault(str(deal["company_id"]), float(rng.normal(0, 0.8)))
        fit_of = {"good": 1.0, "fair": 0.0, "poor": -0.5}.get(str(deal["c_fit"]), 0.0)
        deal["amount"] = round(float(np.exp(9 + own + fit_of + rng.normal(0, noise))), 2)
        if i < missing:
            deal["amount"] = None if i % 2 else 1.0
    return world


def test_estimates_are_better_than_the_median_and_given_to_the_gaps_only() -> None:
    with priced().connection() as engine:
        model = fit(engine, FeatureSettings(), as_of=NOW)
        errors = {c["kind"]: c["mae"] for c in model.card["candidates"]}
        assert set(errors) == {"median", "linear", "polynomial", "random forest", "boosted"}
        assert model.kind == min(errors, key=errors.__getitem__) != "median"
        assert errors[model.kind] < 0.9 * errors["median"]
        found = model.estimate(engine)
        gaps = engine.con.execute(
            "SELECT count(*) FROM deals WHERE (amount IS NULL OR amount = 1) AND NOT deleted"
        ).fetchone()
        assert gaps and len(found) == gaps[0] > 0
        assert (found["low"] < found["amount"]).all()
        assert (found["amount"] < found["high"]).all()
        assert model.card["placeholders"] == 10


def test_a_file_gives_the_same_estimates() -> None:
    with priced().connection() as engine:
        model = fit(engine, FeatureSettings(), as_of=NOW)
        again = AmountModel.from_dict(json.loads(json.dumps(model.to_dict())))
        assert again.estimate(engine).equals(model.estimate(engine))


@pytest.mark.parametrize("kind", ["linear", "polynomial", "random forest", "boosted"])
def test_our_arrays_say_what_the_library_says(kind: str) -> None:
    from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
    from sklearn.linear_model import RidgeCV

    from sales_consultant.scoring.deal_amounts import _design, _learn, _predict

    rng = np.random.default_rng(0)
    Z = rng.normal(size=(400, 5))
    y = 3 + Z[:, 0] + Z[:, 1] ** 2 + rng.normal(0, 0.1, 400)
    mine = _predict(_learn(kind, Z, y, 0), kind, Z)
    if kind in ("linear", "polynomial"):
        D = _design(Z, kind == "polynomial")[:, 1:]
        theirs = RidgeCV(np.logspace(-1, 4, 11)).fit(D, y).predict(D)
    elif kind == "random forest":
        theirs = RandomForestRegressor(100, min_samples_leaf=5, random_state=0, n_jobs=2).fit(Z, y).predict(Z)
    else:
        theirs = GradientBoostingRegressor(
            n_estimators=100, learning_rate=0.06, max_depth=3, min_samples_leaf=10, subsample=0.7, random_state=0
        ).fit(Z, y).predict(Z)  # fmt: skip
    assert np.abs(mine - theirs).max() < 1e-9


def test_too_few_amounts_give_no_estimate() -> None:
    with priced(deals=50).connection() as engine:
        model = fit(engine, FeatureSettings(), as_of=NOW)
        assert model.kind == "none"
        assert model.estimate(engine).empty


def test_what_is_won_later_does_not_tell_what_an_earlier_deal_brings() -> None:
    world = priced(missing=0)
    first = min(world.rows["deals"], key=lambda d: d["created_at"])
    first["amount"] = None
    with world.connection() as engine:
        model = fit(engine, FeatureSettings(), as_of=NOW)
        before = model.estimate(engine)["amount"].iloc[0]
        _win(engine, str(first["company_id"]), int(first["created_at"]) + DAY)
        assert model.estimate(engine)["amount"].iloc[0] == before


def _win(engine: DuckEngine, company_id: str, at: int) -> None:
    engine.con.execute(
        "INSERT INTO deals (id, company_id, amount, created_at, closed_at, is_closed, is_won, deleted, pipeline) "
        "VALUES ('late', ?, 900000, ?, ?, true, true, false, 'sales')",
        [company_id, at, at + DAY],
    )


def test_an_expected_value_on_an_estimate_says_so() -> None:
    import pandas as pd

    with priced().connection() as engine:
        model = fit(engine, FeatureSettings(), as_of=NOW)
        guessed = model.estimate(engine)
        ids = [
            str(r[0])
            for r in engine.con.execute("SELECT id FROM deals WHERE NOT deleted ORDER BY id").fetchall()
        ]
        scores = pd.DataFrame({"object": "deals", "record_id": ids, "probability": 0.5})
        amounts = dict(zip(guessed["record_id"], guessed["amount"], strict=True))
        values = deal_values(engine, scores, as_of=NOW, estimates=amounts).set_index("record_id")
        assert set(values.index[values["estimated"]]) == set(amounts)
        one = next(i for i in amounts if values.loc[i, "reason"] == "")
        assert float(values.loc[one, "expected_value"]) == pytest.approx(amounts[one] / 2, abs=0.01)


def test_placeholders() -> None:
    assert placeholder(0.0)
    assert placeholder(-5.0)
    assert not placeholder(1000.0)
