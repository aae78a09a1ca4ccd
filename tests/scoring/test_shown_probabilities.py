"""A model may be sure; what is shown of an open record is not, and what follows from it agrees."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from support.worlds import NOW, company

from sales_consultant.config.fields.canon import canon, written
from sales_consultant.config.fields.catalogue import by_key
from sales_consultant.config.populations import Exclusions, FeatureSettings, Population
from sales_consultant.scoring import scorer
from sales_consultant.scoring.customers import value
from sales_consultant.scoring.propensity.model import PopulationModel
from sales_consultant.scoring.training.training import train

DEALS = Population(object="deals", event="won", where={"pipeline": "sales"})


class Sure(PopulationModel):
    """A model that learnt from data in which one thing decides."""

    def probability(self, X: pd.DataFrame) -> NDArray[np.float64]:
        return np.resize(np.array([0.0, 1.0, 1 - 1e-9, 0.5]), len(X))


@pytest.mark.slow
def test_a_sure_model_s_probabilities_and_expected_values_are_held() -> None:
    with company(deals=90).connection() as engine:
        model = train(
            engine, "t", DEALS, as_of=NOW, exclusions=Exclusions(), features=FeatureSettings()
        ).model
        plain = scorer.score(engine, model, as_of=NOW, exclusions=Exclusions())
        sure = Sure(**{f.name: getattr(model, f.name) for f in dataclasses.fields(model)})
        frame = scorer.score(engine, sure, as_of=NOW, exclusions=Exclusions())
        worth = value.deal_values(engine, frame, as_of=NOW)
        amounts = dict(engine.con.execute("SELECT id, amount FROM deals").fetchall())
    assert set(frame["probability"]) == {0.0001, 0.9999, 0.5}
    # Score, grade and reasons stay what they were.
    for column in ("score", "grade", "reasons"):
        assert list(frame[column]) == list(plain[column])
    field, money = by_key("probability"), by_key("expected_value")
    checked = 0
    for record_id, p, expected in zip(
        frame["record_id"], frame["probability"], worth["expected_value"], strict=True
    ):
        assert written(field, p) == canon(field, p)
        if expected is not None:
            checked += 1
            assert canon(money, expected) == canon(money, p * float(amounts[record_id]))
    assert checked > 4
