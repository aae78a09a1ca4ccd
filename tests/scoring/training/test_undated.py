"""Fields without history and links without a date: used where open records show that the outcome does not set them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.worlds import DAY, NOW, START, World, company

from sales_consultant.config.populations import Exclusions, FeatureSettings, Population
from sales_consultant.scoring.features import Feature, build
from sales_consultant.scoring.features.attributes import describes
from sales_consultant.scoring.features.declarations import of_dtype
from sales_consultant.scoring.populations import Membership
from sales_consultant.scoring.training import training

pytestmark = pytest.mark.slow

DEALS = Population(object="deals", event="won", where={"pipeline": "sales"})
CURRENT = {"c_fit", "industry", "c_employees", "title"}


def salesforce_like(*, signal: float = 1.6, deals: int = 1_200, seed: int = 3) -> World:
    """A company whose fields keep no history."""
    world = company(deals=deals, signal=signal, seed=seed)
    for row in world.rows["fields"]:
        if row["column_name"] in CURRENT:
            row["known"] = "current"
    return world


def trained(world: World, **settings: Any) -> training.Trained:
    return training.train(
        world.connection(),
        "deals",
        DEALS,
        as_of=NOW,
        exclusions=Exclusions(),
        features=FeatureSettings(**settings),
    )


def test_an_attribute_without_history_is_used_and_marked() -> None:
    found = trained(salesforce_like())
    used = {e["column"] for e in found.model.card["as_of_today"]}
    assert {"companies.industry", "companies.c_employees"} <= used
    assert used <= {f.name for f in found.model.features}
    assert all(e["evidence"] for e in found.model.card["as_of_today"])
    assert found.report.without_undated is not None


def _filled_at_the_end(rng: np.random.Generator, row: dict[str, Any]) -> Any:
    return str(rng.choice(["North", "South"])) if row["is_closed"] and row["is_won"] else None


def _emptied_at_the_end(rng: np.random.Generator, row: dict[str, Any]) -> Any:
    return None if row["is_closed"] and not row["is_won"] else str(rng.choice(["North", "South"]))


def _another_value_at_the_end(rng: np.random.Generator, row: dict[str, Any]) -> Any:
    late = row["is_closed"] and row["is_won"] and rng.random() < 0.6
    return "Export" if late else str(rng.choice(["North", "South", "Export"], p=[0.45, 0.45, 0.1]))


@pytest.mark.parametrize("made", [_filled_at_the_end, _emptied_at_the_end, _another_value_at_the_end])
@pytest.mark.parametrize("column", ["c_fit"])
def test_what_the_outcome_sets_is_not_used(
    made: Callable[[np.random.Generator, dict[str, Any]], Any], column: str
) -> None:
    world, rng = salesforce_like(signal=0.0), np.random.default_rng(0)
    for row in world.rows["deals"]:
        row[column] = made(rng, row)
    for row in world.rows["fields"]:
        if row["column_name"] == column:
            # A name that says "attribute" must not be enough.
            row["label"] = "Region"
    found = trained(world)
    assert f"deals.{column}" not in {f.name for f in found.model.features}
    assert f"deals.{column}" in {f.column for f in found.model.leaks}
    assert found.report.verdict != "better than base rate"


@pytest.mark.parametrize("seed", range(5))
def test_a_name_is_not_enough_where_few_records_are_open(seed: int) -> None:
    """A dozen open deals cannot show what the winners' fields were like before: no sign is no evidence then."""
    world, rng = salesforce_like(signal=0.0, deals=450, seed=seed), np.random.default_rng(seed)
    ended = [r for r in world.rows["deals"] if r["is_closed"]]
    world.rows["deals"] = ended + [r for r in world.rows["deals"] if not r["is_closed"]][:12]
    for row in world.rows["deals"]:
        late = ["web", "partner", "fair"] if row["is_won"] else ["web", "web", "fair"]
        row["c_fit"] = str(rng.choice(late))
    for row in world.rows["fields"]:
        if row["column_name"] == "c_fit":
            row["label"] = "Lead source"
    found = trained(world)
    assert "deals.c_fit" not in {f.name for f in found.model.features}
    assert found.report.verdict != "better than base rate"


def watch(world: World, column: str, since: int) -> None:
    """As if our own pulls had seen a deals' field every night since a day: its value from the end of the deal on, where there is one."""

    def night(at: int) -> int:
        return since + -(-max(at - since, 0) // DAY) * DAY

    world.add("watched_fields", object="deals", field=column, since=since)
    for row in world.rows["deals"]:
        first = night(row["created_at"])
        if first > NOW:
            continue
        world.add("first_sights", object="deals", record_id=row["id"], seen_at=first)
        if row[column] is not None and (seen := night(row["closed_at"])) <= NOW:
            value = {"record_id": row["id"], "field": column, "value": row[column]}
            world.add("field_values", object="deals", seen_at=seen, **value)


def test_what_our_pulls_saw_is_the_value_of_then() -> None:
    """A field that the outcome sets holds nothing while a deal is open, and our own history says so of every row."""
    world, rng = salesforce_like(signal=0.0), np.random.default_rng(0)
    for row in world.rows["deals"]:
        row["c_fit"] = _filled_at_the_end(rng, row)
    watch(world, "c_fit", START - DAY)
    found = trained(world)
    assert found.report.verdict != "better than base rate"
    rows = found.judged
    assert rows is not None
    table = build(
        world.connection(),
        "deals",
        [
            Feature(
                "deals.c_fit",
                "fixed:deals:record_id",
                "deals.c_fit",
                where=of_dtype("enumeration"),
                column="c_fit",
            )
        ],
        Membership(world.connection(), DEALS, Exclusions(), as_of=NOW).at(NOW - 90 * DAY),
    )
    # Deals that were open ninety days ago had none, whatever became of them, but for those made after the last pull.
    assert len(table) > 50 and table["deals.c_fit"].notna().sum() <= 2


@pytest.mark.parametrize("watched", [0, 360], ids=["from the first day", "half of the time"])
def test_our_own_history_lets_no_leak_pass(watched: int) -> None:
    world, rng = salesforce_like(signal=0.0), np.random.default_rng(0)
    for row in world.rows["deals"]:
        row["c_fit"] = _another_value_at_the_end(rng, row) if row["is_closed"] else None
    watch(world, "c_fit", START + watched * DAY)
    found = trained(world)
    assert found.report.verdict != "better than base rate"


def test_an_attribute_that_our_pulls_saw_is_known() -> None:
    """Whatever open records look like: its value is as old as the rows are."""
    world, rng = salesforce_like(), np.random.default_rng(0)
    for row in world.rows["deals"]:
        row["c_fit"] = str(rng.choice(["North", "South"]))
    world.add("watched_fields", object="deals", field="c_fit", since=START - 400 * DAY)
    for row in world.rows["deals"]:
        world.add("first_sights", object="deals", record_id=row["id"], seen_at=row["created_at"] + DAY)
    found = trained(world)
    why = {e["column"]: e["evidence"] for e in found.model.card["as_of_today"]}
    assert "our own pulls" in why["deals.c_fit"]


@pytest.mark.parametrize("set_by", ["emptied on lost deals", "kept on won deals"])
def test_what_is_made_of_an_amount_falls_with_it(set_by: str) -> None:
    """Amounts that the CRM dates as their deal, as an import does: a comparison with the company's usual knows them too."""
    world, rng = company(deals=1_600, signal=0.0, seed=2), np.random.default_rng(1)
    won = {d["id"]: d["is_won"] for d in world.rows["deals"]}
    over = {d["id"]: d["is_closed"] for d in world.rows["deals"]}
    if set_by == "emptied on lost deals":
        gone = {i for i in won if over[i] and not won[i] and rng.random() < 0.6}
    else:
        gone = {i for i in won if not won[i] and rng.random() < 0.6}
    for row in [*world.rows["deals"], *world.rows["deal_history"]]:
        if row.get("deal_id", row.get("id")) in gone:
            row["amount"] = None
    found = trained(world)
    assert not [f.name for f in found.model.features if f.name.startswith("amount")]
    assert found.report.verdict != "better than base rate", (found.report.auc, found.report.lacks)


def test_few_records_use_no_field_of_today() -> None:
    found = trained(salesforce_like(deals=60))
    assert found.model.tier == "rules"
    assert not {f.column for f in found.model.features} & CURRENT


@pytest.mark.parametrize(
    "name",
    [
        "Umsatz",
        "chiffre_d_affaires",
        "Número de empleados",
        "规模",
        "BillingCountry",
        "c_buyer_role",
        "Branche__c",
    ],
)
def test_names_of_attributes(name: str) -> None:
    assert describes(name)


@pytest.mark.parametrize(
    "name",
    [
        "Last source",
        "deal_status",
        "Closing region",
        "Letzte Branche",
        "final_product",
        "total_revenue",
        "最后来源",
    ],
)
def test_names_of_the_process_are_none(name: str) -> None:
    assert not describes(name)
