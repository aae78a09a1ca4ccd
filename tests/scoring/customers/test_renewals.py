"""Customers under contract: the published retention figures, and risks that hold in a simulated year."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from support.worlds import DAY, NOW, World

from sales_consultant.config.populations import Exclusions
from sales_consultant.scoring.core.errors import ScoringError
from sales_consultant.scoring.customers.purchases import purchases, summary
from sales_consultant.scoring.customers.renewals import Renewals, ShiftedBetaGeometric, terms
from sales_consultant.scoring.customers.value import ValueModel, fit_customers

# Customers of 1,000 that are left after each year (Fader and Hardie 2007, table 1), and what the paper finds in seven years.
REGULAR = (1000, 631, 468, 382, 326, 289, 262, 241)
HIGH_END = (1000, 869, 743, 653, 593, 551, 517, 491)
PUBLISHED: dict[tuple[int, ...], tuple[float, float]] = {REGULAR: (0.704, 1.182), HIGH_END: (0.668, 3.806)}


@pytest.mark.parametrize("left", PUBLISHED)
def test_the_published_parameters(left: tuple[int, ...]) -> None:
    lost = -np.diff(left)
    renewals = [*range(len(lost)), len(lost)]
    ended = [True] * len(lost) + [False]
    model = ShiftedBetaGeometric().fit(renewals, ended, weight=[*lost, left[-1]])
    assert model.converged_
    assert tuple(round(v, 3) for v in model.params_.values()) == pytest.approx(PUBLISHED[left], abs=0.001)
    # The paper's second point: it holds beyond the years it was fitted to (12th year: 17.3 and 39.4 %).
    beyond = 0.173 if left == REGULAR else 0.394
    assert model.survival(0, 12) == pytest.approx(beyond, abs=0.03)
    assert (np.diff(model.hazard(np.arange(6))) < 0).all()


def test_all_renewed_is_no_certainty() -> None:
    model = ShiftedBetaGeometric().fit([1, 2, 3] * 10, [False] * 30)
    assert not model.converged_ or model.warnings_ == ()
    assert 0 < model.hazard(1) < 0.2


def test_counts_must_be_counts() -> None:
    with pytest.raises(ScoringError, match="counts"):
        ShiftedBetaGeometric().fit([-1.0], [True])


def contracts(customers: int, seed: int, *, until: float = 0.0) -> tuple[World, dict[str, bool]]:
    """Yearly contracts, signed some weeks early or late, and whether each customer renews its next one.

    `until`: days before now after which nothing is in the CRM yet.
    """
    rng = np.random.default_rng(seed)
    world, renews = World(), {}
    for i in range(customers):
        id = f"c{i:04d}"
        world.add("companies", id=id, name=f"C {i}", created_at=NOW - 3000 * DAY)
        at, leave, kind = rng.uniform(400, 2000), rng.beta(1, 3), "newbusiness"
        while at > until:
            when = NOW - int(at * DAY)
            world.add(
                "deals",
                id=f"d{id}-{int(at)}",
                company_id=id,
                amount=100.0 + i % 7,
                type=kind,
                created_at=when - 20 * DAY,
                closed_at=when,
                is_closed=True,
                is_won=True,
            )
            kind = "renewal"
            renews[id] = bool(rng.random() >= leave)
            if not renews[id]:
                break
            at -= 365 + rng.uniform(-30, 40)
    return world, renews


def test_the_risk_is_the_share_that_does_not_renew() -> None:
    world, renews = contracts(600, 2)
    engine = world.connection()
    model = fit_customers(engine, as_of=NOW, exclusions=Exclusions())
    assert model.renewals is not None
    model = ValueModel.from_dict(model.to_dict())
    frame = model.predict(engine, as_of=NOW).set_index("record_id")
    held = terms(purchases(engine, as_of=NOW), frame.index, as_of_day=NOW // DAY)
    under = held.index[(held["renewals"] > 0) & (held["since_days"] < 330)]
    risk = frame.loc[under, "churn_risk"] / 100
    truth = 1 - np.mean([renews[i] for i in under])
    assert risk.mean() == pytest.approx(truth, abs=0.06)
    # Staying says something: who renewed often is less at risk than who renewed once.
    often, once = held.loc[under, "renewals"] >= 3, held.loc[under, "renewals"] == 1
    assert risk[often].max() < risk[once].min()
    # The year's revenue: one renewal each at that chance, and of those long gone nothing.
    expected = ((1 - risk) * frame.loc[under, "monetary"]).to_numpy()
    assert frame.loc[under, "value_12m"].to_numpy() == pytest.approx(expected, rel=0.35)
    gone = held.index[held["ended"] & (held["renewals"] > 0)]
    assert (frame.loc[gone, "churn_risk"] == 100).all()
    assert (frame.loc[gone, "value_12m"] == 0).all()
    assert (frame.loc[under, "value_low"] <= frame.loc[under, "value_12m"] + 1e-6).all()


def test_who_is_late_is_the_more_at_risk_the_later() -> None:
    renewals = Renewals({"alpha": 1.0, "beta": 3.0}, tuple(np.linspace(-0.1, 0.2, 21)))
    world = World()
    days = [100, 364, 380, 410, 430, 600]
    for n, since in enumerate(days):
        for back in (since + 365, since):
            when = NOW - back * DAY
            row = {"created_at": when, "closed_at": when, "is_closed": True, "is_won": True}
            world.add("deals", id=f"d{n}-{back}", company_id=f"c{n}", amount=10.0, type="renewal", **row)
    bought = purchases(world.connection(), as_of=NOW)
    table = terms(bought, summary(bought, as_of=NOW).index, as_of_day=NOW // DAY)
    assert table["term_days"].tolist() == [365.0] * 6
    risk, times, _, _ = renewals.predict(table)
    assert risk[0] == risk[1] == pytest.approx(20.0)
    assert (np.diff(risk[1:]) > 0).all()
    assert risk[-1] == 100 and times[-1] == 0


def test_each_renewal_is_discounted_by_the_month_it_is_due_in() -> None:
    renewals = Renewals({"alpha": 1.0, "beta": 3.0}, (0.0, 0.2))
    # A quarter's terms, 40 days in; a year's, 1 day in and just begun; a half's, that is due today.
    table = pd.DataFrame(
        {
            "term_days": [90.0, 365.0, 365.0, 180.0],
            "renewals": [2.0, 0.0, 0.0, 0.0],
            "since_days": [40.0, 1.0, 0.0, 180.0],
        }
    )
    monthly = 1.1 ** (1 / 12) - 1
    plain, less = renewals.predict(table), renewals.predict(table, discount_rate=monthly)
    for ours, same in zip(renewals.predict(table, discount_rate=0.0), plain, strict=True):
        assert ours.tolist() == same.tolist()
    assert less[0].tolist() == plain[0].tolist()
    # Due in 50, 140, 230 and 320 days: in the 2nd, 5th, 8th and 11th month.
    # Retention after n renewals is (3 + n) / (4 + n) at alpha 1 and beta 3.
    reach = np.cumprod([5 / 6, 6 / 7, 7 / 8, 8 / 9])
    by_hand = sum(float(p) * 1.1 ** (-k / 12) for p, k in zip(reach, (2, 5, 8, 11), strict=True))
    assert less[1][0] == pytest.approx(by_hand)
    assert plain[1][0] == pytest.approx(reach.sum())
    assert less[1][1:3] == pytest.approx([0.75 / 1.1, 0.75 / 1.1])
    # Due today: now, which is the 1st month, and in 180 and 360 days, the 6th and 12th.
    ratio = (1.1 ** (-1 / 12) + 0.8 * 1.1 ** (-6 / 12) + 0.8 * 5 / 6 / 1.1) / (1 + 0.8 + 0.8 * 5 / 6)
    assert plain[1][3] > 1 and less[1][3] / plain[1][3] == pytest.approx(ratio)
    # The upper end: all four of the quarters.
    assert less[3][0] == pytest.approx(sum(1.1 ** (-k / 12) for k in (2, 5, 8, 11)))


def test_the_value_of_contracts_is_discounted() -> None:
    world, _ = contracts(60, 3)
    engine = world.connection()
    model = fit_customers(engine, as_of=NOW, exclusions=Exclusions())
    plain = model.predict(engine, as_of=NOW, discount_rate=0.0)
    less = model.predict(engine, as_of=NOW, discount_rate=0.1)
    pd.testing.assert_frame_equal(plain, model.predict(engine, as_of=NOW))
    share = (less["value_12m"] / plain["value_12m"])[plain["value_12m"] > 1]
    assert len(share) > 20
    assert share.min() >= 1 / 1.1 - 1e-3 and share.max() < 1
    # Without a model of renewals the own rate is spread over the year's months.
    rate = replace(model, renewals=None)
    plain, less = rate.predict(engine, as_of=NOW), rate.predict(engine, as_of=NOW, discount_rate=0.1)
    told = plain["value_12m"] > 1
    assert told.sum() > 20
    expected = sum(1.1 ** (-k / 12) for k in range(1, 13)) / 12
    assert (less["value_12m"] / plain["value_12m"])[told].to_numpy() == pytest.approx(expected, rel=1e-3)


def test_too_few_contracts_have_no_risk() -> None:
    world, _ = contracts(5, 1)
    engine = world.connection()
    model = fit_customers(engine, as_of=NOW, exclusions=Exclusions())
    assert model.renewals is None
    assert model.predict(engine, as_of=NOW)["churn_risk"].isna().all()
