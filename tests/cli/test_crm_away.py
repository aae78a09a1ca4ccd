"""What only reads what was pulled asks nothing of the CRM: it works while the CRM is away."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from support.cli import Cli
from support.office import Office


@pytest.fixture
def away(synced: Office) -> Cli:
    """The desk where a sync was written, with nobody at the CRM's address; a call would be tried for over a minute."""
    synced.cli.configure("http://127.0.0.1:1")
    synced.cli.patience = 30
    return synced.cli


@pytest.mark.slow
def test_reports_and_tables_are_made_while_the_crm_is_away(away: Cli, tmp_path: Path) -> None:
    made = away.json("report", "all")
    assert {s["section"] for s in made["sections"]} > {"funnel", "pipeline", "value"}
    assert away.json("report", "week")["sections"]
    early = away.json("report", "all", "--as-of", "2020-01-01", "--since", "2019-06-01")["sections"]
    why = {s["section"]: s["hidden"] for s in early}
    for section in ("funnel", "pipeline", "forecast"):
        assert why[section].startswith("No deal was known by 1 Jan 2020.")
    for kind in ("funnel", "scores"):
        assert away.json("export", kind, "--out", str(tmp_path / kind))["files"]


def test_what_is_looked_up_needs_no_crm(away: Cli) -> None:
    away.json("status")
    away.json("steps")
    away.json("evaluate", "--clusters")
    company = next(iter(_written(away, "companies")))
    assert away.json("explain", f"companies/{company}")["id"] == company


@pytest.mark.slow
def test_a_scheduled_report_is_sent_while_the_crm_is_away(away: Cli) -> None:
    away.configure(
        "http://127.0.0.1:1",
        '[reports.deliveries.monday]\nreport = "funnel"\nto = ["anna@example.com"]\n'
        '[reports.mail]\nhost = "127.0.0.1"\nport = 1\nsender = "sc@example.com"\n'
        '[schedule.m]\njob = "report"\nreport = "monday"\nevery_minutes = 60\n',
    )
    # It comes as far as the mail server, which is away too.
    refused = away.run("schedule", "run-now", "m", "--json", code=2).error
    assert "mail server" in refused["message"]


def test_an_experiment_ends_at_the_time_of_the_crm(synced: Office) -> None:
    file = synced.cli.data / "main" / "state.db"
    with closing(sqlite3.connect(file)) as c, c:
        c.execute(
            "INSERT INTO experiments (id, started_at, salt, content) VALUES ('x', 1, 's', '{}')",
        )
    ended = synced.cli.json("experiment", "stop", "--yes")
    with closing(sqlite3.connect(file)) as c:
        [[at]] = c.execute("SELECT ended_at FROM experiments").fetchall()
    assert at > 1_700_000_000_000, ended


def _written(cli: Cli, object: str) -> set[str]:
    with closing(sqlite3.connect(cli.data / "main" / "state.db")) as c:
        found = c.execute("SELECT record_id FROM written WHERE object = ?", [object]).fetchall()
    return {str(r[0]) for r in found}
