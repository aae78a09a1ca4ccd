"""Account proposals end to end: made from what the CRM shows, kept, reviewed, and erased with a person."""

from pathlib import Path

import pytest
from support.cli import Cli
from support.office import Office


def company_of_a_deal(desk: Office) -> tuple[str, str]:
    """A company that has a person: its id, and the person's."""
    for person in desk.sandbox.store.each("hubspot", "contacts"):
        if company := person.values().get("associatedcompanyid"):
            return str(company), person.id
    raise AssertionError("no company has a person")


def erased(cli: Cli, record: str) -> dict[str, object]:
    """What `forget` says it erased."""
    return dict(cli.json("forget", record, "--yes")["erased"])


@pytest.mark.slow
def test_a_proposal_is_made_kept_reviewed_and_erased(synced: Office) -> None:
    cli = synced.cli
    company, person = company_of_a_deal(synced)
    made = cli.json("propose", f"companies/{company}", "--out", "pages", "--review-in", "1")
    assert made["company_id"] == company and made["language"] == "en"
    assert f"contacts/{person}" in made["records"]
    page, markdown = (Path(f) for f in sorted(made["files"]))
    assert page.suffix == ".html" and markdown.suffix == ".md"
    text = page.read_text(encoding="utf-8")
    assert '<html lang="en">' in text and "<script" not in text
    assert markdown.read_text(encoding="utf-8").startswith("# Account proposal: ")
    # The same moment gives the same proposal.
    again = cli.json("propose", company, "--language", "zh")
    assert again["id"] == made["id"]
    assert [p["id"] for p in cli.json("proposals", "list")["proposals"]] == [made["id"]]
    assert cli.json("proposals", "review")["reviews"] == [], "its day has not come"
    (review,) = cli.json("proposals", "review", made["id"])["reviews"]
    assert review["proposal"]["company_id"] == company and not review["due"]
    copy = cli.json("state", "backup", "copy.db")
    # By the id alone, as it is known to one object only.
    assert erased(cli, person)["proposals"] == 1
    assert not page.exists() and not markdown.exists()
    assert cli.json("proposals", "list")["proposals"] == []
    # A backup holds what was kept when it was made.
    cli.json("state", "restore", str(copy["file"]), "--yes")
    assert len(cli.json("proposals", "list")["proposals"]) == 1
    cli.no_secret_kept()


@pytest.mark.slow
def test_what_is_not_to_be_shown_is_refused(synced: Office) -> None:
    cli = synced.cli
    company, _ = company_of_a_deal(synced)
    for given, said in (("nosuch", "No company"), ("companies/", "No company")):
        assert said in cli.run("propose", given, "--json", code=2).error["message"]
    assert "No proposal" in cli.run("proposals", "review", "nosuch", "--json", code=2).error["message"]
    assert "--language" in cli.run("propose", company, "--language", "fr", "--json", code=2).error["message"]
    blocked = cli.folder / "file"
    blocked.write_text("no folder", encoding="utf-8")
    assert (
        "cannot be written" in cli.run("propose", company, "--out", "file", "--json", code=2).error["message"]
    )
    assert cli.json("proposals", "list")["proposals"] == [], "what failed is not kept"
    synced.set("companies", company, sc_do_not_score="true")
    cli.json("pull")
    assert "left alone" in cli.run("propose", company, "--json", code=2).error["message"]


@pytest.mark.slow
@pytest.mark.parametrize("share", ["0.5"])
def test_a_company_of_the_control_group_gets_none(desk: Office, share: str) -> None:
    cli = desk.cli
    cli.configure(desk.sandbox.url, f"[proof]\ncontrol_share = {share}")
    cli.json("provision")
    cli.json("sync", "--yes")
    groups = dict(desk.query("SELECT unit, name FROM groups WHERE unit LIKE 'companies:%'"))
    for unit, name in groups.items():
        company = unit.partition(":")[2]
        if name == "control":
            refused = cli.run("propose", company, "--json", code=2)
            assert "control group" in refused.error["message"]
        else:
            assert cli.json("propose", company)["company_id"] == company
    assert set(groups.values()) == {"control", "shown"}
