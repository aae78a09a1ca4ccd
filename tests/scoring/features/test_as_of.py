"""What became known after a cut-off never changes a feature of it."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.worlds import DAY, NOW, World, company, put

from sales_consultant.config.populations import Exclusions, FeatureSettings, Population
from sales_consultant.scoring.features.build import build
from sales_consultant.scoring.populations.members import Membership
from sales_consultant.scoring.training.training import declare

CUT = NOW - 200 * DAY
DEALS = Population(object="deals", event="won", where={"pipeline": "sales"})
LEADS = Population(object="contacts", event="converted", where={"source_object": "Lead"})
CUSTOMERS = Population(object="companies", event="next_purchase")


def features(engine: Any, population: Population) -> pd.DataFrame:
    """The members of CUT with their features, whatever the connection learnt later."""
    members = Membership(engine, population, Exclusions(), as_of=NOW).at(CUT)
    declared = declare(engine, population, FeatureSettings())
    X = build(engine, population.object, declared.features, members)
    return X.set_axis(members["record_id"]).sort_index()


later = st.integers(CUT + 1, NOW)
anytime = st.integers(CUT - 300 * DAY, NOW)


@st.composite
def late_rows(draw: st.DrawFn) -> list[tuple[str, dict[str, Any]]]:
    """Rows of any table that the CRM learnt of after CUT."""
    rows: list[tuple[str, dict[str, Any]]] = []
    deal = f"d{draw(st.integers(0, 59)):05d}"
    lead = f"l{draw(st.integers(0, 59)):05d}"
    person = draw(st.sampled_from([lead, f"k{deal[1:]}"]))
    firm = f"c{draw(st.integers(0, 14))}"
    for n in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(["activity", "history", "field", "campaign", "link", "other deal"]))
        if kind == "activity":
            key = f"late{n}"
            rows.append(
                (
                    "activities",
                    {
                        "id": key,
                        "type": draw(st.sampled_from(["meeting", "email", "call", "form"])),
                        "direction": draw(st.sampled_from(["inbound", "outbound", None])),
                        "occurred_at": draw(anytime),
                        "known_at": draw(later),
                    },
                )
            )
            for to, which in (("deal", deal), ("contact", person), ("company", firm)):
                rows.append(
                    (
                        "associations",
                        {"from_object": "activity", "from_id": key, "to_object": to, "to_id": which},
                    )
                )
        elif kind == "history":
            values = {
                "stage": draw(st.sampled_from([None, "demo", "offer"])),
                "amount": 7.0,
                "close_date": NOW,
            }
            rows.append(("deal_history", {"deal_id": deal, "changed_at": draw(later), **values}))
        elif kind == "field":
            at = draw(later)
            row = {"object": "contacts", "record_id": person, "field": "c_page_views", "value": "99"}
            rows.append(("field_history", {**row, "changed_at": at}))
        elif kind == "campaign":
            rows.append(
                (
                    "campaign_members",
                    {
                        "id": f"m{n}",
                        "contact_id": person,
                        "responded_at": draw(anytime),
                        "known_at": draw(later),
                    },
                )
            )
        elif kind == "link":
            rows.append(
                (
                    "associations",
                    {
                        "from_object": "deal",
                        "from_id": deal,
                        "to_object": "contact",
                        "to_id": "k00001",
                        "known_at": draw(later),
                    },
                )
            )
        else:
            at = draw(later)
            rows.append(
                (
                    "deals",
                    {
                        "id": f"x{n}",
                        "company_id": firm,
                        "created_at": draw(st.integers(CUT + 1, at)),
                        "closed_at": at,
                        "is_closed": True,
                        "is_won": draw(st.booleans()),
                    },
                )
            )
    return rows


@pytest.fixture(scope="module")
def world() -> World:
    return company(deals=60, leads=60, seed=3)


@pytest.fixture(scope="module")
def before(world: World) -> dict[str, pd.DataFrame]:
    engine = world.connection()
    return {p.object: features(engine, p) for p in (DEALS, LEADS, CUSTOMERS)}


@pytest.mark.slow
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=late_rows())
def test_late_rows_change_nothing(
    world: World, before: dict[str, pd.DataFrame], rows: list[tuple[str, dict[str, Any]]]
) -> None:
    engine = world.connection()
    for table, row in rows:
        put(engine, table, [row])
    for population in (DEALS, LEADS, CUSTOMERS):
        pd.testing.assert_frame_equal(features(engine, population), before[population.object])


def test_rows_known_in_time_do_change_them(world: World, before: dict[str, pd.DataFrame]) -> None:
    """The property above would hold of features that look at nothing."""
    deal = str(before["deals"].index[0])
    engine = world.connection()
    put(engine, "activities", [{"id": "n", "type": "meeting", "occurred_at": CUT - 1, "known_at": CUT - 1}])
    put(
        engine,
        "associations",
        [{"from_object": "activity", "from_id": "n", "to_object": "deal", "to_id": deal}],
    )
    put(engine, "deal_history", [{"deal_id": deal, "changed_at": CUT - 1, "amount": 5.0}])
    after, old = features(engine, DEALS).loc[deal], before["deals"].loc[deal]
    assert after["meetings_14d"] == old["meetings_14d"] + 1
    assert after["meetings_days_since"] == 0
    assert after["amount"] == 5.0


def test_a_planned_meeting_is_known_but_not_counted(world: World, before: dict[str, pd.DataFrame]) -> None:
    deal = str(before["deals"].index[0])
    engine = world.connection()
    put(
        engine,
        "activities",
        [{"id": "n", "type": "meeting", "occurred_at": CUT + 9 * DAY, "known_at": CUT - DAY}],
    )
    put(
        engine,
        "associations",
        [{"from_object": "activity", "from_id": "n", "to_object": "deal", "to_id": deal}],
    )
    after, old = features(engine, DEALS).loc[deal], before["deals"].loc[deal]
    assert after["planned_meetings"] == old["planned_meetings"] + 1
    assert after["meetings_90d"] == old["meetings_90d"]


def test_windows_by_hand() -> None:
    world = World()
    world.add("companies", id="c", created_at=CUT - 400 * DAY)
    world.add("deals", id="d", company_id="c", created_at=CUT - 100 * DAY)
    world.add(
        "deal_history", deal_id="d", changed_at=CUT - 100 * DAY, stage="new", amount=10, close_date=CUT + DAY
    )
    world.add("deal_history", deal_id="d", changed_at=CUT - 20 * DAY, stage="demo", amount=20)
    world.add("deal_history", deal_id="d", changed_at=CUT - 5 * DAY, amount=15, close_date=CUT + 30 * DAY)
    for days in (5, 20, 80, 95):
        world.activity("email", CUT - days * DAY, [("deal", "d")], direction="inbound")
    world.activity("email", CUT - DAY, [("deal", "d")], direction="inbound", automated=True)
    world.activity("email", CUT - 2 * DAY, [("deal", "d")], direction="inbound", deleted=True)
    row = features(world.connection(), DEALS).loc["d"]
    assert [row[f"replies_{w}d"] for w in (14, 30, 90)] == [1, 2, 3]
    assert row["replies_days_since"] == 5
    assert (row["stage"], row["stage_order"], row["days_in_stage"]) == ("demo", 2, 20)
    assert (row["amount"], row["amount_raised"], row["amount_cut"]) == (15, 1, 1)
    assert (row["days_to_close_date"], row["close_date_pushed"], row["close_date_passed"]) == (30, 1, 0)
    assert (row["age_days"], row["company_age_days"], row["contacts"]) == (100, 400, 0)
    assert pd.isna(row["meetings_days_since"])
    assert (row["replies_365d"], row["replies_trend"], row["amount_growth"]) == (4, 2.0, 1.5)
    assert (row["close_date_moved_days"], row["close_date_pushed_30d"], row["close_date_pulled"]) == (
        29,
        1,
        0,
    )
    assert (row["amount_changed_days_since"], row["stages_passed"], row["stages_skipped"]) == (5, 1, 0)


@pytest.mark.slow
def test_the_way_through_the_stages_by_hand() -> None:
    world = World()
    world.add("deals", id="d", created_at=CUT - 100 * DAY)
    for days, stage in ((100, "new"), (80, "offer"), (60, "new"), (40, "demo"), (20, "demo"), (-1, "offer")):
        world.add("deal_history", deal_id="d", changed_at=CUT - days * DAY, stage=stage)
    for n, cycle in enumerate((40, 50, 60)):
        at = CUT - 200 * DAY
        world.add("deals", id=f"w{n}", created_at=at, closed_at=at + cycle * DAY, is_closed=True, is_won=True)
    row = features(world.connection(), DEALS).loc["d"]
    assert (row["stage"], row["days_in_stage"], row["age_slowness"]) == ("demo", 40, 2.0)
    assert (row["stages_passed"], row["moved_back"], row["stages_skipped"]) == (2, 1, 1)


def test_rates_and_what_is_planned_by_hand() -> None:
    world = World()
    for key in ("d", "quiet"):
        world.add("deals", id=key, created_at=CUT - 100 * DAY)
    for days in (5, 20, 30, 60):
        world.activity("email", CUT - days * DAY, [("deal", "d")], direction="outbound")
    world.activity("email", CUT - 4 * DAY, [("deal", "d")], direction="inbound")
    world.activity("task", CUT + 7 * DAY, [("deal", "d")], known_at=CUT - DAY)
    world.activity("task", CUT + 3 * DAY, [("deal", "d")], known_at=CUT + DAY)
    X = features(world.connection(), DEALS)
    row, quiet = X.loc["d"], X.loc["quiet"]
    assert (row["reply_rate_90d"], row["planned_tasks"], row["planned_task_days_until"]) == (0.25, 1, 7)
    assert pd.isna(quiet["reply_rate_90d"])
    assert (quiet["planned_tasks"], quiet["replies_90d"]) == (0, 0)


def test_amounts_against_habits_by_hand() -> None:
    world = World()
    world.add("companies", id="c", created_at=CUT - 900 * DAY)
    at = CUT - 300 * DAY
    for n, (amount, firm) in enumerate(((100, "c"), (200, "c"), (1000, None), (5000, None))):
        key = f"w{n}"
        closed = at + (50 if n < 3 else 500) * DAY
        world.add(
            "deals", id=key, company_id=firm, created_at=at, closed_at=closed, is_closed=True, is_won=True
        )
        world.add("deal_history", deal_id=key, changed_at=at, amount=amount, stage="new")
        world.add("line_items", id=f"i{n}", deal_id=key, product_id="p", amount=40, known_at=at)
    for key in ("d", "other"):
        world.add("deals", id=key, company_id="c", created_at=CUT - 9 * DAY)
    world.add("deal_history", deal_id="d", changed_at=CUT - 9 * DAY, amount=300, stage="new")
    world.add("line_items", id="i", deal_id="d", product_id="p", amount=60, first_seen=CUT - DAY)
    world.add("line_items", id="late", deal_id="d", product_id="p", amount=60, known_at=CUT + DAY)
    row = features(world.connection(), DEALS).loc["d"]
    assert (row["amount_vs_pipeline"], row["amount_vs_company"], row["amount_vs_products"]) == (1.5, 2.0, 1.5)
    assert (row["company_open"], row["company_won"], row["company_win_rate"]) == (1, 2, 1.0)


def test_campaigns_reach_deals_and_companies_through_their_contacts() -> None:
    world = World()
    world.add("companies", id="c", created_at=CUT - 900 * DAY)
    world.add("contacts", id="k", company_id="c", created_at=CUT - 500 * DAY)
    world.add("deals", id="d", company_id="c", created_at=CUT - 90 * DAY)
    world.add(
        "deals", id="w", company_id="c", created_at=CUT - 400 * DAY, closed_at=CUT - 300 * DAY,
        is_closed=True, is_won=True,
    )  # fmt: skip
    world.add("associations", from_object="deal", from_id="d", to_object="contact", to_id="k")
    for n, days in enumerate((10, 50)):
        sent = CUT - days * DAY
        world.add(
            "campaign_members",
            id=f"m{n}",
            contact_id="k",
            known_at=sent,
            responded_at=sent + DAY if n else None,
        )
    engine = world.connection()
    for population, key in ((DEALS, "d"), (CUSTOMERS, "c")):
        row = features(engine, population).loc[key]
        assert (row["campaign_touches_90d"], row["campaign_touches_14d"]) == (2, 1), key
        assert (row["campaign_responses_90d"], row["campaign_responses_30d"]) == (1, 0), key


def test_history_of_a_number_as_of_the_cut() -> None:
    world = company(deals=1)
    world.add("contacts", id="l", source_object="Lead", created_at=CUT - 90 * DAY, c_page_views=50.0)
    for days, value in ((90, "0"), (40, "3"), (6, "8"), (-1, "50")):
        world.add(
            "field_history",
            object="contacts",
            record_id="l",
            field="c_page_views",
            value=value,
            changed_at=CUT - days * DAY,
        )
    row = features(world.connection(), LEADS).loc["l"]
    name = "contacts.c_page_views"
    assert (row[name], row[f"{name}.change_30d"], row[f"{name}.days_since_change"]) == (8.0, 5.0, 6.0)


@pytest.mark.parametrize(
    ("link", "counts"),
    [
        ({}, 1),
        ({"known_at": CUT - DAY}, 1),
        ({"known_at": CUT + DAY}, 0),
        ({"first_seen": CUT + DAY}, 0),
        ({"first_seen": CUT - DAY}, 1),
    ],
)
def test_a_contact_counts_from_when_the_link_was_known(link: dict[str, int], counts: int) -> None:
    world = World()
    world.add("deals", id="d", created_at=CUT - 10 * DAY)
    world.add("contacts", id="k", created_at=CUT - 9 * DAY)
    world.add("associations", from_object="deal", from_id="d", to_object="contact", to_id="k", **link)
    assert features(world.connection(), DEALS).loc["d", "contacts"] == counts
