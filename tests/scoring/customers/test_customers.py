"""Purchases of customers and what is made of them: value, churn risk, expected deal value, segments."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from support.worlds import DAY, NOW, World

from sales_consultant.config.populations import Exclusions
from sales_consultant.scoring.customers.purchases import purchases, summary
from sales_consultant.scoring.customers.segments import LIFECYCLE, SEGMENTS, SegmentModel, edges, fit, worth
from sales_consultant.scoring.customers.value import COLUMNS, deal_values, fit_customers
from sales_consultant.scoring.populations.record_timelines import purchase_times


def won(world: World, company: str, days: float, amount: float | None = 100.0, **more: object) -> None:
    """A won deal of a company, that many days ago."""
    n, at = len(world.rows.get("deals", [])), NOW - int(days * DAY)
    row = {"created_at": at - 30 * DAY, "closed_at": at, "is_closed": True, "is_won": True}
    world.add("deals", **{"id": f"d{n}", "company_id": company, "amount": amount, **row, **more})


def shop(customers: int = 400, seed: int = 1) -> World:
    """Customers who buy at their own rate and leave unseen."""
    rng = np.random.default_rng(seed)
    world = World()
    for i in range(customers):
        world.add("companies", id=f"c{i:04d}", name=f"C {i}", created_at=NOW - 900 * DAY)
        at, rate, leave = rng.uniform(100, 700), rng.gamma(1.5, 1 / 90), rng.beta(1, 4)
        mean = rng.gamma(4, 50)
        while at > 0:
            won(world, f"c{i:04d}", at, round(float(rng.gamma(6, mean / 6)) + 1, 2))
            if rng.random() < leave:
                break
            at -= rng.exponential(1 / rate) + 1
    return world


def test_deals_of_one_day_are_one_purchase() -> None:
    world = World()
    won(world, "c", 100.0, 10)
    won(world, "c", 100.0, 5)
    won(world, "c", 40.0, 45)
    won(world, "c", 30.0, 0)
    won(world, "c", 20.0, -7)
    won(world, "c", 10.0, None)
    won(world, "c", -5.0, 900)
    world.add("deals", id="open", company_id="c", amount=50, created_at=1)
    bought = purchases(world.connection(), as_of=NOW)
    assert bought.counted_out == {"no amount": 1, "amount of zero or less": 2}
    row = summary(bought, as_of=NOW).loc["c"]
    assert (row["purchases"], row["frequency"], row["recency_days"], row["T_days"], row["since_days"]) == (
        2,
        1,
        60,
        100,
        40,
    )
    assert (row["total"], row["monetary"]) == (60, 30)


def test_amounts_are_taken_at_the_rate_of_their_day() -> None:
    world = World()
    world.add("currencies", code="USD", rate=2.0)
    world.add("currencies", code="USD", rate=4.0, start_at=NOW - 50 * DAY)
    won(world, "c", 100, 8, currency="USD")
    won(world, "c", 10, 8, currency="USD")
    won(world, "c", 5, 8, currency="XXX")
    bought = purchases(world.connection(), as_of=NOW)
    assert bought.rows["amount"].tolist() == [4.0, 2.0]
    assert bought.counted_out == {"currency without a rate": 1}


def test_what_was_made_for_testing_is_no_purchase() -> None:
    """A test's name, or an amount that people type for want of one; small sales stay."""
    world = World()
    for amount in (1, 99999, 10, 250):
        won(world, "c", 100 - amount % 7, amount)
    won(world, "c", 50, 80, name="TEST do not ship")
    won(world, "c", 40, 90, name="Contest of the year")
    bought = purchases(world.connection(), as_of=NOW)
    assert sorted(bought.rows["amount"]) == [10.0, 90.0, 250.0]
    assert bought.counted_out == {"placeholder for an amount": 2, "deal made for testing": 1}
    # What is no purchase is no event of a customer either.
    times = purchase_times(world.connection(), as_of=NOW, exclusions=Exclusions())
    assert sum(len(t) for t in times.values()) == 3
    own = Exclusions(test_names=["contest"])
    assert 80.0 in set(purchases(world.connection(), as_of=NOW, exclusions=own).rows["amount"])


def test_contractual_customers_are_those_with_renewals_or_a_clockwork() -> None:
    world = World()
    for k in range(6):
        won(world, "clock", 30 * k + 1)
    for days in (300, 290, 120, 5):
        won(world, "free", days)
    won(world, "terms", 300)
    won(world, "terms", 10, type="Renewal")
    found = summary(purchases(world.connection(), as_of=NOW), as_of=NOW)["contractual"]
    assert found.to_dict() == {"clock": True, "free": False, "terms": True}


@pytest.mark.slow
def test_value_and_churn_of_customers() -> None:
    engine = shop().connection()
    model = fit_customers(engine, as_of=NOW, exclusions=Exclusions())
    assert model.converged, model.warnings
    frame = model.predict(engine, as_of=NOW)
    assert tuple(frame.columns) == COLUMNS
    assert list(frame["record_id"]) == sorted(frame["record_id"])
    assert set(frame["currency"]) == {"EUR"}
    once = frame["frequency"] == 0
    assert frame.loc[once, "churn_risk"].isna().all()
    churn = frame.loc[~once, "churn_risk"]
    assert churn.dropna().between(0, 100).all() and churn.notna().mean() > 0.9
    free = frame["value_high"].notna() & ~once  # contractual ones have no interval
    assert (frame["value_low"] <= frame["value_high"])[free].all()
    inside = (frame["value_low"] <= frame["value_12m"]) & (frame["value_12m"] <= frame["value_high"])
    assert inside[free].mean() > 0.6
    pd.testing.assert_frame_equal(frame, model.predict(engine, as_of=NOW))


def test_the_forecast_is_near_what_came() -> None:
    """Fitted on the first part of two years, the value of the next year is within a fifth of the truth."""
    then = NOW - 365 * DAY
    engine = shop(1500, seed=5).connection()
    frame = fit_customers(engine, as_of=then, exclusions=Exclusions()).predict(engine, as_of=then)
    later = purchases(engine, as_of=NOW).rows
    later = later[(later["day"] > then // DAY) & later["customer"].isin(frame["record_id"])]
    assert frame["value_12m"].sum() == pytest.approx(later["amount"].sum(), rel=0.2)


def test_excluded_companies_are_not_fitted_and_contracts_have_no_churn() -> None:
    world = shop(200)
    world.rows["companies"][0]["do_not_score"] = True
    world.add("companies", id="terms", created_at=0)
    for k in range(5):
        won(world, "terms", 100 * k + 7, 50.0, type="renewal")
    engine = world.connection()
    model = fit_customers(engine, as_of=NOW, exclusions=Exclusions())
    assert model.card["excluded"] == {"do_not_score": 1}
    assert model.card["contractual"] >= 1
    frame = model.predict(engine, as_of=NOW, exclusions=Exclusions()).set_index("record_id")
    assert "c0000" not in frame.index
    assert frame["churn_risk"].isna()["terms"]
    assert frame.loc["terms", "value_12m"] == pytest.approx(4 / (400 / 365) * 50, rel=1e-3)


def test_few_customers_have_no_value_and_it_says_why() -> None:
    engine = shop(12).connection()
    model = fit_customers(engine, as_of=NOW, exclusions=Exclusions())
    assert not model.converged and "have bought twice" in model.warnings[0]
    assert model.predict(engine, as_of=NOW)["value_12m"].isna().all()
    empty = World().connection()
    assert fit_customers(empty, as_of=NOW, exclusions=Exclusions()).predict(empty, as_of=NOW).empty


def test_expected_value_of_deals() -> None:
    world = World()
    for k in range(30):
        won(world, "c", 200 + k, 10)
    for key, amount, age in (("a", 1000, 5), ("none", None, 5), ("old", 1000, 61), ("rules", 1000, 5)):
        world.add("deals", id=key, amount=amount, currency="USD", created_at=NOW - age * DAY)
    scores = pd.DataFrame(
        {
            "object": "deals",
            "record_id": ["a", "none", "old", "rules"],
            "probability": [0.25, 0.5, 0.5, np.nan],
        }
    )
    found = deal_values(world.connection(), scores, as_of=NOW).set_index("record_id")
    assert found["expected_value"].to_dict() == {
        "a": Decimal("250.00"),
        "none": None,
        "old": None,
        "rules": None,
    }
    assert found["reason"].to_dict() == {
        "a": "",
        "none": "no amount",
        "old": "stale",
        "rules": "no probability",
    }
    assert found.loc["a", "currency"] == "USD"


def test_every_customer_has_a_segment_of_the_list() -> None:
    engine = shop().connection()
    model = fit(engine, as_of=NOW)
    frame = model.assign(engine, as_of=NOW, previous={})
    firms = frame[frame["object"] == "companies"]
    assert len(firms) == 400
    assert set(firms["segment"]) <= set(SEGMENTS) and set(LIFECYCLE) == set(SEGMENTS)
    assert firms["segment"].nunique() >= 6
    assert (firms["lifecycle"] == firms["segment"].map(LIFECYCLE)).all()
    assert set(firms["customer_tier"].dropna()) == {1, 2, 3}
    assert (firms["customer_tier"] == 1).mean() == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize(
    ("since", "count", "total", "segment"),
    [
        (5, 1, 100, "new"),
        (5, 12, 900, "champions"),
        (60, 12, 900, "champions"),
        (100, 12, 900, "loyal"),
        (5, 3, 120, "loyal"),
        (60, 2, 60, "active"),
        (60, 1, 60, "promising"),
        (100, 3, 100, "needs_attention"),
        (250, 12, 900, "previously_loyal"),
        (250, 3, 100, "at_risk"),
        (100, 1, 10, "almost_lost"),
        (500, 2, 60, "dormant"),
        (500, 12, 900, "previously_loyal"),
    ],
)
def test_names_of_segments(since: float, count: float, total: float, segment: str) -> None:
    model = SegmentModel(0, (30, 90, 180, 365), (1, 2, 4, 9), (25, 75, 150, 400), (100, 300), False, 10)
    assert list(model.name(np.array([since]), np.array([count]), np.array([total]))) == [segment]


def test_segments_wait_until_an_edge_is_clearly_passed() -> None:
    world = World()
    for key, days in (("near", 95), ("far", 120)):
        world.add("companies", id=key, created_at=0)
        for k in range(12):
            won(world, key, days + 3 * k + k * k, 100)
    engine = world.connection()
    model = fit(engine, as_of=NOW)
    fresh = model.assign(engine, as_of=NOW, previous={}).set_index("record_id")["segment"]
    assert fresh.to_dict() == {"near": "loyal", "far": "loyal"}
    known = {("companies", "near"): "champions", "far": "champions"}
    kept = model.assign(engine, as_of=NOW, previous=known).set_index("record_id")["segment"]
    assert kept.to_dict() == {"near": "champions", "far": "loyal"}


@pytest.mark.slow
def test_nights_are_quiet() -> None:
    """Thirty nights without a purchase: a segment moves at most once, and never back."""
    engine = shop(150).connection()
    start = NOW - 40 * DAY
    engine.con.execute(f"DELETE FROM deals WHERE closed_at > {start}")
    model = fit(engine, as_of=start)
    known: dict[tuple[str, str], str] = {}
    paths: dict[str, list[str]] = {}
    for night in range(30):
        frame = model.assign(engine, as_of=start + night * DAY, previous=known)
        firms = frame[frame["object"] == "companies"]
        known = {("companies", r): s for r, s in zip(firms["record_id"], firms["segment"], strict=True)}
        for r, s in zip(firms["record_id"], firms["segment"], strict=True):
            path = paths.setdefault(r, [s])
            if path[-1] != s:
                path.append(s)
    assert all(len(set(p)) == len(p) <= 3 for p in paths.values())


def test_contacts_go_by_their_own_deals_and_have_no_tier() -> None:
    world = World()
    world.add("contacts", id="buyer", created_at=1)
    world.add("contacts", id="other", created_at=1)
    world.add("contacts", id="lead", source_object="Lead", created_at=1)
    won(world, "c", 5)
    world.add("associations", from_object="deal", from_id="d0", to_object="contact", to_id="buyer")
    engine = world.connection()
    frame = fit(engine, as_of=NOW).assign(engine, as_of=NOW, previous={}).set_index("record_id")
    assert frame["segment"].to_dict() == {"buyer": "new", "other": "prospects"}
    assert frame["lifecycle"].isna().all() and frame["customer_tier"].isna().all()


def test_ranks_from_500_customers_on() -> None:
    engine = shop(520).connection()
    model = fit(engine, as_of=NOW)
    assert model.ranked and list(model.days) == sorted(model.days)
    assert not fit(shop(50).connection(), as_of=NOW).ranked


@pytest.mark.parametrize("customers", [300, 600, 1500])
def test_customers_who_did_nothing_keep_their_name_when_edges_are_found_again(customers: int) -> None:
    """Twelve trainings on customers drawn with replacement: fewer than 3 % change segment or tier in any of them."""
    table = summary(purchases(shop(customers, 2).connection(), as_of=NOW), as_of=NOW)
    model: SegmentModel | None = None
    names, tiers = [""] * len(table), dict[str, int]()
    for turn in range(12):
        drawn = table.sample(frac=1, replace=True, random_state=turn)
        model = edges(drawn, worth(drawn, None), as_of=NOW, before=model)
        now, levels = list(model.named(table, names)), model.tiers_of(worth(table, None), tiers)
        if turn:
            assert np.mean([a != b for a, b in zip(now, names, strict=True)]) < 0.03
            assert np.mean([levels[k] != tiers[k] for k in levels]) < 0.03
        names, tiers = now, levels


def test_edges_move_when_the_customers_did() -> None:
    table = summary(purchases(shop(600, 2).connection(), as_of=NOW), as_of=NOW)
    before = edges(table, worth(table, None), as_of=NOW)
    later = table.assign(since_days=table["since_days"] + 200)
    after = edges(later, worth(later, None), as_of=NOW, before=before)
    assert after.days != before.days and after.money == before.money
    fresh = edges(later, worth(later, None), as_of=NOW)
    # An edge beyond which nobody is left is found anew; one whose share is right for now stays.
    assert max(abs(a - b) for a, b in zip(after.days, fresh.days, strict=True)) < 60


def test_a_discount_lowers_the_value_and_its_interval_alike() -> None:
    engine = shop(200).connection()
    model = fit_customers(engine, as_of=NOW, exclusions=Exclusions())
    plain = model.predict(engine, as_of=NOW)
    less = model.predict(engine, as_of=NOW, discount_rate=0.2)
    alive = (plain["value_12m"] > 1) & (plain["value_high"] > 1)
    share = (less["value_12m"] / plain["value_12m"])[alive]
    assert ((share > 1 / 1.2) & (share < 1)).all()
    assert (less["value_high"] / plain["value_high"])[alive].to_numpy() == pytest.approx(share, rel=0.01)
