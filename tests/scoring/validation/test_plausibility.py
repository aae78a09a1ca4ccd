"""What looks wrong about a model is said, in words for who publishes it."""

import numpy as np
import pandas as pd
import pytest
from support.worlds import DAY, NOW

from sales_consultant.scoring.metrics.forward_report import ForwardTest, judge
from sales_consultant.scoring.validation.plausibility import comparable, warnings


def rows(cut: int, ages: list[int], label: list[float] | None = None) -> pd.DataFrame:
    """Records of these ages (days) at a cut-off."""
    frame = pd.DataFrame({"created_at": [cut - a * DAY for a in ages], "cut": cut})
    return frame if label is None else frame.assign(label=label)


PAST = NOW - 90 * DAY
LABELLED = pd.concat(
    [
        rows(PAST, [10] * 40 + [400] * 40, [1.0] * 20 + [0.0] * 20 + [1.0] * 4 + [0.0] * 36),
        rows(PAST - 30 * DAY, [10] * 50, [1.0] * 50),
    ]
)


def test_a_model_that_is_too_good_is_doubted() -> None:
    nobody = rows(NOW, [])
    assert warnings(0.97, LABELLED, nobody, np.array([])) == []
    assert warnings(None, LABELLED, nobody, None) == []
    assert (
        "looks too good: the forward test has an AUC of 0.971" in warnings(0.971, LABELLED, nobody, None)[0]
    )


@pytest.mark.parametrize(("age", "happened"), [(10, 0.5), (400, 0.1)])
def test_today_is_compared_with_records_of_the_same_age(age: int, happened: float) -> None:
    today = rows(NOW, [age] * 25 + [60])  # nobody was 60 days old at the newest cut-off
    p = np.r_[np.full(25, 0.3), 0.99]
    found = comparable(LABELLED, today, p)
    assert found is not None
    assert found[:2] == pytest.approx((0.3, happened))
    assert found[2] == PAST


@pytest.mark.parametrize(
    ("p", "doubted"), [(0.21, False), (0.19, True), (0.79, False), (0.81, True), (1.0, True)]
)
def test_a_factor_of_four_in_odds_is_too_far(p: float, doubted: bool) -> None:
    found = warnings(0.8, LABELLED, rows(NOW, [10] * 25), np.full(25, p))
    assert bool(found) == doubted
    assert not doubted or "50 % of those as old as they" in found[0]


@pytest.mark.parametrize("count", [0, 19])
def test_few_records_are_not_compared(count: int) -> None:
    today = rows(NOW, [10] * count)
    assert comparable(LABELLED, today, np.full(count, 0.01)) is None
    assert comparable(LABELLED.iloc[:count], rows(NOW, [10] * 30), np.full(30, 0.01)) is None


def test_companies_that_training_has_not_seen_are_judged_apart() -> None:
    rng = np.random.default_rng(0)
    p = rng.random(400)
    y = (rng.random(400) < p).astype(float)
    unseen = np.arange(400) < 150
    cuts = np.where(np.arange(400) % 2, PAST, NOW)
    report = judge(y, p, np.arange(400), base=0.5, train=(1, 1, 1), cuts=cuts, unseen=unseen)
    alone = judge(y[unseen], p[unseen], np.arange(150), base=0.5, train=(1, 1, 1))
    assert report.unseen == {
        "n": 150,
        "auc": alone.auc,
        "log_loss": alone.log_loss,
        "base_log_loss": alone.base_log_loss,
    }
    assert report.auc != alone.auc
    assert (report.cut_offs, report.test_from, report.test_until) == (2, PAST, NOW)
    few = judge(y, p, np.arange(400), base=0.5, train=(1, 1, 1), unseen=np.arange(400) < 12)
    assert few.unseen is None
    assert ForwardTest.from_dict(report.as_dict()) == report
