"""A sync that could write nothing says so before it reads anything; looking and learning go on without our fields."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import tiny
from support.cli import Cli
from support.office import Office

from sales_consultant.sandbox.serving.server import Sandbox

REFUSED = "None of our fields can be written"


@contextlib.contextmanager
def crm(folder: Path, data: Path, name: str) -> Iterator[tuple[Cli, Sandbox]]:
    with Sandbox(data=data, clock=tiny.CLOCK, crms=(name,)) as sandbox:
        yield Cli(folder, sandbox.url, crm=name), sandbox


@pytest.mark.slow
@pytest.mark.parametrize("name", ["hubspot", "salesforce"])
def test_a_sync_before_provision_refuses_before_the_pull(tmp_path: Path, folder: Path, name: str) -> None:
    with crm(tmp_path, folder, name) as (cli, sandbox):
        done = cli.run("sync", "--yes", "--json", code=3)
        assert REFUSED in done.error["message"] and "provision" in done.error["action"]
        assert set(done.error["details"]["missing_fields"]) >= {"contacts", "companies", "deals"}
        (run,) = cli.json("runs", "list")["runs"]
        assert (run["job"], run["outcome"]) == ("sync", "failed: access")
        assert "pulled" not in cli.json("runs", "show", run["id"])["counts"]
        asked = sandbox.world.counted()[name]
        assert sum(asked.values()) <= 8, asked
        assert "pulling" not in cli.run("sync", "--yes", code=3).err
        # To look and to learn needs no field.
        assert cli.json("plan")["records"] > 0
        assert cli.json("train")["trained"]
        assert REFUSED in cli.json("sync", code=3)["error"]["message"]
        cli.json("provision")
        assert cli.json("sync", "--yes")["written"] > 0


@pytest.mark.slow
def test_fields_that_were_taken_away_are_seen_at_once_the_next_night(synced: Office) -> None:
    names = [p["name"] for o in ("contacts", "companies", "deals") for p in ours(synced, o)]
    assert len(names) > 20
    for object in ("contacts", "companies", "deals"):
        for p in ours(synced, object):
            synced.portal.send("DELETE", f"/crm/v3/properties/{object}/{p['name']}")
    first = synced.cli.json("sync", "--yes", code=3)["error"]
    assert first["kind"] == "access"
    told = synced.cli.run("sync", "--yes", code=3)
    assert REFUSED in told.err and "pulling" not in told.err


def ours(desk: Office, object: str) -> list[dict[str, str]]:
    found = desk.portal.get(f"/crm/v3/properties/{object}").json()["results"]
    return [p for p in found if p["groupName"] == "sales_consultant"]


@pytest.mark.slow
def test_some_fields_are_written_where_others_are_missing(synced: Office) -> None:
    for record in [i for o, i, f in synced.held() if o == "contacts" and f == "segment"][:3]:
        synced.set("contacts", record, sc_segment="")
    synced.portal.send("DELETE", "/crm/v3/properties/companies/sc_lifecycle")
    done = synced.cli.json("sync", "--yes")
    assert done["written"] == 3
    assert done["missing_fields"] == {"companies": ["lifecycle"]}


@pytest.mark.slow
def test_a_plan_file_is_refused_without_fields(synced: Office) -> None:
    for record in [i for o, i, f in synced.held() if o == "contacts" and f == "segment"][:3]:
        synced.set("contacts", record, sc_segment="")
    synced.cli.json("plan", "--out", "plan.json")
    synced.portal.send("DELETE", "/crm/v3/properties/contacts/sc_segment")
    error = synced.cli.json("push", "plan.json", code=3)["error"]
    assert "provision" in error["action"]
