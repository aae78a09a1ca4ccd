"""How the connections of a service are: the age of the last success first. For /metrics, /readyz and one alert a change."""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import requests
import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from sales_consultant.config.clock import HOUR_MS
from sales_consultant.sync.journal import unsettled_runs
from sales_consultant.sync.stores import CallCounts, State, dead_letters, holds, leases, runs

ALERTED = "alerted"
SYNCS = ("sync", "changed")
WATCHED = (*SYNCS, "train", "reconcile", "backup")
FAILED = 2  # Runs in a row; one alone may be a CRM that was away for a moment.


@dataclass(frozen=True)
class Pulse:
    """A connection as its state tells: times in milliseconds UTC."""

    connection: str
    last_success: int | None
    since: int
    failures: int
    error: str | None
    seconds: float | None
    counts: dict[str, Any]
    dead: int
    held: int
    unsettled: int
    calls: int
    calls_allowed: int | None
    running: bool
    job: str = "sync"
    """The job that failed most often in a row: one that works must not hide another that does not."""
    unreadable: str = ""

    @classmethod
    def broken(cls, connection: str, now: int, text: str) -> "Pulse":
        """A connection whose state cannot be read."""
        return cls(connection, None, now, 0, None, None, {}, 0, 0, 0, 0, None, False, unreadable=text)

    def trouble(self, now: int, max_age_ms: int) -> str:
        """What is wrong, in words for whoever must act; empty for nothing."""
        if self.unreadable:
            return self.unreadable
        # A service that never had a success is old from its first run on.
        age = now - (self.last_success if self.last_success is not None else self.since)
        if age > max_age_ms:
            last = (
                "no run has succeeded yet"
                if self.last_success is None
                else f"the last success is {age // HOUR_MS} hours ago"
            )
            return f"{last}{f' ({self.error})' if self.error else ''}"
        if self.failures >= FAILED:
            return f"{self.failures} {self.job} runs in a row have failed ({self.error})"
        return ""


def pulse(state: State, connection: str, *, now: int, share: float = 1.0) -> Pulse:
    """Look at a connection's state; makes no call and takes nothing that a run holds."""
    # What is dated later than now ran on a clock that was wrong; it must not hide what came after it.
    ended = runs.c.ended_at.is_not(None) & (runs.c.started_at <= now)
    done = runs.c.job.in_(SYNCS) & ended
    failures, error, job = max((_failures(state, job, ended) for job in WATCHED), key=lambda f: f[0])
    good = state.rows(
        sa.select(runs).where(done, runs.c.outcome.like("done%")).order_by(runs.c.started_at.desc()).limit(1)
    )
    first = state.rows(sa.select(sa.func.min(runs.c.started_at).label("at")))[0]["at"]
    lease = state.rows(sa.select(leases.c.released_at))
    counts = CallCounts(state)
    limit = counts.limit()
    return Pulse(
        connection,
        good[0]["ended_at"] if good else None,
        first if first is not None else now,
        failures,
        error,
        (good[0]["ended_at"] - good[0]["started_at"]) / 1000 if good else None,
        json.loads(good[0]["counts"]) if good else {},
        _count(state, dead_letters),
        _count(state, holds),
        len(unsettled_runs(state)),
        counts.last_day(now),
        None if limit is None else int(limit * share),
        bool(lease) and lease[0]["released_at"] is None,
        job,
    )


def _failures(state: State, job: str, ended: sa.ColumnElement[bool]) -> tuple[int, str | None, str]:
    """How many runs of a job have failed since its last success, the newest one's words, and the job."""
    last = state.rows(
        sa.select(runs.c.outcome, runs.c.error)
        .where(runs.c.job == job, ended)
        .order_by(runs.c.started_at.desc())
        .limit(50)
    )
    failures = next((n for n, r in enumerate(last) if str(r["outcome"]).startswith("done")), len(last))
    return failures, last[0]["error"] if failures else None, job


def _count(state: State, table: sa.Table) -> int:
    return int(state.rows(sa.select(sa.func.count().label("n")).select_from(table))[0]["n"])


# Names, texts and values of the gauges; nothing of a customer.
_GAUGES: tuple[tuple[str, str, Callable[[Pulse], float | int | None]], ...] = (
    ("last_success_timestamp_seconds", "End of the last successful run.", lambda p: _seconds(p.last_success)),
    ("failures_in_a_row", "Runs that failed since the last success.", lambda p: p.failures),
    ("run_duration_seconds", "How long the last successful run took.", lambda p: p.seconds),
    ("records_read", "Rows that the last successful run read.", lambda p: _read(p)),
    ("records_written", "Records that the last successful run wrote.", lambda p: p.counts.get("written", 0)),
    ("dead_letters", "Records that the CRM refuses.", lambda p: p.dead),
    ("fields_on_hold", "Fields that a rollback put on hold.", lambda p: p.held),
    ("runs_unsettled", "Runs with changes whose outcome is not known.", lambda p: p.unsettled),
    ("api_calls_last_day", "Our calls in the last 24 hours.", lambda p: p.calls),
    ("api_calls_left", "Calls that are left of our share of the day.", lambda p: _left(p)),
    ("run_going_on", "Whether a run holds the lease.", lambda p: int(p.running)),
)


def metrics(pulses: Sequence[Pulse]) -> str:
    """Prometheus' text format; names of connections and numbers, nothing of a customer."""
    registry = CollectorRegistry(auto_describe=False)
    for name, text, value in _GAUGES:
        gauge = Gauge(f"sales_consultant_{name}", text, ["connection"], registry=registry)
        for p in pulses:
            if (found := value(p)) is not None:
                gauge.labels(connection=p.connection).set(found)
    return generate_latest(registry).decode()


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000


def _read(p: Pulse) -> int:
    return sum(dict(p.counts.get("pulled", {})).values())


def _left(p: Pulse) -> int | None:
    return None if p.calls_allowed is None else max(0, p.calls_allowed - p.calls)


class Sender(Protocol):
    """Brings an alert to people; True where it arrived."""

    def __call__(self, text: str) -> bool: ...


class Webhook:
    """Posts to an address as Slack's incoming webhooks take it. The address is a secret: it is in no text of ours."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __call__(self, text: str) -> bool:
        """Post; False where it did not arrive, so that it is tried again."""
        try:
            # A judgement: a webhook answers in a second, and the next look comes in a minute.
            answer = requests.post(self._url, json={"text": text}, timeout=10, allow_redirects=False)
        except requests.RequestException as e:
            logging.getLogger("sales_consultant").warning("the alert was not delivered: %s", type(e).__name__)
            return False
        return answer.status_code < 300


def alert(state: State, found: Pulse, *, now: int, max_age_ms: int, send: Sender) -> str | None:
    """One message when trouble begins and one when it is over, none in between; also across a restart.

    Returns what was sent. What could not be delivered is tried again at the next look.
    """
    trouble = found.trouble(now, max_age_ms)
    before = state.get(ALERTED) or ""
    if bool(trouble) == bool(before):
        return None
    text = (
        f"Sales Consultant, connection {found.connection}: {trouble}. Next: sales-consultant status, runs list"
        if trouble
        else f"Sales Consultant, connection {found.connection}: works again. It was: {before}."
    )
    if not send(text):
        return None
    state.put(ALERTED, trouble)
    return text
