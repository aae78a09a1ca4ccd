"""Targets out of the CRM's goals, from the pull to the report; a file goes first, and goals that cannot be read are named."""

from pathlib import Path
from typing import Any

import pytest
from support import tiny
from support.cli import TOKEN, Cli
from support.office import Office, office

from sales_consultant.sandbox.salesforce.org import Org
from sales_consultant.sandbox.serving.server import Sandbox

pytestmark = pytest.mark.slow
GOALS: list[tiny.Row] = [
    *({"id": f"q4{o}", "owner_id": o, "kind": "revenue", "amount": 90_000, "currency": "EUR", "start_at": "2024-10-01",
       "end_at": "2024-12-31"} for o in ("o1", "o2")),
    # A quarter of months; the other owner has none, so that there is no total.
    *({"id": f"m{m}", "owner_id": "o1", "kind": "revenue", "amount": 10_000, "currency": "EUR", "start_at": f"2025-{m:02d}-01",
       "end_at": f"2025-{m:02d}-{d}"} for m, d in ((1, 31), (2, 28), (3, 31))),
    {"id": "calls", "owner_id": "o1", "kind": "calls", "amount": 100, "currency": "", "start_at": "2024-10-01",
     "end_at": "2024-12-31"},
    {"id": "odd", "owner_id": "o1", "kind": "revenue", "amount": 5, "currency": "EUR", "start_at": "2024-12-31",
     "end_at": "2024-10-01"},
]  # fmt: skip


def section(desk: Office, name: str) -> dict[str, Any]:
    found: dict[str, Any] = desk.cli.json("report", name)["sections"][0]
    return found


def figure(found: dict[str, Any], key: str) -> dict[str, Any]:
    return next(f for f in found["figures"] if f["figure"] == key)


def test_targets_come_from_goals_and_from_the_file_first(tmp_path: Path) -> None:
    tables = tiny.tables(companies=12, deals=240, contacts=20) | {"goals": GOALS}
    data = tiny.write(tmp_path / "tables", tables)
    with office(tmp_path / "admin", data=data, clock=tiny.CLOCK) as desk:
        desk.cli.configure(desk.sandbox.url)
        desk.cli.json("pull")
        found = section(desk, "forecast")
        goals = figure(found, "goals")
        rows = {r["period"]: r for r in goals["rows"]}
        assert rows["FY2024-Q4"]["target"] == 180_000
        assert rows["FY2024-Q4"]["gap"] == pytest.approx(180_000 - rows["FY2024-Q4"]["booked"])
        assert 0 <= rows["FY2024-Q4"]["probability"] <= 1
        assert rows["FY2025-Q1"]["target"] is None
        # Two of the quarter and three months.
        assert "Targets from HubSpot's goals: 5." in goals["notes"]
        assert any("No total target of FY2025-Q1" in line for line in found["unknown"])
        left = "2 (of no month, quarter or year of the fiscal calendar 1, not about revenue 1)"
        assert any(left in line for line in found["unknown"])
        week = figure(section(desk, "week"), "reached")
        assert week["rows"][0]["target"] == 180_000
        assert any("HubSpot's goals" in note for note in week["notes"])
        # The file replaces one owner's and adds one that was missing.
        (desk.cli.config.parent / "targets.csv").write_text(
            "owner,period,amount\nrep1@seller.example,FY2024-Q4,50000\nrep2@seller.example,FY2025-Q1,20000\n",
            encoding="utf-8",
        )
        desk.cli.configure(desk.sandbox.url, '[reports]\ntargets = "targets.csv"')
        goals = figure(section(desk, "forecast"), "goals")
        rows = {r["period"]: r for r in goals["rows"]}
        assert rows["FY2024-Q4"]["target"] == 140_000
        assert rows["FY2025-Q1"]["target"] == 50_000
        assert "Targets from your file: 2." in goals["notes"]
        assert "Targets from HubSpot's goals: 4." in goals["notes"]


def test_targets_come_from_salesforce_s_quotas(tmp_path: Path) -> None:
    tables = tiny.tables(companies=12, deals=240, contacts=20) | {"goals": GOALS}
    data = tiny.write(tmp_path / "tables", tables)
    with Sandbox(data=data, clock=tiny.CLOCK, crms=("salesforce",)) as sandbox:
        cli = Cli(tmp_path / "admin", sandbox.url, crm="salesforce")
        cli.configure(sandbox.url)
        cli.json("pull")
        found = cli.json("report", "forecast")["sections"][0]
        goals = figure(found, "goals")
        assert {r["period"]: r["target"] for r in goals["rows"]}["FY2024-Q4"] == 180_000
        assert "Targets from Salesforce's quotas: 5." in goals["notes"]
        Org.of(sandbox.world).options["forecasts"] = False
        assert "goals" in cli.json("pull")["not_permitted"]
        week = figure(cli.json("report", "week")["sections"][0], "reached")
        # Those that were read last count until they can be read again.
        assert week["rows"][0]["target"] == 180_000
        again = cli.json("report", "forecast")["sections"][0]
        assert any("View All Forecasts" in line for line in again["unknown"])


def test_goals_that_cannot_be_read_are_told_with_what_to_do(tmp_path: Path) -> None:
    tables = tiny.tables(companies=12, deals=240, contacts=20) | {"goals": GOALS}
    data = tiny.write(tmp_path / "tables", tables)
    with office(tmp_path / "admin", data=data, clock=tiny.CLOCK) as desk:
        desk.portal.control("users", token=TOKEN, without=["crm.objects.goals.read"])
        desk.cli.configure(desk.sandbox.url)
        assert "goals" in desk.cli.json("pull")["not_permitted"]
        found = section(desk, "forecast")
        assert "target" not in figure(found, "goals")["rows"][0]
        assert any("No targets are set" in line for line in found["unknown"])
        assert any("crm.objects.goals.read" in line for line in found["unknown"])
        assert any("crm.objects.goals.read" in n for n in figure(section(desk, "week"), "reached")["notes"])
