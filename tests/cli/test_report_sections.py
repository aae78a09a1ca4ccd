"""Reports over a scored company in a sandbox: every section is made, and the control group is named in none."""

from pathlib import Path

import pytest
from support import tiny
from support.office import Office, office

pytestmark = pytest.mark.slow
KINDS = ("funnel", "pipeline", "week")


@pytest.fixture
def desk(scored_desk: Office) -> Office:
    return scored_desk


def deal_names(report: object) -> set[str]:
    """The deals that a report names in its lists."""
    sections = report["sections"]  # type: ignore[index]
    return {r["deal"] for s in sections for f in s["figures"] for r in f["rows"] if "deal" in r}


def test_each_report_is_made_and_names_no_control_company(desk: Office) -> None:
    before = {k: desk.cli.json("report", k) for k in KINDS}
    for kind, made in before.items():
        (section,) = made["sections"]
        assert section["section"] == kind and section["figures"] and not section["hidden"]
    named = set.union(*(deal_names(m) for m in before.values()))
    assert named, "the company of this test has deals to name"
    desk.cli.json("experiment", "start", "--yes", "--share", "0.5", "--days", "60")
    desk.cli.json("sync", "--yes")
    units = {u for (u,) in desk.query("SELECT unit FROM groups WHERE name = 'control'")}
    assert units
    after = {k: desk.cli.json("report", k) for k in KINDS}
    control = control_deals(desk, units)
    assert control & named, "a deal that was named is of the control group now"
    assert not set.union(*(deal_names(m) for m in after.values())) & control


def control_deals(desk: Office, units: set[str]) -> set[str]:
    """The names of the deals of control companies that no other deal has."""
    inside: set[str] = set()
    outside: set[str] = set()
    for deal in desk.sandbox.store.each("hubspot", "deals"):
        linked = desk.portal.get(f"/crm/v4/objects/deals/{deal.id}/associations/companies").json()
        of = {f"companies:{r['toObjectId']}" for r in linked["results"]} or {f"deals:{deal.id}"}
        found = desk.portal.get(f"/crm/v3/objects/deals/{deal.id}").json()["properties"]["dealname"]
        (inside if of & units else outside).add(found)
    return inside - outside


def test_a_report_for_tomorrow_and_one_turned_round_are_refused(desk: Office) -> None:
    for kind in KINDS:
        found = desk.cli.run("report", kind, "--as-of", "2099-01-01", code=2)
        assert "later than the CRM was last read" in found.err
    found = desk.cli.run("report", "pipeline", "--since", "2099-01-01", code=2)
    assert "--since is not before" in found.err


def test_a_report_of_the_past_shows_the_grades_of_then(desk: Office) -> None:
    found = desk.cli.json("report", "week", "--as-of", "2024-11-01")
    (section,) = found["sections"]
    assert any("Which grades deals showed on 1 Nov 2024 is not known" in u for u in section["unknown"])


def test_an_empty_crm_gives_reports_that_say_so(tmp_path: Path) -> None:
    data = tmp_path / "tables"
    data.mkdir()
    with office(tmp_path / "admin", data=data, store=tmp_path / "portal.db", clock=tiny.CLOCK) as made:
        made.cli.configure(made.sandbox.url)
        made.cli.json("pull")
        for kind in KINDS:
            (section,) = made.cli.json("report", kind)["sections"]
            assert section["hidden"] and "Next: " in section["hidden"] and not section["figures"]
