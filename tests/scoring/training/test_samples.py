"""What a card tells of steps that read a draw of the rows."""

import numpy as np
import pandas as pd

from sales_consultant.scoring.propensity.propensity import PropensityModel
from sales_consultant.scoring.training.model_card import samples


def learnt(rows: int) -> PropensityModel:
    """A model of so many rows of two columns."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(rows, 2)), columns=["a", "b"])
    y = (rng.random(rows) < 1 / (1 + np.exp(-X["a"]))).astype(float)
    return PropensityModel(tier="full").fit(X, y)


def test_only_steps_that_did_not_read_all_rows_are_told() -> None:
    assert samples(None, 50_000) == []
    assert samples(learnt(2_000), 2_000) == []
    said = "of 4,000 rows, all of which were learnt from, leaks were looked for by models of 3,000"
    assert samples(learnt(4_000), 4_000) == [said]
    (text,) = samples(learnt(25_000), 25_000)
    assert text.endswith(
        "models of 3,000, columns known late by models of 10,000, strength, form and calibration chosen on 20,000"
    )
