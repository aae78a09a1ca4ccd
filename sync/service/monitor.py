"""What a service needs to know of its connections: what ran last, whether it is ready, whom to alert."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sales_consultant.config import secrets
from sales_consultant.config.clock import HOUR_MS
from sales_consultant.config.errors import SalesConsultantError
from sales_consultant.config.settings import Settings
from sales_consultant.sync.runtime import Clock, wall_clock
from sales_consultant.sync.service.health import Pulse, Sender, Webhook, alert, metrics, pulse
from sales_consultant.sync.stores import State, runs

Document = dict[str, Any]


class Watching:
    """Looks at the states below `folder` beside whatever runs; opens one for a look and lets it go."""

    def __init__(
        self,
        settings: Settings,
        folder: Path,
        emit: Callable[[Document], None],
        *,
        keyring: secrets.Keyring | None,
        clock: Clock = wall_clock,
    ) -> None:
        self.settings = settings
        self.folder = folder
        self.emit = emit
        self.clock = clock
        self.max_age_ms = int(settings.service.max_age_hours * HOUR_MS)
        self.names = sorted(
            {settings.connection(s.connection or None)[0] for s in settings.schedule.values()}
        )
        self._one = threading.Lock()
        self._broken: set[str] = set()
        self.send: Sender | None = None
        if settings.service.alerts:
            # Resolved at the start: an alert that cannot be sent must not be found out when it is needed.
            found = secrets.resolve(
                "alerts", settings.service.alerts, keyring=keyring, of="the address of the webhook for alerts"
            )
            self.send = Webhook(found.value)

    @contextmanager
    def _state(self, name: str) -> Iterator[State]:
        state = State(self.folder / name / "state.db")
        try:
            yield state
        finally:
            state.close()

    def last(self, schedule: str) -> int | None:
        """The newest moment (ms) of a schedule's job that has run; None where none has."""
        chosen = self.settings.schedule[schedule]
        with self._state(self.settings.connection(chosen.connection or None)[0]) as state:
            # A run that was killed has not ended; one on a clock that was ahead says nothing of now.
            ran = (
                (runs.c.job == chosen.runs_as)
                & runs.c.ended_at.is_not(None)
                & (runs.c.scheduled_at <= self.clock())
            )
            query = sa.select(sa.func.max(runs.c.scheduled_at).label("at")).where(ran)
            at = state.rows(query)[0]["at"]
        return None if at is None else int(at)

    def pulses(self) -> list[Pulse]:
        """Every connection as it is now."""
        return [self._pulse(name) for name in self.names]

    def _pulse(self, name: str) -> Pulse:
        """A connection as it is now; one whose state cannot be opened is in trouble, and no other is for that."""
        now = self.clock()
        try:
            with self._state(name) as state:
                return pulse(state, name, now=now, share=self.settings.connections[name].daily_share)
        except (SalesConsultantError, sa.exc.SQLAlchemyError, OSError) as e:
            text = e.message if isinstance(e, SalesConsultantError) else type(e).__name__
            return Pulse.broken(name, now, f"its state cannot be read: {text}")

    def ready(self) -> Document:
        """Whether every connection's state can be opened and its last success is young enough; with why not."""
        now = self.clock()
        connections = {
            p.connection: {
                "last_success_age_seconds": None
                if p.last_success is None
                else (now - p.last_success) // 1000,
                # An error's words may name a record: they stay in the log.
                "trouble": "see the log" if p.trouble(now, self.max_age_ms) else "",
            }
            for p in self.pulses()
        }
        return {"ready": not any(c["trouble"] for c in connections.values()), "connections": connections}

    def metrics(self) -> str:
        """Prometheus' text."""
        return metrics(self.pulses())

    def look(self) -> None:
        """Send what has to be said, once a change."""
        if self.send is None:
            return
        # A job's end and the minute's look may come at once: two of them would both say it.
        with self._one:
            self._look(self.send)

    def _look(self, send: Sender) -> None:
        for p in self.pulses():
            if p.unreadable:
                said = self._unreadable(p, send)
            else:
                self._broken.discard(p.connection)
                with self._state(p.connection) as state:
                    said = alert(state, p, now=self.clock(), max_age_ms=self.max_age_ms, send=send)
            if said:
                self.emit({"event": "alert", "connection": p.connection, "message": said})

    def _unreadable(self, p: Pulse, send: Sender) -> str | None:
        """Say it once: there is no state in which it could be noted that it was said."""
        text = (
            f"Sales Consultant, connection {p.connection}: {p.unreadable}. Next: sales-consultant state check"
        )
        if p.connection in self._broken or not send(text):
            return None
        self._broken.add(p.connection)
        return text
