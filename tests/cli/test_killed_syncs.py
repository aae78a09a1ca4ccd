"""SIGKILL at random moments of a sync: after the next whole run the CRM equals the journal, and nothing is written twice."""

import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import tiny
from support.office import Office, kill, office

KILLS = 20
PEOPLE = 420
SEED = 20240607


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Office]:
    """A portal of some hundred records, whose fields are made and whose data are pulled."""
    data = tiny.write(tmp_path / "data", tiny.tables(contacts=PEOPLE, companies=20, deals=60))
    with office(tmp_path / "admin", data=data, clock=tiny.CLOCK) as desk:
        desk.cli.json("provision")
        yield desk


def test_twenty_kills(company: Office) -> None:
    """Ten kills anywhere in the run, ten while it writes: writing is slowed down so that they hit it."""
    desk, draw = company, random.Random(SEED)
    began = time.monotonic()
    # The first run trains; it is guarded, so that nothing is written yet.
    desk.cli.json("sync", code=6)
    once = time.monotonic()
    desk.cli.json("plan")
    whole = time.monotonic() - once
    # Without this a write would be over before a kill could hit it.
    desk.fault(kind="slow", method="POST", path="batch/update", seconds=0.25, times=None)
    died_writing = 0
    for number in range(KILLS):
        process = desk.cli.start("sync", "--yes", "--json")
        if number % 2:
            time.sleep(draw.uniform(0.05, whole))
        else:
            _until_writing(desk, process, whole)
            time.sleep(draw.uniform(0.0, 0.4))
        kill(process)
        died_writing += bool(desk.unsettled())
        if len(desk.held()) > PEOPLE:
            _somebody_clears(desk)
    assert died_writing >= KILLS // 4
    desk.calm()
    done = desk.cli.json("sync", "--yes")
    assert done["dead"] == 0
    assert desk.held() == desk.written()
    assert desk.unsettled() == 0
    held = desk.held()
    assert len([k for k in held if k[2] == "segment"]) == PEOPLE + 20
    assert len([k for k in held if k[2] == "lifecycle"]) == 20
    again = desk.cli.json("sync", "--yes")
    assert again["written"] == 0
    assert time.monotonic() - began < 300


def _until_writing(desk: Office, process: "subprocess.Popen[str]", whole: float) -> None:
    """Until the run has sent its first batch, or has ended."""
    end = time.monotonic() + 3 * whole
    while time.monotonic() < end and process.poll() is None:
        if desk.query("SELECT 1 FROM changes WHERE state = 'inflight' LIMIT 1"):
            return
        time.sleep(0.005)


def _somebody_clears(desk: Office) -> None:
    """All contacts lose a value of ours, so that the next run has something to write again."""
    keys = [i for o, i, f in desk.written() if (o, f) == ("contacts", "segment")]
    for start in range(0, len(keys), 100):
        inputs = [{"id": i, "properties": {"sc_segment": ""}} for i in keys[start : start + 100]]
        desk.portal.post("/crm/objects/2026-03/contacts/batch/update", {"inputs": inputs})
