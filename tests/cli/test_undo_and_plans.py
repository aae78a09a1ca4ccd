"""What is written can be looked at first, applied later, undone and held; edits by hand are seen; failures come back."""

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support import tiny
from support.office import Office, frozen, kill, office, wait_for


def last_sync(desk: Office) -> str:
    """The id of the newest sync."""
    found = [r["id"] for r in desk.cli.json("runs", "list")["runs"] if r["job"] == "sync"]
    return str(found[0])


def test_a_second_sync_writes_nothing(synced: Office) -> None:
    before = synced.held()
    synced.portal.control("reset")
    done = synced.cli.json("sync", "--yes")
    assert (done["written"], done["dead"], done["not_sent"]) == (0, 0, 0)
    assert synced.held() == before == synced.written()
    # What changed is asked for, nothing is read whole: one or two calls a stream.
    assert done["api_calls"] == synced.calls() <= 65
    assert synced.cli.json("plan", "--no-pull")["records"] == 0


def test_the_first_write_is_guarded(desk: Office) -> None:
    desk.cli.json("provision")
    error = desk.cli.json("sync", code=6)["error"]
    assert error["kind"] == "guard" and "--yes" in error["action"]
    assert error["details"]["records"] == 44
    assert desk.held() == {} == desk.written()
    told = desk.cli.run("sync", code=6)
    assert "first write" in told.err
    assert [r["outcome"] for r in desk.cli.json("runs", "list")["runs"]] == ["failed: guard"] * 2


@pytest.mark.slow
def test_a_guard_of_the_settings(synced: Office) -> None:
    for record in [i for o, i, f in synced.held() if o == "contacts" and f == "segment"][:5]:
        synced.set("contacts", record, sc_segment="")
    synced.cli.configure(synced.sandbox.url, "[guards]\nmax_records = 3")
    before = synced.held()
    error = synced.cli.json("sync", code=6)["error"]
    assert "max_records" in error["message"]
    assert synced.held() == before
    assert synced.cli.json("sync", "--yes")["written"] == 5


def test_rollback_restores_and_holds(synced: Office) -> None:
    run, before = last_sync(synced), synced.held()
    mine = next(k for k in before if k[2] == "segment" and k[0] == "contacts")
    synced.set("contacts", mine[1], sc_segment="champions")
    looked = synced.cli.json("rollback", run, "--dry-run")
    assert synced.held() == {**before, mine: "champions"}
    assert [c["record"] for c in looked["conflicts"]] == [mine[1]]
    error = synced.cli.json("rollback", run, code=2)["error"]
    assert "--yes" in error["action"]

    done = synced.cli.json("rollback", run, "--yes")
    assert done["written"] == looked["records"]
    # What somebody touched since is left, and listed with both values.
    assert synced.held() == {mine: "champions"}
    (conflict,) = done["conflicts"]
    assert (conflict["record"], conflict["field"], conflict["holds"]) == (mine[1], "segment", "champions")

    # The next night does not undo the undo.
    assert synced.cli.json("sync", "--yes")["written"] == 0
    assert synced.held() == {mine: "champions"}
    assert {h["field"] for h in synced.cli.json("status")["on_hold"]} >= {"segment", "lifecycle"}
    assert "segment" in synced.cli.json("resume")["lifted"]
    assert synced.cli.json("sync", "--yes")["written"] == 44
    assert synced.held() == before == synced.written()
    assert synced.cli.json("sync", "--yes")["written"] == 0


def test_rollback_of_a_field_and_a_record(synced: Office) -> None:
    run, before = last_sync(synced), synced.held()
    record = next(i for o, i, f in before if f == "lifecycle")
    done = synced.cli.json("rollback", run, "--yes", "--field", "lifecycle", "--record", record)
    assert done["written"] == 1 and done["on_hold"] == ["lifecycle"]
    assert synced.held() == {k: v for k, v in before.items() if k != ("companies", record, "lifecycle")}


def test_an_edit_by_hand(synced: Office) -> None:
    """Reported either way; overwritten as configured, or kept."""
    before = synced.held()
    mine = next(k for k in before if k[2] == "segment" and k[0] == "contacts")
    synced.set("contacts", mine[1], sc_segment="champions")
    synced.cli.configure(synced.sandbox.url, '[write]\non_foreign_edit = "keep"')
    kept = synced.cli.json("sync", "--yes")
    assert kept["plan"]["foreign_edits"] == 1 and kept["written"] == 0
    assert synced.held() == {**before, mine: "champions"}
    synced.cli.configure(synced.sandbox.url)
    done = synced.cli.json("sync", "--yes")
    assert done["plan"]["foreign_edits"] == 1 and done["written"] == 1
    assert synced.held() == before == synced.written()


@pytest.mark.slow
def test_a_plan_applied_later(desk: Office) -> None:
    desk.cli.json("provision")
    made = desk.cli.json("plan", "--out", "plan.json")
    assert desk.held() == {}
    file = desk.cli.folder / "plan.json"
    assert file.stat().st_mode & 0o777 == 0o600
    wanted = {(e["object"], e["id"], k): v["new"] for e in made["entries"] for k, v in e["fields"].items()}
    done = desk.cli.json("push", "plan.json")
    assert done["written"] == made["records"] == 44
    assert desk.held() == wanted == desk.written()
    # Applied twice: the CRM holds other values than the plan's old ones.
    error = desk.cli.json("push", "plan.json", code=6)["error"]
    assert len(error["details"]["moved"]) == 44
    assert desk.held() == wanted
    assert desk.cli.json("sync", "--yes")["written"] == 0


@pytest.mark.slow
def test_a_plan_that_is_not_to_be_applied(synced: Office) -> None:
    contacts = [i for o, i, f in synced.held() if o == "contacts" and f == "segment"]
    for record in contacts[:3]:
        synced.set("contacts", record, sc_segment="")
    before = synced.held()
    assert synced.cli.json("plan", "--out", "plan.json")["records"] == 3
    file = synced.cli.folder / "plan.json"
    whole = file.read_text(encoding="utf-8")

    # Moved: one of the records is edited in between; none is written, and that one is named.
    synced.set("contacts", contacts[0], sc_segment="champions")
    error = synced.cli.json("push", "plan.json", code=6)["error"]
    assert contacts[0] in error["message"]
    assert [m["record"] for m in error["details"]["moved"]] == [contacts[0]]
    synced.set("contacts", contacts[0], sc_segment="")

    # Changed, renamed to a field that is not ours, or broken.
    for other in (
        whole.replace(contacts[1], contacts[5]),
        whole.replace('"segment"', '"email"'),
        whole.replace('"prospects"', '"champions"'),
        whole[: len(whole) // 2],
        json.dumps({"format": 1}),
        "[]",
    ):
        assert other != whole
        file.write_text(other, encoding="utf-8")
        error = synced.cli.json("push", "plan.json", code=2)["error"]
        assert "plan" in error["message"]

    # Expired, whatever the file says of it.
    file.write_text(whole, encoding="utf-8")
    with closing(sqlite3.connect(synced.cli.data / "main" / "state.db")) as c, c:
        held = c.execute("SELECT max(expires_at) FROM plans").fetchone()[0]
        c.execute("UPDATE plans SET expires_at = 1")
    assert "expired" in synced.cli.json("push", "plan.json", code=2)["error"]["message"]
    assert synced.held() == before

    with closing(sqlite3.connect(synced.cli.data / "main" / "state.db")) as c, c:
        c.execute("UPDATE plans SET expires_at = ?", (held,))
    assert synced.cli.json("push", "plan.json")["written"] == 3
    assert synced.held() == synced.written()


def test_dead_letters_come_back(synced: Office) -> None:
    """A record that the CRM refuses is kept with the CRM's words, waits, and is tried again when somebody says so."""
    contacts = sorted(i for o, i, f in synced.held() if o == "contacts" and f == "segment")
    for record in contacts[:4]:
        synced.set("contacts", record, sc_segment="")
    synced.fault(kind="status", status=400, path="contacts/batch/update", times=None)
    done = synced.cli.json("sync", "--yes", code=5)
    assert done["dead"] == 4 and done["written"] == 0
    shown = synced.cli.json("runs", "show", done["run"])
    assert shown["outcome"] == "done, with dead letters"
    assert sum(r["records"] for r in shown["refused"]) == 4
    assert all(r["message"] for r in shown["refused"])
    assert synced.cli.json("status")["dead_letters"] == 4
    # They wait, so that a night does not spend its calls on them.
    synced.calm()
    waited = synced.cli.json("sync", "--yes")
    assert waited["written"] == 0 and waited["plan"]["left_alone"] == {"dead letter, waiting": 4}
    assert synced.cli.json("retry")["dead_letters"] == 4
    assert synced.cli.json("sync", "--yes")["written"] == 4
    assert synced.cli.json("status")["dead_letters"] == 0
    assert synced.held() == synced.written()


@pytest.mark.slow
def test_answers_that_are_lost(synced: Office) -> None:
    """Applied, and no answer came: read back, not written twice, not lost."""
    for record in [i for o, i, f in synced.held() if o == "contacts" and f == "segment"]:
        synced.set("contacts", record, sc_segment="")
    synced.fault(kind="lost", path="contacts/batch/update")
    synced.portal.control("reset")
    assert synced.cli.json("sync", "--yes")["written"] == 39
    assert synced.held() == synced.written() and synced.unsettled() == 0
    assert synced.cli.json("sync", "--yes")["written"] == 0


@pytest.mark.slow
def test_a_limit_that_is_spent(synced: Office) -> None:
    """Exit 4, nothing half written, and the next run goes on."""
    for record in [i for o, i, f in synced.held() if o == "contacts" and f == "segment"]:
        synced.set("contacts", record, sc_segment="")
    synced.fault(kind="status", status=429, policy="DAILY", path="batch/update", times=None)
    error = synced.cli.json("sync", "--yes", code=4)["error"]
    assert "day's calls" in error["message"]
    synced.calm()
    assert synced.cli.json("sync", "--yes")["written"] == 39
    assert synced.held() == synced.written() and synced.unsettled() == 0


def test_two_syncs_at_once(synced: Office) -> None:
    synced.fault(kind="slow", method="GET", path="pipelines", seconds=2)
    first = synced.cli.start("sync", "--yes", "--json")
    wait_for(lambda: synced.query("SELECT 1 FROM runs WHERE ended_at IS NULL"), 90)
    with frozen(synced, first):
        for words in (("sync", "--yes"), ("pull",), ("rollback", last_sync(synced), "--yes")):
            error = synced.cli.json(*words, code=7)["error"]
            assert error["kind"] == "busy"
            assert re.search(rf"sync, process {first.pid}\b", error["message"])
        # Looking is allowed while a run writes.
        assert synced.cli.json("runs", "list")["runs"][0]["outcome"] == "going on, or killed"
        assert synced.cli.json("status")["in_flight"] == 0
    assert synced.cli.finish(first).code == 0


def test_runs_and_what_they_did(synced: Office) -> None:
    runs = synced.cli.json("runs", "list")["runs"]
    assert [r["job"] for r in runs] == ["sync"]
    shown = synced.cli.json("runs", "show", runs[0]["id"])
    done: dict[Any, int] = {
        (c["object"], c["field"]): c["n"] for c in shown["changes"] if c["state"] == "done"
    }
    assert done["contacts", "segment"] == 39
    assert sum(done.values()) == len(synced.written())
    assert synced.cli.json("runs", "list", "--limit", "0")["runs"] == []
    assert "1 run, none of them shown" in synced.cli.run("runs", "list", "--limit", "0").out
    assert synced.cli.json("runs", "list", "--limit", "-1", code=2)["error"]["kind"] == "usage"
    text = synced.cli.run("runs", "show", runs[0]["id"]).out
    assert "segment" in text and "done" in text


@pytest.mark.slow
def test_a_pilot_of_one_owner(synced: Office) -> None:
    held = synced.held()
    synced.cli.json("rollback", last_sync(synced), "--yes")
    synced.cli.json("resume")
    synced.cli.configure(synced.sandbox.url, "[write.where]\nowner = 'rep1@seller.example'")
    done = synced.cli.json("sync", "--yes")
    assert 0 < done["written"] < 44
    assert done["plan"]["left_alone"]["outside the pilot"] == 44 - done["written"]
    owners = {o["id"]: o["email"] for o in synced.portal.get("/crm/v3/owners").json()["results"]}
    for object, record, _ in synced.held():
        found = synced.sandbox.store.get("hubspot", object, record)
        assert found is not None
        assert owners[str(found.values()["hubspot_owner_id"])] == "rep1@seller.example"
    # Widened by configuration.
    synced.cli.configure(synced.sandbox.url)
    synced.cli.json("sync", "--yes")
    assert synced.held() == held


@pytest.mark.slow
def test_a_backfill_of_a_stretch(desk: Office) -> None:
    words = ("--since", "2024-06-01", "--until", "2024-10-01T00:00Z", "--object", "deals")
    since, until = 1_717_200_000_000, 1_727_740_800_000
    modified = [r.modified for r in desk.sandbox.store.each("hubspot", "deals")]
    done = desk.cli.json("backfill", *words)
    assert 0 < done["rows"]["deals"] == sum(since <= m <= until for m in modified) < 30
    assert "contacts" not in done["rows"]
    again = desk.cli.json("backfill", *words)
    assert again["rows"] == {} and "deals" in again["finished_before"]
    assert desk.cli.json("backfill", *words, "--again")["rows"] == done["rows"]
    # It has a watermark of its own: the next pull still reads everything once.
    assert desk.cli.json("pull")["pulled"]["deals"] == 30


@pytest.mark.slow
def test_a_backfill_that_is_killed_goes_on(tmp_path: Path) -> None:
    """What was committed is not read again, and nothing is left out."""
    people = tiny.tables(contacts=9_000, companies=1, deals=0)["contacts"]
    plain = ("id", "email", "last_name", "created_at")
    data = tiny.write(tmp_path / "data", {"contacts": [{k: p[k] for k in plain} for p in people]})
    with office(tmp_path / "admin", data=data, clock=tiny.CLOCK) as desk:
        desk.fault(kind="slow", path="objects/", seconds=0.02, times=None)
        first = desk.cli.start("backfill", "--json")
        some = "SELECT 1 FROM backfills WHERE stream = 'contacts' AND rows >= 2000"
        wait_for(lambda: desk.journal_is_there() and desk.query(some), 90)
        kill(first)
        desk.calm()
        rows = desk.query("SELECT rows FROM backfills WHERE stream = 'contacts'")[0][0]
        assert 2_000 <= rows < 9_000
        done = desk.cli.json("backfill")
        assert done["rows"]["contacts"] == 9_000 - rows
        assert "owners" in done["finished_before"]
        again = desk.cli.json("backfill")
        assert again["rows"] == {} and "contacts" in again["finished_before"]


@pytest.mark.slow
def test_the_schedule_goes_on_after_a_rollback_and_a_resume(tmp_path: Path) -> None:
    """More records than the guard needs to speak: what was undone and let go comes back without anybody's yes."""
    data = tiny.write(tmp_path / "data", tiny.tables(contacts=260, companies=8, deals=6))
    with office(tmp_path / "admin", data=data, clock=tiny.CLOCK) as desk:
        desk.cli.configure(desk.sandbox.url, "[schedule.nightly]\njob = 'sync'\ncron = '0 3 * * *'\n")
        desk.cli.json("provision")
        first = desk.cli.json("sync", "--yes")
        held = desk.held()
        assert first["written"] >= 200
        desk.cli.json("rollback", last_sync(desk), "--yes")
        assert desk.held() == {}
        assert desk.cli.json("schedule", "run-now", "nightly")["written"] == 0
        desk.cli.json("resume")
        done = desk.cli.json("schedule", "run-now", "nightly")
        assert (done["written"], done["back_after_a_rollback"]) == (first["written"], first["written"])
        assert desk.held() == held == desk.written()
        # Agreed to once: whoever empties the fields by another way than a rollback stops the next run.
        for object, record, _ in held:
            if object == "contacts":
                desk.set(object, record, sc_segment="")
        # The CRM's clock tells whole seconds: what is edited in the second of our own write is seen in the next.
        desk.portal.control("clock", advance=5)
        assert "max_share" in desk.cli.json("schedule", "run-now", "nightly", code=6)["error"]["message"]
