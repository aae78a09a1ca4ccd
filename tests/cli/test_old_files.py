"""What version 0.1.0 left on disk is opened by the program of today: settings, playbook, state, models, a saved plan."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support import seller, tiny
from support.cli import Cli
from support.office import Office, office

OLD = Path(__file__).parents[1] / "fixtures" / "v0_1"
# Half an hour after the last sync that is in the old state.
LATER = "2024-12-03T08:30:00Z"
# The names under which that version kept the models that were in force.
IN_FORCE = {"amount", "deals", "segments", "value"}


def laid_out(folder: Path) -> Path:
    """A copy of the old files where commands look for them."""
    folder.mkdir()
    for name in ("sales-consultant.toml", "playbook.toml", "plan.json"):
        shutil.copy(OLD / name, folder)
    shutil.copytree(OLD / "main", folder / "state" / "main")
    return folder


def held(folder: Path, sql: str) -> list[Any]:
    """Rows of the old state."""
    with closing(sqlite3.connect(folder / "state" / "main" / "state.db")) as c:
        return c.execute(sql).fetchall()


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """The old files without the CRM they came from."""
    return Cli(laid_out(tmp_path_factory.mktemp("old") / "admin"))


def test_the_state_tells_what_was_done(old: Cli) -> None:
    said = old.json("status")
    assert {m["name"] for m in said["models"] if m["in_force"]} == IN_FORCE
    assert [h["field"] for h in said["on_hold"]] == ["trend"] and said["dead_letters"] == 4
    assert said["groups"] == {"shown": 36}
    runs = old.json("runs", "list")["runs"]
    assert [r["job"] for r in runs] == [
        "plan",
        "backfill",
        "train",
        "rollback",
        "sync",
        "sync",
        "sync",
        "train",
    ]
    assert [r["outcome"] for r in runs if r["job"] == "sync"] == ["done, with dead letters", "done", "done"]
    first = old.json("runs", "show", runs[-2]["id"])
    assert first["counts"]["written"] == 130
    assert old.json("state", "check")["problems"] == []
    assert old.json("state", "export", "journal.parquet")["changes"] == 719


def test_the_models_tell_what_they_learnt(old: Cli) -> None:
    models = old.json("models", "list")["models"]
    assert len(models) == 8 and {m["name"] for m in models if m["standing"] == "in force"} == IN_FORCE
    card = old.json("models", "show", "deals")
    assert (card["kind"], card["verdict"]) == ("propensity", "better than base rate")
    tests = old.json("evaluate")["forward_tests"]
    assert tests[0]["auc"] == pytest.approx(0.88, abs=0.02)
    digest = card["digest"]
    old.json("models", "export", digest[:12], "sent.json")
    assert "Fit" in old.folder.joinpath("sent.json").read_text(encoding="utf-8")


def test_the_settings_are_read(old: Cli) -> None:
    (job,) = old.json("schedule", "list")["jobs"]
    assert (job["job"], job["when"]) == ("sync", "0 4 * * mon-fri (Europe/Berlin)")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Office]:
    """The old files at a portal that holds the records they came from."""
    data = tiny.write(tmp_path / "tables", seller.tables(people=40, companies=30))
    folder = laid_out(tmp_path / "admin")
    with office(folder, data=data, clock=LATER) as made:
        number = str(made.portal.get("/account-info/v3/details").json()["portalId"])
        with closing(sqlite3.connect(folder / "state" / "main" / "state.db")) as c, c:
            # Every sandbox is another portal; the state is told that it is this one's.
            identity = json.dumps(["hubspot", number, "developer_test"])
            assert c.execute("UPDATE meta SET value = ? WHERE key = 'identity'", (identity,)).rowcount == 1
            # Its day is over, whatever the machine's clock says.
            assert c.execute("UPDATE plans SET expires_at = 0").rowcount == 1
        text = (OLD / "sales-consultant.toml").read_text(encoding="utf-8")
        made.cli.config.write_text(text.replace("http://127.0.0.1:1", made.sandbox.url), encoding="utf-8")
        yield made


@pytest.mark.slow
def test_the_old_models_score_and_the_old_playbook_gives_steps(desk: Office) -> None:
    in_force = "SELECT digest FROM models WHERE published_at IS NOT NULL ORDER BY digest"
    before = held(desk.cli.folder, in_force)
    written = dict(held(desk.cli.folder, "SELECT record_id, value FROM written WHERE field = 'score'"))
    desk.cli.json("provision")
    planned = desk.cli.json("plan")
    # The hold and the dead letters of then are respected still.
    assert planned["left_alone"] == {"dead letter, waiting": 4, "on hold": 56}
    assert planned["by_object"] == {"companies": 30, "contacts": 40, "deals": 56}
    fields = {e["id"]: e["fields"] for e in planned["entries"] if e["object"] == "deals"}
    assert {f["next_step"]["new"] for f in fields.values() if "next_step" in f} == {"Call: a good deal"}
    # Two amounts were changed by hand at the portal that is gone; all else is as it was two days before.
    near = [i for i, f in fields.items() if abs(int(f["score"]["new"]) - int(written[i])) <= 3]
    assert len(near) >= len(fields) - 2
    assert held(desk.cli.folder, in_force) == before, "nothing was trained anew"
    deal = near[0]
    told = desk.cli.json("explain", f"deals/{deal}")
    assert told["reasons"][0]["feature"] == "deals.c_fit"
    assert told["score"] == int(fields[deal]["score"]["new"])
    # The saved plan is known again: only its day is over.
    assert "has expired" in desk.cli.json("push", "plan.json", code=2)["error"]["message"]
