"""A rep's day and the playbook from the command line, and an answer that takes its step away."""

import csv
from pathlib import Path

import pytest
from icalendar import Calendar
from support.office import Office

RULE = """[[rules]]
id = "mine"
objects = ["deals", "contacts", "companies"]
when = "has_owner or age_days >= 0 and not customer"
channel = "none"
share = 0.5
step = "=Look at {company}"
reason = "score {score}"
"""


def own_playbook(desk: Office, text: str = RULE) -> None:
    """A playbook whose one rule holds for nearly all."""
    (desk.cli.folder / "mine.toml").write_text(text, encoding="utf-8")
    settings = desk.cli.folder / "sales-consultant.toml"
    settings.write_text(
        settings.read_text(encoding="utf-8") + '\n[next_steps]\nplaybook = "mine.toml"\n', encoding="utf-8"
    )


@pytest.mark.slow
def test_a_day_as_a_list_a_table_and_a_calendar(synced: Office) -> None:
    cli = synced.cli
    own_playbook(synced)
    cli.json("sync", "--yes")
    day = cli.json("steps", "--csv", "day.csv", "--calendar", "day.ics", "--left-out")
    assert day["steps"] and all(s["step"].startswith("=Look at") for s in day["steps"])
    ranks = [("high", "medium", "low").index(s["priority"]) for s in day["steps"]]
    assert ranks == sorted(ranks)
    with (cli.folder / "day.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(day["steps"])
    assert all(r["step"].startswith("'=") for r in rows), (
        "no spreadsheet takes a text of the CRM for a formula"
    )
    events = Calendar.from_ical((cli.folder / "day.ics").read_bytes()).walk("VEVENT")
    assert len(events) == len({str(e["uid"]) for e in events}) == sum(bool(s["due"]) for s in day["steps"])
    owner = next(s["owner"] for s in day["steps"] if s["owner"])
    email = owner.partition("<")[2].rstrip(">")
    mine = cli.json("steps", "--owner", email)
    assert mine["owner"] == owner and {s["owner"] for s in mine["steps"]} == {owner}
    assert 'called "nobody"' in cli.run("steps", "--owner", "nobody", "--json", code=2).error["message"]
    assert "is there already" in cli.run("steps", "--csv", "day.csv", "--json", code=2).error["message"]


@pytest.mark.slow
def test_a_file_that_cannot_be_written_is_an_error_that_names_the_option(synced: Office) -> None:
    cli = synced.cli
    (cli.folder / "a-file").write_text("", encoding="utf-8")
    for command, option in (("steps", "--csv"), ("steps", "--calendar"), ("playbook convert", "--out")):
        for place in ("nowhere/x", "a-file/x"):
            error = cli.json(*command.split(), option, place, code=None)["error"]
            assert f"{place} cannot be written" in error["message"], error
            assert option in error["action"]


@pytest.mark.slow
def test_an_answer_takes_the_step_away_and_is_counted(synced: Office) -> None:
    cli = synced.cli
    own_playbook(synced)
    cli.json("sync", "--yes")
    first = cli.json("steps")["steps"][0]
    synced.set(first["object"], first["record_id"], sc_next_step_feedback="wrong")
    cli.json("sync", "--yes")
    assert (first["object"], first["record_id"]) not in {
        (s["object"], s["record_id"]) for s in cli.json("steps")["steps"]
    }
    tested = cli.json("playbook", "test", f"{first['object']}/{first['record_id']}")
    assert tested["step"] is None and "wrong" in tested["reason"]
    assert next(r for r in tested["rules"] if r["rule"] == "mine")["holds"] == "yes"
    (stats,) = [r for r in cli.json("playbook", "stats")["rules"] if r["rule"] == "mine"]
    assert stats["answers"] == {"wrong": 1} and stats["given"] >= 1
    assert cli.json("playbook", "explain", "mine")["stats"]["answers"] == {"wrong": 1}
    assert "called" not in cli.run("playbook", "explain", "min", "--json", code=2).error["message"]


@pytest.mark.slow
def test_a_playbook_that_cannot_be_used_stops_before_anything_is_written(synced: Office) -> None:
    cli = synced.cli
    own_playbook(synced, RULE.replace("has_owner", "has_ownr"))
    for command in (("playbook", "check"), ("sync", "--yes"), ("plan", "--no-pull")):
        said = cli.run(*command, "--json", code=2).error["message"]
        assert (
            'mine.toml:4:9: rule "mine": when: the name "has_ownr" is not known; did you mean has_owner?'
            in said
        )


def test_a_playbook_of_an_earlier_release_is_converted(synced: Office) -> None:
    cli = synced.cli
    old = RULE.replace(
        '"has_owner or age_days >= 0 and not customer"', "{ score_min = 3, has_amount = true } # why"
    )
    own_playbook(synced, old.replace(', "contacts", "companies"', ""))
    made = cli.json("playbook", "convert", "--out", "new.toml")
    text = Path(cli.folder / "new.toml").read_text(encoding="utf-8")
    assert made["changed"] == 1 and "when = 'score >= 3 and has_amount' # why" in text
    assert cli.json("playbook", "check", "new.toml")["rules"] == 1


def test_a_country_that_is_not_known_is_told(synced: Office) -> None:
    cli = synced.cli
    settings = cli.folder / "sales-consultant.toml"
    settings.write_text(
        settings.read_text(encoding="utf-8") + '\n[next_steps]\ncountry = "ZZ"\n', encoding="utf-8"
    )
    said = cli.run("plan", "--no-pull", "--json", code=2).error["message"]
    assert '[next_steps] country or countries: no public holidays are known of the country "ZZ"' in said
