"""The state is copied, checked, put back; after that the CRM is asked what was written, and nothing is written twice."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from support.office import Office, office

from sales_consultant.sync.stores.state import SCHEMA_VERSION


@pytest.mark.slow
def test_a_backup_is_made_listed_and_put_back(synced: Office) -> None:
    """A week is lost: what it wrote is recognised; nothing is sent again, and nothing that a person did is undone."""
    cli = synced.cli
    made = cli.json("state", "backup")
    assert made["runs"] == 1 and Path(made["file"]).stat().st_mode & 0o077 == 0
    run = str(cli.json("runs", "list")["runs"][0]["id"])

    # The week that is lost: all is taken back and written anew, a person changes one value, another is emptied.
    contacts = sorted(i for o, i, f in synced.held() if o == "contacts" and f == "segment")
    lifecycle = [i for o, i, f in synced.held() if f == "lifecycle"]
    cli.json("rollback", run, "--yes", "--field", "segment")
    cli.json("resume")
    synced.set("companies", lifecycle[0], sc_lifecycle="lost")
    cli.json("sync", "--yes")
    synced.set("contacts", contacts[0], sc_segment="champions")
    before = synced.held()

    assert cli.json("state", "restore", made["file"], code=2)["error"]["kind"] == "usage"
    done = cli.json("state", "restore", made["file"], "--yes")
    assert Path(done["kept"]).exists()
    found = cli.json("state", "check")
    assert found["problems"] == [] and found["version"] == SCHEMA_VERSION
    assert {Path(b["file"]).name for b in found["backups"]} == {
        Path(made["file"]).name,
        Path(done["kept"]).name,
    }

    # What is taken back is only what is as the journal knows it.
    undone = cli.json("rollback", run, "--dry-run")
    assert [c["record"] for c in undone["conflicts"]] == [contacts[0]]
    # Somebody must say that it may write: what was put on hold in the lost week is not known any more.
    synced.set("companies", lifecycle[1], sc_lifecycle="")
    error = cli.json("sync", code=6)["error"]
    assert "restored from a backup" in error["message"]
    synced.portal.control("reset")
    done = cli.json("sync", "--yes")
    assert done["plan"]["foreign_edits"] <= 2 and done["written"] == 2
    assert (
        synced.held()
        == synced.written()
        == {**before, ("contacts", contacts[0], "segment"): synced.held()["contacts", contacts[0], "segment"]}
    )
    assert cli.json("sync")["written"] == 0


@pytest.mark.slow
def test_copies_that_do_not_fit_are_refused(synced: Office, tmp_path: Path, folder: Path) -> None:
    cli = synced.cli
    copy = tmp_path / "copy.db"
    cli.json("state", "backup", str(copy))
    state = cli.data / "main" / "state.db"
    before = synced.written()

    newer = tmp_path / "newer.db"
    newer.write_bytes(copy.read_bytes())
    with closing(sqlite3.connect(newer)) as c:
        c.execute("UPDATE meta SET value = '99' WHERE key = 'schema_version'")
        c.commit()
    assert "format 99" in cli.json("state", "restore", str(newer), "--yes", code=2)["error"]["message"]

    other = tmp_path / "other.db"
    other.write_bytes(copy.read_bytes())
    with closing(sqlite3.connect(other)) as c:
        text = json.dumps(["hubspot", "999", "production"])
        c.execute("UPDATE meta SET value = ? WHERE key = 'identity'", (text,))
        c.commit()
    assert "999" in cli.json("state", "restore", str(other), "--yes", code=2)["error"]["message"]

    torn = tmp_path / "torn.db"
    torn.write_bytes(copy.read_bytes()[:20_000])
    assert cli.json("state", "restore", str(torn), "--yes", code=2)["error"]["kind"] == "machine"
    assert (
        cli.json("state", "restore", str(tmp_path / "none.db"), "--yes", code=2)["error"]["kind"] == "usage"
    )
    assert synced.written() == before

    # A state that is broken is named by check, and mended by a copy.
    for log in state.parent.glob("state.db-*"):
        log.unlink()
    state.write_bytes(b"not a database" * 1000)
    assert cli.json("state", "check", code=2)["problems"]
    cli.json("state", "restore", str(copy), "--yes")
    assert synced.written() == before
    assert cli.json("sync", "--yes")["written"] == 0


def test_the_journal_for_an_auditor(synced: Office, tmp_path: Path) -> None:
    file = tmp_path / "journal.parquet"
    assert synced.cli.json("state", "export", str(file))["changes"] == len(synced.written())
    rows = pq.read_table(file).to_pylist()
    assert {(r["object"], r["record_id"], r["field"]): r["new"] for r in rows} == synced.written()
    assert {r["job"] for r in rows} == {"sync"} and all(r["sent_at"] <= r["settled_at"] for r in rows)


@pytest.mark.slow
def test_a_locked_state_is_said(synced: Office) -> None:
    state = synced.cli.data / "main" / "state.db"
    with closing(sqlite3.connect(state)) as c:
        c.execute("BEGIN EXCLUSIVE")
        error = synced.cli.json("sync", "--yes", code=2)["error"]
    assert error["kind"] == "machine" and "locked" in error["message"]
    assert synced.cli.json("sync", "--yes")["written"] == 0
    # A warehouse that was deleted is read again.
    (synced.cli.data / "main" / "warehouse.duckdb").unlink()
    assert synced.cli.json("sync", "--yes")["written"] == 0


@pytest.mark.slow
def test_a_person_is_erased(synced: Office, tmp_path: Path) -> None:
    """No byte of the person is left in warehouse, state and plans; the journal keeps that something changed."""
    cli, place = synced.cli, synced.cli.data / "main"
    contact = next(
        r
        for r in synced.sandbox.store.each("hubspot", "contacts")
        if r.values().get("email") == "person5@company5.example"
    )
    copy = cli.json("state", "backup")["file"]
    synced.set("contacts", contact.id, sc_segment="")
    plan = cli.folder / "plan.json"
    cli.json("plan", "--out", str(plan))
    assert contact.id in plan.read_text(encoding="utf-8")
    assert cli.json("forget", contact.id, code=2)["error"]["kind"] == "usage"

    done = cli.json("forget", contact.id, "--yes")
    assert done["still_in_the_crm"] and "next pull" in done["note"]
    assert done["backups_that_may_hold_it"] == [copy]
    assert done["erased"]["changes_blanked"] and done["erased"]["warehouse_rows"]
    assert not plan.exists()
    needle = b"person5@company5.example"
    assert not [f.name for f in place.iterdir() if f.is_file() and needle in f.read_bytes()]
    assert needle in Path(copy).read_bytes() or contact.id.encode() in Path(copy).read_bytes()
    blank = synced.query("SELECT old, new, message FROM changes WHERE record_id = ?", contact.id)
    assert blank and set(blank) == {(None, None, None)}
    for table in ("written", "exposures", "feedback", "dead_letters"):
        assert synced.query(f"SELECT 1 FROM {table} WHERE record_id = ?", contact.id) == []

    # Gone from the CRM too: archived there, and no pull brings it back.
    path = f"/crm/objects/2026-03/contacts/{contact.id}"
    assert synced.portal.send("DELETE", path).status_code == 204
    run = str(next(r["id"] for r in cli.json("runs", "list")["runs"] if r["job"] == "sync"))
    assert cli.json("pull", "--full").get("forgotten_but_in_the_crm") is None
    assert cli.json("forget", contact.id, "--yes")["note"].endswith("does not bring it back.")
    undo = cli.json("rollback", run, "--dry-run")
    assert all(c["record"] != contact.id for c in undo["conflicts"])
    # The other 45 are as before.
    assert cli.json("sync", "--yes")["written"] == 0


def test_somebody_who_is_still_there_comes_back_and_is_named(tmp_path: Path, settled: Path) -> None:
    import shutil

    shutil.copytree(settled, tmp_path, dirs_exist_ok=True)
    with office(tmp_path / "admin", store=tmp_path / "portal.db", clock="2024-12-02T08:00:00Z") as desk:
        contact = next(i for o, i, _ in desk.held() if o == "contacts")
        desk.cli.json("forget", f"contacts/{contact}", "--yes")
        assert desk.cli.json("pull", "--full")["forgotten_but_in_the_crm"] == [f"contacts/{contact}"]


@pytest.mark.slow
def test_a_person_of_two_merged_records_is_erased_whole(synced: Office) -> None:
    """Whichever of the ids is named: the loser's e-mail and what was written to it go too."""
    first, second = list(synced.sandbox.store.each("hubspot", "contacts"))[:2]
    emails = [str(r.values()["email"]).encode() for r in (first, second)]
    synced.portal.control("merge", object="contacts", primary=first.id, other=second.id)
    synced.cli.json("sync", "--yes")
    ((winner,),) = synced.query("SELECT DISTINCT new_id FROM merges")
    synced.portal.control("purge", object="contacts", id=winner)
    done = synced.cli.json("forget", f"contacts/{second.id}", "--yes")
    ids = {first.id, second.id, winner}
    assert {done["id"], *done["merged_with"]} == ids and not done["still_in_the_crm"]
    kept = [f.read_bytes() for f in (synced.cli.data / "main").iterdir() if f.is_file()]
    assert not [e for e in emails if any(e in k for k in kept)]
    assert synced.query("SELECT * FROM merges") == []
    for record in ids:
        assert synced.query("SELECT 1 FROM written WHERE record_id = ?", record) == []
        assert set(synced.query("SELECT old, new FROM changes WHERE record_id = ?", record)) <= {(None, None)}
