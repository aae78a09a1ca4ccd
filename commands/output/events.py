"""What runs and the service do, a line an event, for who watches a terminal; a pipe gets the events as JSON."""

from collections.abc import Mapping
from typing import Any

from sales_consultant.commands.output.run import calls, did
from sales_consultant.commands.output.writing.page import Page, Piece, bad, bold, dim, warn
from sales_consultant.commands.output.writing.text import count, listed, plain, words
from sales_consultant.sync.results.run_counts import RunCounts

Document = Mapping[str, Any]
_STATES = {"planned": "to write", "inflight": "on their way", "done": "written", "dead": "refused"}


def event(page: Page, told: Document) -> None:
    """One event: when it was seen, of which run or job, and what happened."""
    subject = " ".join(plain(told[k]) for k in ("job", "run", "connection") if told.get(k))
    page.line(dim(page.times.clock()), "  ", bold(subject), "  " if subject else "", *_what(told), hang=10)


def _what(told: Document) -> list[Piece]:
    kind = str(told["event"])
    error = told.get("error")
    if isinstance(error, Mapping):
        return [bad("failed: "), plain(error.get("message", "")), f" {plain(error.get('action', ''))}"]
    if kind == "start":
        return ["begins"]
    if kind == "writing":
        states = {_STATES.get(k, k): n for k, n in told["changes"].items()}
        return [f"values: {', '.join(f'{n:,} {words(k)}' for k, n in states.items())}"]
    if kind == "end":
        return _end(told)
    if kind == "ready":
        jobs = listed(plain(j) for j in told["jobs"])
        return [f"waits for {count(len(told['jobs']), 'scheduled job')}: {jobs}" if jobs else "has no job"]
    if kind == "listening":
        return [f"answers on port {told['port']}"]
    said = plain(told.get("message") or "")
    text = f"{words(kind)}: {said}" if said else words(kind)
    return [warn(text) if kind in ("alert", "postponed", "skipped") else text]


def _end(told: Document) -> list[Piece]:
    outcome, counts = told.get("outcome") or "done", RunCounts.of(told.get("counts") or {})
    if outcome.startswith(("failed", "killed")):
        return [bad(plain(outcome)), f" {plain(error)}" if (error := told.get("error")) else ""]
    deeds = f"{did(counts)}.{calls(counts)}"
    return [deeds] if outcome == "done" else [warn(f"{plain(outcome)}: "), deeds]
