"""An experiment from its design to its end, on a company in the sandbox: what the control group shows, and what is told."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.office import Office


@pytest.fixture
def desk(scored_desk: Office) -> Office:
    return scored_desk


def groups(desk: Office) -> dict[str, str]:
    return dict(desk.query("SELECT unit, arm FROM experiment_units"))


def control_records(desk: Office) -> set[tuple[str, str]]:
    """Records of the control companies, as the portal links them."""
    drawn = [u.split(":") for u, arm in groups(desk).items() if arm == "control"]
    # A record without a company is drawn by itself.
    found = {(object, record_id) for object, record_id in drawn}
    control = {record_id for object, record_id in drawn if object == "companies"}
    for object in ("contacts", "deals"):
        for record in desk.sandbox.store.each("hubspot", object):
            linked = desk.portal.get(f"/crm/v4/objects/{object}/{record.id}/associations/companies").json()
            if {str(r["toObjectId"]) for r in linked["results"]} & control:
                found.add((object, record.id))
    return found


@pytest.mark.slow
def test_the_design_says_what_could_be_seen(desk: Office) -> None:
    found = desk.cli.json("experiment", "design", "--share", "0.3", "--days", "60")
    assert found["share"] == 0.3
    assert 0 < found["base"] < 1
    assert found["smallest"] is None or found["smallest"] > found["smallest_fixed"]
    assert "exclude_automation" in found["advice"]


@pytest.mark.slow
def test_a_started_experiment_empties_its_control_group_and_gives_it_back(desk: Office) -> None:
    before = desk.held()
    started = desk.cli.json("experiment", "start", "--yes", "--share", "0.5", "--days", "60")
    assert started["experiment"]["design"]["share"] == 0.5
    assert desk.held() == before, "starting writes nothing"
    desk.cli.json("sync", "--yes")
    hidden = control_records(desk)
    assert hidden
    assert not {(o, i) for o, i, _ in desk.held()} & hidden
    # Others keep what they show.
    assert {(o, i) for o, i, _ in desk.held()} == {(o, i) for o, i, _ in before} - hidden
    found = desk.cli.json("experiment", "status")["experiment"]
    assert found["n_control"] == sum(a == "control" for a in groups(desk).values())
    assert found["control_still_shown"] == 0 and found["p"] == 1.0
    steps = desk.cli.json("steps")
    assert not {(s["object"], s["record_id"]) for s in steps["steps"]} & hidden
    desk.cli.json("experiment", "stop", "--yes")
    desk.cli.json("sync", "--yes")
    again = {(o, i) for o, i, _ in desk.held()}
    gone = {(o, i) for o, i, _ in before} - again
    # A deal that is over kept the score it was last given; what was taken from it is not made anew.
    over = {
        ("deals", r.id)
        for r in desk.sandbox.store.each("hubspot", "deals")
        if str(r.values().get("dealstage")).startswith("closed")
    }
    assert gone <= hidden & over
    assert hidden & again


@pytest.mark.slow
def test_two_experiments_at_once_are_refused(desk: Office) -> None:
    first = desk.cli.json("experiment", "start", "--yes", "--days", "60")["experiment"]["id"]
    refused = desk.cli.run("experiment", "start", "--yes", "--json", code=2)
    assert first in refused.error["message"]


@pytest.mark.parametrize("share", ["0", "0.6", "1"])
def test_a_group_of_nobody_or_everybody_is_refused(desk: Office, share: str) -> None:
    desk.cli.run("experiment", "start", "--yes", "--share", share, "--days", "60", "--json", code=2)
    assert groups(desk) == {}


@pytest.mark.slow
def test_a_share_that_draws_nobody_and_too_few_owners_are_refused_before_anything(desk: Office) -> None:
    nobody = desk.cli.run("experiment", "design", "--share", "0", "--days", "60", "--json", code=2)
    assert "above 0 and at most 0.5" in nobody.error["action"]
    tiny = desk.cli.run(
        "experiment", "start", "--yes", "--share", "0.000001", "--days", "60", "--json", code=2
    )
    assert "draws no company" in tiny.error["message"]
    few = desk.cli.run("experiment", "start", "--yes", "--by-owner", "--days", "60", "--json", code=2)
    assert "Owners cannot be drawn" in few.error["message"]
    assert "few_owners" in desk.cli.json("experiment", "design", "--by-owner", "--days", "60")["advice"]


@pytest.mark.slow
def test_an_excluded_company_is_not_drawn(desk: Office) -> None:
    companies = [r.id for r in desk.sandbox.store.each("hubspot", "companies")]
    desk.cli.configure(desk.sandbox.url, f"[proof]\nexclude_companies = {companies[:3]}", scored=True)
    desk.cli.json("experiment", "start", "--yes", "--share", "0.5", "--days", "60")
    desk.cli.json("plan")
    drawn = groups(desk)
    assert {drawn.get(f"companies:{c}", "excluded") for c in companies[:3]} == {"excluded"}
    assert {"control", "treated"} <= set(drawn.values())


@pytest.mark.slow
def test_an_export_leaves_out_who_is_in_the_control_group(desk: Office, tmp_path: Path) -> None:
    """Also between the draw and the sync that takes away what it still shows."""
    desk.cli.json("experiment", "start", "--yes", "--share", "0.5", "--days", "60")
    desk.cli.json("plan")
    hidden = control_records(desk)
    found = desk.cli.json("export", "scores", "--out", str(tmp_path / "scores"))
    rows = pd.read_parquet(tmp_path / "scores" / "scores.parquet")
    assert hidden and len(rows)
    assert not set(zip(rows["object"], rows["record_id"], strict=True)) & hidden
    assert any("control group" in why for why in found["left_out"])


def test_without_an_experiment_the_next_step_is_named(desk: Office) -> None:
    refused = desk.cli.run("experiment", "status", "--json", code=2)
    assert "experiment design" in refused.error["action"]


@pytest.mark.slow
def test_the_report_tells_of_an_experiment_and_of_none(desk: Office) -> None:
    """As an admin sees it: before, after the start, and with a score that was shown for months."""
    cli = desk.cli

    def told() -> tuple[dict[str, Any], set[str]]:
        section = cli.json("report", "value")["sections"][0]
        return section, {f["figure"] for f in section["figures"]}

    # The first score was visible for four months; reps answered to some steps.
    back = 120 * 86_400_000
    with closing(sqlite3.connect(cli.data / "main" / "state.db")) as c, c:
        c.execute("UPDATE exposures SET visible_from = visible_from - ?", (back,))
        steps = c.execute(
            "SELECT object, record_id, value FROM exposures WHERE field = 'next_step_id'"
        ).fetchall()
        assert len(steps) > 1
        c.execute("INSERT INTO feedback VALUES (?, ?, ?, 'done', ?)", (*steps[0], 1_730_000_000_000))
    section, figures = told()
    assert section["findings"][0].startswith("Whether the scores help was not measured")
    assert {"before_after", "steps_by_rule", "upkeep"} <= figures
    rows = next(f for f in section["figures"] if f["figure"] == "steps_by_rule")["rows"]
    assert sum(r["shown"] for r in rows) == len({tuple(s) for s in steps})
    assert sum(r["done"] for r in rows) == sum(r["answered"] for r in rows) == 1
    cli.json("experiment", "start", "--yes", "--share", "0.5", "--days", "60", "--hypothesis", "More wins.")
    section, figures = told()
    assert "no company was drawn yet" in section["findings"][0]
    assert cli.json("experiment", "status")["experiment"]["n_control"] == 0
    cli.json("sync", "--yes")
    section, figures = told()
    assert section["findings"][0].startswith("The groups were drawn")
    assert {"announced", "groups"} <= figures and "before_after" not in figures
    announced = next(f for f in section["figures"] if f["figure"] == "announced")["rows"]
    assert {"what": "Hypothesis", "announced": "More wins."} in announced
    drawn = next(f for f in section["figures"] if f["figure"] == "groups")["rows"]
    assert [r["drawn"] for r in drawn] == [
        list(groups(desk).values()).count(a) for a in ("treated", "control")
    ]


@pytest.mark.slow
def test_steps_are_told_by_team_and_a_team_of_one_is_not_named(desk: Office) -> None:
    def teams(more: str) -> set[str]:
        desk.cli.configure(desk.sandbox.url, f"[reports]\nteams = {{ {more} }}", scored=True)
        section = desk.cli.json("report", "value")["sections"][0]
        found = [f["rows"] for f in section["figures"] if f["figure"] == "steps_by_team"]
        return {r["team"] for rows in found for r in rows}

    alone = teams('"rep1@seller.example" = "North"')
    assert "teams of one person" in alone and "North" not in alone
    assert teams('"rep1@seller.example" = "North", "rep2@seller.example" = "North"') <= {"North", "not given"}


@pytest.mark.slow
def test_a_wrong_file_of_spend_is_named_with_its_line(desk: Office) -> None:
    (desk.cli.folder / "spend.csv").write_text("month,channel,amount\n2024-13,search,10\n", encoding="utf-8")
    desk.cli.configure(desk.sandbox.url, '[reports]\nspend = "spend.csv"', scored=True)
    refused = desk.cli.run("report", "response", "--json", code=2)
    assert "spend.csv, line 2" in refused.error["message"]
    (desk.cli.folder / "spend.csv").write_text("month,channel,amount\n2024-10,search,10\n", encoding="utf-8")
    assert "24 months" in desk.cli.json("report", "response")["sections"][0]["hidden"]
