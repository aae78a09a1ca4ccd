"""Every command's --json is one document and nothing else on standard output; every command is on the page."""

import json
import os
import signal
import time
from pathlib import Path

import pytest
import requests
from support import cli_page
from support.cli import TOKEN, Cli
from support.office import Office, wait_for

# What each command is called with on a desk where a sync was written; RUN, RECORD and MODEL are filled in.
CALLS: dict[str, tuple[int, tuple[str, ...]]] = {
    "init": (0, ("--crm", "hubspot", "--url", "URL", "--out", "other.toml")),
    "login": (2, ("--token-stdin",)),
    "logout": (2, ()),
    "check": (0, ("--live-report", "report.json")),
    "provision": (0, ("--dry-run",)),
    "pull": (0, ()),
    "train": (0, ()),
    "score": (0, ()),
    "plan": (0, ("--no-pull", "--out", "plan.json")),
    "push": (0, ("plan.json",)),
    "sync": (0, ("--yes",)),
    "backfill": (0, ("--object", "owners")),
    "rollback": (0, ("RUN", "--dry-run")),
    "resume": (0, ()),
    "retry": (0, ()),
    "forget": (2, ("nobody", "--yes")),
    "state backup": (0, ("copy.db",)),
    "state restore": (2, ("nosuch.db", "--yes")),
    "state check": (0, ()),
    "state export": (0, ("journal.parquet",)),
    "status": (0, ()),
    "explain": (0, ("RECORD",)),
    "evaluate": (0, ()),
    "runs list": (0, ()),
    "runs show": (0, ("RUN",)),
    "report": (0, ("segments", "--language", "zh")),
    "export": (0, ("funnel", "--out", "stays")),
    "experiment design": (2, ("--days", "60")),
    "experiment start": (2, ("--yes", "--days", "60")),
    "experiment status": (2, ()),
    "experiment stop": (2, ("--yes",)),
    "propose": (0, ("RECORD", "--out", "proposals")),
    "proposals list": (0, ()),
    "proposals review": (0, ("RECORD",)),
    "models list": (0, ()),
    "models show": (0, ("MODEL", "--out", "card")),
    "models publish": (2, ("nothing",)),
    "models revert": (2, ("nothing",)),
    "models export": (0, ("MODEL", "model.json")),
    "models import": (0, ("model.json",)),
    "schedule list": (0, ()),
    "schedule next": (0, ()),
    "schedule run-now": (2, ("nosuch",)),
    "text reread": (2, ()),
    "steps": (0, ("--left-out", "--csv", "steps.csv", "--calendar", "steps.ics")),
    "playbook check": (0, ()),
    "playbook test": (0, ("RECORD",)),
    "playbook stats": (0, ()),
    "playbook explain": (0, ("recap",)),
    "playbook convert": (0, ("--out", "playbook.toml")),
}
# They run until they are told to stop, or have tests of their own: serve and sandbox serve below, demo in tests/demo,
# runs tail in tests/sync.
OTHERS = {"serve", "sandbox serve", "demo", "runs tail"}


def test_every_command_is_called_here() -> None:
    leaves = {" ".join(c) for c in cli_page.commands() if c not in cli_page.groups()}
    assert leaves == {*CALLS, *OTHERS}


def test_the_page_of_commands_is_fresh() -> None:
    written = cli_page.PAGE.read_text(encoding="utf-8")
    assert written == cli_page.page(), (
        "docs/reference/commands.md is stale; write it anew with: make reference"
    )
    for words in cli_page.commands():
        assert f"# {' '.join(words)}\n" in written


@pytest.mark.slow
def test_every_command_prints_one_document(synced: Office) -> None:
    """Done well, refused, and used wrongly: each prints one JSON object, and nothing on standard error.

    Each is a fresh process here, which has only what it imports itself.
    """
    cli = synced.cli
    run = str(cli.json("runs", "list")["runs"][0]["id"])
    record = next(i for o, i, f in synced.held() if o == "companies")
    known = {"RUN": run, "RECORD": f"companies/{record}", "URL": synced.sandbox.url}
    known["MODEL"] = str(cli.json("models", "list")["models"][0]["digest"])
    cli.warm = False
    for name, (code, rest) in CALLS.items():
        done = cli.run(*name.split(), *(known.get(w, w) for w in rest), "--json", code=None)
        assert done.code == code, (name, done)
        assert isinstance(json.loads(done.out), dict), name
        assert done.out.count("\n{") == 0 and done.err == "", (name, done.err)
    cli.warm = True
    report = (cli.folder / "report.json").read_text(encoding="utf-8")
    # The report on a live account holds no customer data.
    assert "company" not in report.replace("companies", "") and "@" not in report
    for words in (("nosuch",), ("runs", "nosuch"), ("push",), ("sync", "--nosuch"), ("explain", "1")):
        done = cli.run(*words, "--json", code=2)
        assert set(done.error) == {"code", "kind", "message", "action", "details"}
        assert (done.error["code"], done.err) == (2, "")


@pytest.mark.slow
def test_tables_for_people(synced: Office) -> None:
    """Without --json: results on standard output, progress on standard error, no JSON."""
    done = synced.cli.run("sync", "--yes")
    assert "Nothing to write" in done.out and "scoring" in done.err
    assert "{" not in done.out
    told = synced.cli.run("runs", "show", "nosuch", code=2)
    assert told.out == "" and "runs list" in told.err


@pytest.mark.slow
def test_the_service(synced: Office) -> None:
    """The real process: ready, one object a line, nobody's token to be seen, SIGTERM ends it with 0."""
    text = '[service]\nport = 0\n[schedule.nightly]\ncron = "0 4 * * mon-fri"\ntime_zone = "Europe/Berlin"'
    synced.cli.configure(synced.sandbox.url, text)
    assert synced.cli.json("schedule", "list")["jobs"][0]["when"] == "0 4 * * mon-fri (Europe/Berlin)"
    log = synced.cli.folder / "serve.log"
    with log.open("w", encoding="utf-8") as out:
        process = synced.cli.start("serve", "--json", stdout=out)
        wait_for(lambda: log.read_text(encoding="utf-8").count("\n") >= 2)
        port = json.loads(log.read_text(encoding="utf-8").splitlines()[0])["port"]
        ready = requests.get(f"http://127.0.0.1:{port}/readyz", timeout=10)
        # The sandbox's clock is long past: to this machine's the last success is old.
        assert ready.json()["connections"]["main"]["trouble"] == "" or ready.status_code == 503
        assert (
            "sales_consultant_dead_letters"
            in requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
        )
        seen = Path(f"/proc/{process.pid}/cmdline")
        if seen.exists():
            assert TOKEN.encode() not in seen.read_bytes()
        # It holds nothing while it waits: other commands work.
        synced.cli.json("pull")
        began = time.monotonic()
        os.kill(process.pid, signal.SIGTERM)
        assert synced.cli.finish(process).code == 0
    assert time.monotonic() - began < 10
    events = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [e["event"] for e in events] == ["listening", "ready", "stopped"]


def test_the_service_says_at_once_what_is_wrong(synced: Office) -> None:
    synced.cli.configure(synced.sandbox.url, "[schedule.n]\nevery_minutes = 5")
    synced.portal.control("users", token=TOKEN, expired=True)
    assert synced.cli.json("serve", code=3)["error"]["kind"] == "access"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_sandbox_as_a_program(tmp_path: Path, folder: Path, number: signal.Signals) -> None:
    cli = Cli(tmp_path / "admin")
    log = tmp_path / "log"
    with log.open("w", encoding="utf-8") as out:
        process = cli.start("sandbox", "serve", "--data", str(folder), "--port", "0", stdout=out)
        wait_for(lambda: log.read_text(encoding="utf-8").count("\n"))
        cli.configure(log.read_text(encoding="utf-8").split()[1])
        assert cli.json("pull")["pulled"]["contacts"] == 40
        os.kill(process.pid, number)
        done = cli.finish(process)
    assert done.code == (0 if number == signal.SIGTERM else 130)
    assert "Traceback" not in done.err
    assert log.read_text(encoding="utf-8").startswith("ready http://127.0.0.1:")


def test_no_token_in_a_traceback(synced: Office) -> None:
    """A defect's log goes to people who help: the token is not in it, nor in what was said."""
    (synced.cli.data / "main" / "lock").unlink()
    (synced.cli.data / "main" / "lock").mkdir()
    done = synced.cli.run("pull", "--json", code=None)
    assert done.code in (1, 2)
    assert TOKEN not in done.out + done.err
    synced.cli.no_secret_kept()
