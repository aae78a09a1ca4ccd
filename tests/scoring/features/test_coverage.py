"""Where nobody logs activities, none is unknown and not zero; where all do, nothing is masked."""

import pandas as pd
import pytest
from support.worlds import DAY, NOW, World, company

from sales_consultant.config.populations import Exclusions, FeatureSettings, Population
from sales_consultant.scoring.features import cleaning, coverage
from sales_consultant.scoring.features.build import build_table
from sales_consultant.scoring.features.cleaning import FeatureTable
from sales_consultant.scoring.populations.members import Membership
from sales_consultant.scoring.training.training import declare

DEALS = Population(object="deals", event="won", where={"pipeline": "sales"})
CUTS = [NOW - k * 60 * DAY for k in range(1, 9)]


def frame(world: World, cuts: list[int]) -> tuple[pd.DataFrame, FeatureTable]:
    with world.connection() as engine:
        rows = Membership(engine, DEALS, Exclusions(), as_of=NOW).at_all(cuts)
        features = declare(engine, DEALS, FeatureSettings()).features
        return rows, build_table(engine, "deals", features, rows)


@pytest.fixture
def world() -> World:
    return company(deals=700)


def drop(world: World, owner: str, *, before: int) -> set[str]:
    """Take away what was logged on an owner's deals before a time."""
    theirs = {str(d["id"]) for d in world.rows["deals"] if d["owner_id"] == owner}
    gone = {
        r["from_id"]
        for r in world.rows["associations"]
        if r["from_object"] == "activity" and r["to_object"] == "deal" and r["to_id"] in theirs
    }
    world.rows["activities"] = [
        a for a in world.rows["activities"] if not (a["id"] in gone and a["occurred_at"] < before)
    ]
    return theirs


def test_honest_logging_is_left_alone(world: World) -> None:
    table = frame(world, CUTS)[1]
    X = table.values
    assert table.unlogged == ()
    assert X["meetings_90d"].notna().all()


def test_an_owner_who_logs_nothing(world: World) -> None:
    theirs = drop(world, "o1", before=NOW)
    rows, table = frame(world, CUTS)
    X = table.values
    mine = rows["record_id"].isin(theirs).to_numpy()
    told = table.unlogged
    assert {t["owner"] for t in told} == {"o1"} and {t["why"] for t in told} == {"low"}
    assert X.loc[mine, "meetings_90d"].isna().mean() > 0.8
    assert X.loc[~mine, "meetings_90d"].notna().all()
    assert X["contacts"].notna().all() and X["stage"].notna().all()
    card = coverage.summary(told)
    assert card["owners"] == ["o1"] and card["rows_low"] == X.loc[mine, "meetings_90d"].isna().sum()
    assert "1 owner logs so few activities" in card["notes"][0]


@pytest.mark.slow
def test_mailboxes_connected_on_one_day(world: World) -> None:
    began = CUTS[2] - 40 * DAY
    for owner in {str(d["owner_id"]) for d in world.rows["deals"]}:
        drop(world, owner, before=began)
    rows, table = frame(world, CUTS)
    X = table.values
    at = (rows["cut"] == CUTS[2]).to_numpy()
    assert {t["why"] for t in table.unlogged} == {"sudden"}
    # 40 days after the start the last month is known (of owners who logged on the first days), the quarter is not.
    assert X.loc[at, "meetings_30d"].notna().mean() > 0.9
    assert X.loc[at, "meetings_90d"].isna().mean() > 0.9 and X.loc[at, "meetings_trend"].isna().mean() > 0.9
    later = (rows["cut"] == CUTS[0]).to_numpy()
    assert X.loc[later, "meetings_90d"].notna().all()
    assert "start suddenly" in coverage.summary(table.unlogged)["notes"][0]


def test_values_that_cannot_be_are_gaps_and_counted(world: World) -> None:
    for deal, amount in zip(world.rows["deals"], (-5.0, float("1e16"), 7.0), strict=False):
        for row in world.rows["deal_history"]:
            if row["deal_id"] == deal["id"] and row.get("amount") is not None:
                row["amount"] = min(amount, 9e15) if amount > 0 else amount
                row["close_date"] = NOW + 2_900_000 * DAY if amount < 0 else row["close_date"]
    cuts = [d["created_at"] + DAY for d in world.rows["deals"][:1]]
    rows, table = frame(world, cuts)
    X = table.values
    mine = (rows["record_id"] == world.rows["deals"][0]["id"]).to_numpy()
    assert table.impossible["amount"] == 1 and X.loc[mine, "amount"].isna().all()
    assert X.loc[mine, "days_to_close_date"].isna().all()


@pytest.mark.slow
def test_each_kind_of_cleaning_is_counted(world: World) -> None:
    table = frame(world, CUTS)[1]
    X = table.values
    X.loc[X.index[:3], "companies.industry"] = ["glass", "clay", None]
    found = cleaning.counted(table)
    # Two values that nobody shares; a level needs two rows.
    assert found["rare"]["values"] == 2
    assert found["gaps"]["values"] > 0 and found["gaps"]["columns"] > 1
    assert 0 < found["outliers"]["values"] < 0.03 * X.size
    assert found["impossible"] == {"values": 0, "columns": 0}
