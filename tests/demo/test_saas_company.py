"""The staged year: nothing from the future, every date with its evidence, the same bytes each time."""

from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import pyarrow.csv as pv
import pyarrow.parquet as pq
import pytest

from sales_consultant.demo.company.world import DemoError, World
from sales_consultant.demo.saas import leadforge_run, recipe, saas
from sales_consultant.demo.saas.recipe import Recipe
from sales_consultant.demo.saas.timeline import cohort
from sales_consultant.sandbox.data_folder.tables import load_folder

SMALL = Recipe(n_accounts=60, n_contacts=160, n_leads=200, looks=(14, 28, 42, 56, 90, 150))
OPEN = ["sql", "demo_scheduled", "demo_completed", "proposal_sent", "negotiation"]
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Made:
    world: World
    cache: Path
    steps: list[tuple[str, float]]

    def __getitem__(self, table: str) -> Rows:
        return rows_of(self.world.folder, table)


def rows_of(folder: Path, table: str) -> Rows:
    parquet = folder / f"{table}.parquet"
    found = pq.read_table(parquet) if parquet.exists() else pv.read_csv(folder / f"{table}.csv")
    return list(found.to_pylist())


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Made:
    root = tmp_path_factory.mktemp("saas")
    steps: list[tuple[str, float]] = []
    world = saas.build(
        root / "data",
        cache=root / "cache",
        recipe=SMALL,
        progress=lambda text, share: steps.append((text, share)),
    )
    return Made(world, root / "cache", steps)


@pytest.fixture(scope="module")
def simulated() -> dict[int, leadforge_run.Raw]:
    """The simulation itself, run here and not by the code under test."""
    horizons = (*SMALL.looks, SMALL.horizon_days)
    bundles = {horizon: leadforge_run.simulate(asdict(SMALL), horizon) for horizon in horizons}
    return {
        horizon: {**leadforge_run.rows(bundle), **leadforge_run.stages(bundle)}
        for horizon, bundle in bundles.items()
    }


def moved(lead: str, day: str) -> date:
    return date.fromisoformat(day) + timedelta(days=30 * cohort(lead, SMALL))


def test_the_sandbox_reads_the_folder_without_leniency(small: Made) -> None:
    folder = load_folder(small.world.folder)
    sizes = {name: len(folder[name]) for name in small.world.counts}
    assert sizes == small.world.counts
    assert {field.name: field.type for field in folder["leads"].custom} == {
        "role_function": "enumeration",
        "seniority": "enumeration",
        "buyer_role": "enumeration",
        "page_views": "number",
        "pricing_page_views": "number",
    }


def test_a_second_build_is_the_same_to_the_byte(small: Made, tmp_path: Path) -> None:
    again = saas.build(tmp_path / "data", cache=tmp_path / "cache", recipe=SMALL)
    files = sorted(path.name for path in small.world.folder.iterdir())
    assert files == sorted(path.name for path in again.folder.iterdir())
    assert [
        name
        for name in files
        if (again.folder / name).read_bytes() != (small.world.folder / name).read_bytes()
    ] == []
    assert again.counts == small.world.counts


def test_nothing_is_later_than_the_clock(small: Made) -> None:
    clock, seen = small.world.clock_iso, 0
    assert clock == "2024-12-11T07:00:00Z"
    # A goal is for a time that may be to come.
    for table in set(small.world.counts) - {"goals"}:
        for row in small[table]:
            for column, value in row.items():
                if column.endswith("_at") and value is not None:
                    text = value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else value
                    assert text <= clock, (table, column, row)
                    seen += 1
    assert seen > 5000


def test_open_deals_carry_nothing_of_their_end(small: Made, simulated: dict[int, leadforge_run.Raw]) -> None:
    deals = {row["id"]: row for row in small["deals"]}
    still = {id for id, deal in deals.items() if deal["closed_at"] is None}
    assert 20 < len(still) < len(deals) / 2
    assert all((deal["stage"] in OPEN) == (id in still) for id, deal in deals.items())
    entered = [row for row in small["deal_stage_history"] if row["deal_id"] in still]
    assert {row["stage"] for row in entered} <= set(OPEN)
    changes = [row for row in small["deal_history"] if row["deal_id"] in still]
    assert len(changes) == len(still)
    outcomes = {row["opportunity_id"]: row for row in simulated[360]["opportunities"]}
    for id, deal in deals.items():
        if id not in still:
            row = outcomes[id]
            assert deal["stage"] == row["close_outcome"]
            assert date.fromisoformat(deal["closed_at"][:10]) == moved(row["lead_id"], row["closed_at"])
        assert deal["amount"] == outcomes[id]["estimated_acv"]
        assert date.fromisoformat(deal["created_at"][:10]) == moved(
            outcomes[id]["lead_id"], outcomes[id]["created_at"]
        )


def test_a_stage_is_dated_by_the_first_run_that_shows_it(
    small: Made, simulated: dict[int, leadforge_run.Raw]
) -> None:
    created = {
        row["lead_id"]: moved(row["lead_id"], row["lead_created_at"]) for row in simulated[360]["leads"]
    }
    lead_of = {row["opportunity_id"]: row["lead_id"] for row in simulated[360]["opportunities"]}
    shown: dict[tuple[str, str], int] = {}
    for look in sorted(SMALL.looks, reverse=True):
        for row in simulated[look]["stages"]:
            shown[row["lead_id"], row["stage"]] = look
    dated = 0
    by_deal: dict[str, list[str]] = defaultdict(list)
    for row in small["deal_stage_history"]:
        by_deal[row["deal_id"]].append(row["stage"])
        if row["stage"] in OPEN[1:]:
            lead = lead_of[row["deal_id"]]
            first = created[lead] + timedelta(days=shown[lead, row["stage"]])
            assert date.fromisoformat(row["entered_at"][:10]) == first
            dated += 1
    assert dated > 200
    for stages in by_deal.values():
        order = [(*OPEN, "closed_won", "closed_lost").index(stage) for stage in stages]
        assert order == sorted(order)
        assert stages[0] == "sql" or stages == ["closed_won"]


def test_stage_history_runs_forward_from_creation_to_closing(small: Made) -> None:
    entered: dict[str, list[str]] = defaultdict(list)
    for row in small["deal_stage_history"]:
        entered[row["deal_id"]].append(row["entered_at"])
    for deal in small["deals"]:
        moments = entered[deal["id"]]
        assert moments == sorted(moments)
        assert moments[0] == deal["created_at"]
        assert deal["closed_at"] in (None, moments[-1])


def test_a_lead_with_a_deal_is_converted_and_the_others_are_open(small: Made) -> None:
    deals = {row["id"]: row for row in small["deals"]}
    contacts = {row["id"]: row for row in small["contacts"]}
    converted = [row for row in small["leads"] if row["converted_at"]]
    assert {row["converted_deal_id"] for row in converted} == set(deals)
    assert len(converted) == len(deals)
    assert {row["converted_contact_id"] for row in converted} == set(contacts)
    for lead in converted:
        deal, contact = deals[lead["converted_deal_id"]], contacts[lead["converted_contact_id"]]
        assert lead["created_at"] <= lead["converted_at"] == deal["created_at"]
        assert contact["created_at"] <= lead["converted_at"]
        assert deal["contact_id"] == contact["id"]
        assert deal["company_id"] == contact["company_id"] == lead["company_id"]
        assert (contact["email"], contact["last_name"]) == (lead["email"], lead["last_name"])
    # Somebody came as a lead twice and is one contact with two deals.
    assert len(contacts) < len(deals)
    for lead in small["leads"]:
        if not lead["converted_at"]:
            assert lead["converted_contact_id"] is None and lead["converted_deal_id"] is None
            assert lead["status"] in ("New", "Accepted", "Unqualified")


def test_activities_hang_on_the_lead_until_it_converted(
    small: Made, simulated: dict[int, leadforge_run.Raw]
) -> None:
    leads = {row["id"]: row for row in small["leads"]}
    deals = {row["id"]: row for row in small["deals"]}
    kinds = {row["activity_id"]: row for row in simulated[360]["sales_activities"]}
    touches = {row["touch_id"]: row for row in simulated[360]["touches"]}
    demos = 0
    for row in small["activities"]:
        if row["lead_id"]:
            assert row["occurred_at"] > leads[row["lead_id"]]["created_at"]
            assert row["contact_id"] is None and row["deal_id"] is None
            assert row["occurred_at"] < (leads[row["lead_id"]]["converted_at"] or "9")
        else:
            assert deals[row["deal_id"]]["contact_id"] == row["contact_id"]
            assert row["occurred_at"] >= deals[row["deal_id"]]["created_at"]
        if row["id"] in kinds:
            kind = kinds[row["id"]]["activity_type"]
            assert row["type"] == ("meeting" if kind == "demo" else kind)
            demos += kind == "demo"
        else:
            assert row["type"] == touches[row["id"]]["touch_type"]
            assert row["direction"] == touches[row["id"]]["touch_direction"]
    assert demos > 100
    assert {touches[row["id"]]["touch_type"] for row in small["campaign_members"]} == {
        "webinar",
        "content_download",
    }


def test_everybody_writes_something_and_a_reply_quotes_what_was_sent_before(small: Made) -> None:
    sent: dict[str, list[str]] = defaultdict(list)
    replies = 0
    for row in sorted(small["activities"], key=lambda r: (r["occurred_at"], r["id"])):
        assert row["body"] and row["subject"]
        if row["type"] != "email":
            continue
        # A lead's later mails hang on its deal: the subject tells which company the mail went to.
        if row["direction"] == "outbound":
            sent[row["subject"]].append(row["body"])
        elif row["subject"].startswith("Re: "):
            assert sent[row["subject"].removeprefix("Re: ")], "it answers something that was sent before"
            replies += 1
    assert replies > 5
    assert "the texts of e-mails" in small.world.notice


def test_a_day_keeps_its_order_within_working_hours(
    small: Made, simulated: dict[int, leadforge_run.Raw]
) -> None:
    at = {row["id"]: row["occurred_at"] for row in small["activities"]}
    assert all("08:30" <= moment[11:16] < "17:30" for moment in at.values())
    touched: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in simulated[360]["touches"]:
        if row["touch_id"] in at:
            touched[row["lead_id"], row["touch_timestamp"]].append(at[row["touch_id"]])
    assert any(len(moments) > 1 for moments in touched.values())
    assert all(moments == sorted(set(moments)) for moments in touched.values())


def test_page_views_are_the_visits_so_far(small: Made, simulated: dict[int, leadforge_run.Raw]) -> None:
    history: dict[tuple[str, str, str], list[tuple[str, int]]] = defaultdict(list)
    for row in small["field_history"]:
        if row["field"].endswith("page_views"):
            history[row["object"], row["record_id"], row["field"]].append(
                (row["changed_at"], int(row["value"]))
            )
    person = {row["lead_id"]: row["contact_id"] for row in simulated[360]["leads"]}
    visited: dict[str, int] = defaultdict(int)
    for row in simulated[360]["sessions"]:
        if moved(row["lead_id"], row["session_timestamp"]).isoformat() < small.world.clock_iso[:10]:
            visited[person[row["lead_id"]]] += row["page_views"]
    assert sum(visited.values()) > 500
    for contact in small["contacts"]:
        assert contact["page_views"] == visited[contact["id"]]
    for object in ("leads", "contacts"):
        for row in small[object]:
            for field in ("page_views", "pricing_page_views"):
                changes = history[object, row["id"], field]
                assert changes == sorted(changes)
                assert changes[0][0] == row["created_at"]
                assert changes[-1][1] == row[field]
                # What a visitor did after the conversion is the contact's.
                assert changes[-1][0] <= (row.get("converted_at") or small.world.clock_iso)


def test_lifecycle_moves_to_customer_with_the_first_won_deal(small: Made) -> None:
    won: dict[str, str] = {}
    for deal in small["deals"]:
        if deal["stage"] == "closed_won":
            won[deal["contact_id"]] = min(deal["closed_at"], won.get(deal["contact_id"], "9"))
    stages = {
        (row["record_id"], row["value"]): row["changed_at"]
        for row in small["field_history"]
        if row["field"] == "lifecycle_stage"
    }
    assert {id: at for (id, value), at in stages.items() if value == "customer"} == won
    for contact in small["contacts"]:
        assert contact["lifecycle_stage"] == ("customer" if contact["id"] in won else "opportunity")


def test_a_short_run_is_a_prefix_of_the_long_one(simulated: dict[int, leadforge_run.Raw]) -> None:
    for table in ("touches", "sessions", "sales_activities"):
        short = simulated[56][table]
        assert short and simulated[360][table][: len(short)] == short
    assert simulated[56]["contacts"] == simulated[360]["contacts"]


def test_hidden_truth_is_not_read() -> None:
    columns = {column for fields in leadforge_run.FIELDS.values() for column in fields}
    assert not columns & {
        "current_stage",
        "is_sql",
        "converted_within_90_days",
        "conversion_timestamp",
        "stage",
    }
    assert not set(leadforge_run.FIELDS) & {"customers", "subscriptions"}


def test_names_are_invented_and_some_are_not_ascii(small: Made) -> None:
    people = small["leads"]
    assert any(not (row["first_name"] + row["last_name"]).isascii() for row in people)
    assert all(row["email"].isascii() and row["email"].endswith(".example") for row in people if row["email"])
    companies = small["companies"]
    assert any(not row["name"].isascii() for row in companies)
    assert len({row["domain"] for row in companies}) == len(companies)


def test_the_cache_spares_the_second_simulation(small: Made, tmp_path: Path) -> None:
    assert [share for _, share in small.steps] == sorted(share for _, share in small.steps)
    assert small.steps[-1][1] == 1.0
    steps: list[str] = []
    began = perf_counter()
    again = saas.build(
        tmp_path / "data", cache=small.cache, recipe=SMALL, progress=lambda text, share: steps.append(text)
    )
    assert perf_counter() - began < 1
    assert steps == []
    assert again.notice.startswith("Synthetic data")
    assert rows_of(again.folder, "deals") == small["deals"]


def test_a_failed_simulation_says_why_and_leaves_no_world(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match=r"Invalid difficulty 'silly'.*Use --data shop"):
        saas.build(tmp_path / "data", cache=tmp_path / "cache", recipe=Recipe(difficulty="silly", n_leads=10))
    assert list((tmp_path / "cache").iterdir()) == []
    assert list((tmp_path / "data").iterdir()) == []


def test_a_missing_leadforge_is_named() -> None:
    said = "Traceback ...\nModuleNotFoundError: No module named 'leadforge'\n"
    assert "pip install 'sales-consultant[demo]'" in recipe.failure(said)


@pytest.mark.slow
def test_the_demo_company_has_the_size_it_is_known_by(tmp_path: Path) -> None:
    world = saas.build(tmp_path / "data", cache=tmp_path / "cache")
    counts = world.counts
    assert counts["leads"] == 2848
    assert counts["deals"] == 2383
    assert sum(1 for row in rows_of(world.folder, "deals") if row["closed_at"] is None) == 462
    sales = [row for row in rows_of(world.folder, "activities") if row["id"].startswith("act_")]
    assert len(sales) == 32170
    assert counts["activities"] == 41071
    assert world.clock_iso == "2024-12-11T07:00:00Z"
