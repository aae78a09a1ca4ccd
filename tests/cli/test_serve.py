"""The service as it is started: what was missed is made up for, trouble is told to a listener once, and so is its end."""

import json
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
from support.office import Office

SCHEDULE = "[schedule.often]\nevery_minutes = 1440\n[service]\nport = 0\nalerts = 'keyring:alerts'\nmax_age_hours = 36\n"
DAY_MS = 86_400_000


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """Something that takes what is posted to it, as a chat's webhook would."""
    said: list[str] = []

    class Takes(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Takes)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/hook", said
    server.shutdown()
    server.server_close()


def days_ago(desk: Office, days: int) -> None:
    """As if all that ran had run so long ago, for the scheduled moment before the newest."""
    with closing(sqlite3.connect(desk.cli.data / "main" / "state.db")) as c, c:
        moment = int(time.time() * 1000) // DAY_MS * DAY_MS - DAY_MS
        shift = days * DAY_MS
        c.execute("UPDATE runs SET started_at = started_at - ?, ended_at = ended_at - ?", (shift, shift))
        c.execute("UPDATE runs SET scheduled_at = NULL")
        c.execute(
            "UPDATE runs SET scheduled_at = ? WHERE id = (SELECT max(id) FROM runs WHERE job = 'sync')",
            (moment,),
        )


def served(desk: Office, hook: str) -> tuple[list[dict[str, Any]], dict[str, Any], str]:
    """Serve until the missed moment is made up for and looked at; its events, readiness and metrics."""
    process = desk.cli.start("serve", env={"SALES_CONSULTANT_ALERTS_TOKEN": hook})
    assert process.stdout is not None
    events: list[dict[str, Any]] = []
    for line in process.stdout:
        events.append(json.loads(line))
        if events[-1]["event"] in ("end", "failed", "skipped"):
            break
    port = next(e["port"] for e in events if e["event"] == "listening")
    address = f"http://127.0.0.1:{port}"
    ready = requests.get(f"{address}/readyz", timeout=5)
    metrics = requests.get(f"{address}/metrics", timeout=5).text
    # A stop waits for the job, and for the look at it that may send an alert.
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    return [*events, *(json.loads(x) for x in rest.splitlines())], ready.json(), metrics


@pytest.mark.slow
def test_trouble_is_told_once_and_so_is_its_end(synced: Office, listener: tuple[str, list[str]]) -> None:
    hook, said = listener
    synced.cli.configure(synced.sandbox.url, SCHEDULE)
    days_ago(synced, 3)
    synced.fault(kind="status", status=403, path="objects/", times=None)
    events, ready, metrics = served(synced, hook)
    assert [e["event"] for e in events if e["event"] in ("start", "failed", "alert", "stopped")] == [
        "start",
        "failed",
        "alert",
        "stopped",
    ]
    assert not ready["ready"] and ready["connections"]["main"]["last_success_age_seconds"] > 2 * 86_400
    assert 'sales_consultant_failures_in_a_row{connection="main"} 1' in metrics
    assert len(said) == 1 and "hours ago" in said[0]

    # Still so after a restart: nothing is told twice.
    days_ago(synced, 0)
    served(synced, hook)
    assert len(said) == 1

    synced.calm()
    days_ago(synced, 0)
    events, ready, metrics = served(synced, hook)
    assert [e["event"] for e in events if e["event"] in ("failed", "end")] == ["end"]
    assert ready["ready"]
    assert len(said) == 2 and "works again" in said[1]
    # Whoever knows the address can write into the channel: it is nowhere.
    assert hook not in json.dumps(events) + metrics
