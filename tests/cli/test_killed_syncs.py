"""SIGKILL at random moments of a sync: after the next whole run the CRM equals the journal, and nothing is written twice."""

import random
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
    # The first run trains; it is guarded and writes nothing, and shows how long a run is until it writes.
    desk.cli.json("sync", code=6)
    once = time.monotonic()
    desk.cli.json("plan")
    whole = time.monotonic() - once
    died_writing = 0
    for number in range(KILLS):
        # Without this a write would be over before a kill could hit it.
        desk.fault(kind="slow", method="POST", path="batch/update", seconds=0.12, times=None)
        process = desk.cli.start("sync", "--yes", "--json")
        if number % 2:
            time.sleep(draw.uniform(0.05, whole))
        else:
            _until_writing(desk, process.poll, whole)
            time.sleep(draw.uniform(0.0, 0.5))
        died_writing += process.poll() is None and _writing(desk)
        kill(process)
        desk.calm()
        if number % 4 == 3 and desk.written():
            _somebody_clears(desk, draw)
    assert died_writing >= KILLS // 4
    done = desk.cli.json("sync", "--yes")
    assert done["dead"] == 0
    assert desk.held() == desk.written()
    assert desk.unsettled() == 0
    held = desk.held()
    assert len([k for k in held if k[2] == "segment"]) == PEOPLE + 20
    assert len([k for k in held if k[2] == "score"]) == 20
    again = desk.cli.json("sync", "--yes")
    assert again["written"] == 0
    assert time.monotonic() - began < 300


def _writing(desk: Office) -> bool:
    return bool(desk.query("SELECT 1 FROM changes WHERE state = 'inflight' LIMIT 1"))


def _until_writing(desk: Office, ended: object, most: float) -> None:
    assert callable(ended)
    end = time.monotonic() + 3 * most
    while time.monotonic() < end and ended() is None and not _writing(desk):
        time.sleep(0.005)


def _somebody_clears(desk: Office, draw: random.Random) -> None:
    """Some records lose a value of ours, so that the next run has something to write again."""
    keys = sorted({(o, i) for o, i, f in desk.written() if f == "segment"})
    for object, record in draw.sample(keys, min(len(keys), 30)):
        desk.set(object, record, sc_segment="")
