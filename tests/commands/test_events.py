"""What runs and the service do, as who watches a terminal reads it."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from support.example_runs import COUNTS, NASTY, NOW, RUN

from sales_consultant.commands.output import events
from sales_consultant.commands.output.writing.page import Page

MINE = {"run": RUN, "job": "sync"}


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ({"event": "start", **MINE, "at": "2026-11-29T12:00:00Z"}, f"sync {RUN}  begins"),
        ({"event": "writing", **MINE, "changes": {"done": 1450, "planned": 3}}, "values: 1,450 written, 3 to write"),
        ({"event": "end", **MINE, "outcome": "done", "counts": {"written": 0}, "error": None}, "Nothing to write."),
        ({"event": "end", "job": "nightly", "run": RUN, "counts": COUNTS}, f"nightly {RUN}  Wrote"),
        ({"event": "end", **MINE, "outcome": "failed: crm", "counts": {}, "error": "No answer."}, "failed: crm No answer."),
        ({"event": "end", **MINE, "outcome": "killed", "counts": {}, "error": None}, "killed"),
        ({"event": "ready", "jobs": ["nightly", "changes"]}, "waits for 2 scheduled jobs: nightly, changes"),
        ({"event": "listening", "port": 9000}, "answers on port 9000"),
        ({"event": "skipped", "job": "changes", "message": "another job is going on"}, "skipped: another job is going on"),
        (
            {"event": "failed", "job": "nightly", "error": {"code": 3, "message": "No access.", "action": "Sign in."}},
            "nightly  failed: No access. Sign in.",
        ),
        ({"event": "stopped"}, "stopped"),
        ({"event": "alert", "connection": "main", "message": NASTY}, "main  alert: "),
    ],
)  # fmt: skip
def test_an_event_is_one_thing_in_words(event: dict[str, Any], text: str) -> None:
    page = Page(width=200, now=NOW, zone=ZoneInfo("Europe/Berlin"))
    events.event(page, {"at": "2026-11-29T12:00:00Z", **event})
    shown = page.text()
    assert text in shown and shown[2] == shown[5] == ":"
    assert not any(c in shown for c in "\x1b\x07\u202e{}")
