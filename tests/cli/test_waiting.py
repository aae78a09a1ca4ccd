"""A CRM that is away for a while, as an admin meets it: said on standard error, ended with 4, stopped at once."""

import json
import os
import signal
import sqlite3
import time
from contextlib import closing
from typing import Any

import pytest
from support.office import Office

PATIENCE = "SALES_CONSULTANT_CONNECTIONS__MAIN__PATIENCE_SECONDS"


@pytest.mark.slow
def test_who_waits_is_told_and_the_pull_goes_on(desk: Office) -> None:
    desk.fault(kind="status", status=503, path="objects/.*/contacts", retry_after=1)
    done = desk.cli.run("pull", "--json")
    assert done.document["pulled"]["contacts"] > 0
    assert "HubSpot answers 503; trying again in " in done.err
    assert done.out.startswith("{"), "standard output holds one document"
    desk.fault(kind="status", status=503, path="objects/.*/deals", retry_after=1)
    assert "trying again in" in desk.cli.run("pull").err


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "reset"},
        {"kind": "gzip"},
        {"kind": "html"},
        {"kind": "empty"},
        {"kind": "cut"},
        {"kind": "truncated"},
        {"kind": "status", "status": 477, "retry_after": 40_000},
    ],
    ids=lambda f: f"{f['kind']}{f.get('status', '')}",
)
def test_a_trouble_that_stays_ends_with_4(desk: Office, fault: dict[str, Any]) -> None:
    desk.fault(path="objects/.*/contacts", times=None, **fault)
    error = desk.cli.json("pull", code=4, env={PATIENCE: "0.5"})["error"]
    assert error["kind"] == "crm_unavailable"
    assert "Run the command again" in error["action"] or "run the command again" in error["action"]
    assert "<" not in error["message"]


def interruptible() -> None:
    """In the child: also where who started the tests ignores interrupts, as `nohup make test &` does."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_interrupt_during_a_wait_ends_at_once(desk: Office) -> None:
    desk.fault(kind="status", status=503, path="objects/", retry_after=200, times=None)
    with desk.cli.start("pull", before=interruptible) as process:
        assert process.stderr is not None
        try:
            for line in process.stderr:
                if "trying again in" in line:
                    break
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130
            assert time.monotonic() - began < 8
        finally:
            process.kill()


def missed(desk: Office) -> None:
    """As if the last scheduled sync had been for a moment of the day before yesterday."""
    day = 86_400_000
    moment = int(time.time() * 1000) // day * day - 2 * day
    with closing(sqlite3.connect(desk.cli.data / "main" / "state.db")) as c, c:
        c.execute("UPDATE runs SET started_at = started_at - ?, ended_at = ended_at - ?", (3 * day, 3 * day))
        c.execute(
            "UPDATE runs SET scheduled_at = ? WHERE id = (SELECT max(id) FROM runs WHERE job = 'sync')",
            (moment,),
        )


@pytest.mark.slow
def test_a_service_that_waits_stops_at_once_and_its_moment_comes_again(synced: Office) -> None:
    synced.cli.configure(synced.sandbox.url, "[schedule.often]\nevery_minutes = 1440\n")
    missed(synced)
    synced.fault(kind="status", status=503, path="objects/", retry_after=200, times=None)
    process = synced.cli.start("serve")
    assert process.stdout is not None
    events: list[dict[str, Any]] = []
    for line in process.stdout:
        events.append(json.loads(line))
        if events[-1]["event"] == "waiting":
            break
    assert "HubSpot answers 503" in events[-1]["message"]
    began = time.monotonic()
    os.kill(process.pid, signal.SIGTERM)
    rest, _ = process.communicate(timeout=30)
    assert time.monotonic() - began < 8
    assert process.returncode == 0
    ended = [json.loads(x) for x in rest.splitlines()]
    assert [e["error"]["kind"] for e in ended if e["event"] == "failed"] == ["interrupted"]
    last = synced.cli.json("runs", "list")["runs"][0]
    assert last["outcome"] == "interrupted"
