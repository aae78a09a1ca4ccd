"""The server as a program: it says when it is ready, stops on SIGTERM, and explains a taken port."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from support import programs
from support.sandbox_company import Api

from sales_consultant.sandbox.clock import Clock, http_date, iso, parse_iso
from sales_consultant.sandbox.data_folder.tables import DataFolderError
from sales_consultant.sandbox.serving.run import run
from sales_consultant.sandbox.serving.server import Sandbox

PROGRAM = """
import sys
from pathlib import Path
from sales_consultant.sandbox.serving.run import run
run(port=0, data=Path(sys.argv[1]), clock="2024-06-01T00:00:00Z")
"""


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_it_says_ready_answers_and_stops_on_sigterm(folder: Path) -> None:
    with programs.start([sys.executable, "-c", PROGRAM, str(folder)], stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        word, url = program.stdout.readline().split()
        assert word == "ready"
        answer = requests.get(
            f"{url}/crm/v3/objects/contacts", headers={"Authorization": "Bearer x"}, timeout=10
        )
        assert len(answer.json()["results"]) == 3
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=10) == 0


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(OSError, match=f"port {port} .* choose another"):
            run(port=port)


def test_data_that_cannot_be_read_stops_it_before_it_is_ready(tmp_path: Path) -> None:
    (tmp_path / "contacts.csv").write_text('id,email\n1,"open\n', encoding="utf-8")
    heard: list[str] = []
    with pytest.raises(DataFolderError, match=r"contacts\.csv, line 2, column email"):
        run(data=tmp_path, ready=heard.append)
    assert heard == []


def test_an_unknown_crm_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown crm 'zoho'"):
        Sandbox(crms=("zoho",))


def test_the_clock_starts_where_it_is_told_and_runs() -> None:
    ticks = iter([100.0, 100.0, 101.5, 101.5])
    clock = Clock(parse_iso("2024-06-01"), ticks=lambda: next(ticks))
    assert iso(clock.now_ms()) == "2024-06-01T00:00:00Z"
    assert iso(clock.now_ms()) == "2024-06-01T00:00:01.500Z"
    assert iso(clock.advance(60)) == "2024-06-01T00:01:01.500Z"


def test_times_are_read_with_and_without_an_offset() -> None:
    assert parse_iso("2024-06-01T02:00:00+02:00") == parse_iso("2024-06-01") == parse_iso("2024-06-01T00:00")
    assert http_date(parse_iso("2024-06-01")) == "Sat, 01 Jun 2024 00:00:00 GMT"


def test_a_slash_too_many_does_no_harm(portal: Api) -> None:
    for path in ("//crm/v3/owners", "/crm/v3/owners/", "//crm/v3/owners//"):
        assert portal.get(path).status_code == 200


def test_headers_are_spelt_as_the_vendors_spell_them(portal: Api) -> None:
    names = set(portal.get("/crm/v3/owners").raw.headers.keys())
    assert {"Content-Type", "Date", "X-HubSpot-Correlation-Id", "Content-Length"} <= names
