"""The journal: every change with its old and new value, on disk before it is sent, settled by the CRM's own answer."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Connection

from sales_consultant.config.clock import HOUR_MS
from sales_consultant.config.fields.canon import Canonical
from sales_consultant.config.records import RecordRef
from sales_consultant.connectors.base import Change, Outcome, OutcomeState, ReadBack
from sales_consultant.sync.journal.changes import Entry
from sales_consultant.sync.runtime import Lease
from sales_consultant.sync.stores import (
    UNSETTLED,
    ChangeState,
    State,
    batches,
    changes,
    dead_letters,
    exposures,
    waits,
    written,
)

# The code of a change that was sent, got no answer, and is not in what the CRM holds.
UNANSWERED = "NO_ANSWER"
EXPOSED = ("score", "grade", "next_step_id")
# Pauses between tries of a refused record, a judgement: hours, then days. After the last, somebody says retry.
PAUSES_MS = tuple(h * HOUR_MS for h in (1, 6, 24, 72, 168))

# The same where somebody holds the record (an approval); the last is repeated: docs/decisions/writing-outcomes.md.
WAITS_MS = tuple(h * HOUR_MS for h in (1, 4, 12, 24))
_STATES: Mapping[OutcomeState, ChangeState] = {
    "done": ChangeState.DONE,
    "dead": ChangeState.DEAD,
    "wait": ChangeState.WAITING,
    "left": ChangeState.LEFT,
    "retry": ChangeState.PLANNED,
    "unknown": ChangeState.IN_FLIGHT,
}


@dataclass(frozen=True)
class Batch:
    """Changes that are on their way, or were when the process died."""

    id: int
    object: str
    changes: tuple[Change, ...]
    remote_job: str | None = None


class Journal:
    """Reads and writes the tables of changes; one per run."""

    def __init__(self, state: State, run_id: str) -> None:
        self.state = state
        self.run_id = run_id

    def plan(self, entries: Iterable[Entry]) -> None:
        """Put all changes on disk, before any is sent."""
        rows = [
            {
                "run_id": self.run_id,
                "object": e.object,
                "record_id": e.record_id,
                "field": k,
                "old": old,
                "new": new,
                "state": ChangeState.PLANNED,
            }
            for e in entries
            for k, old, new in e.fields
        ]
        with self.state.begin() as c:
            if rows:
                c.execute(sa.insert(changes), rows)

    def send(self, part: Sequence[Change], lease: Lease, *, now: int) -> Batch:
        """Mark a batch as in flight, in one transaction with the check that nobody took over."""
        with self.state.begin() as c:
            lease.check(c)
            batch_id = c.execute(
                sa.insert(batches).values(
                    run_id=self.run_id, object=part[0].object, records=len(part), sent_at=now
                )
            ).inserted_primary_key[0]  # type: ignore[index]  # an insert of one row has a key
            c.execute(
                sa.update(changes)
                .where(
                    changes.c.run_id == self.run_id,
                    changes.c.object == sa.bindparam("o"),
                    changes.c.record_id == sa.bindparam("r"),
                )
                .values(state=ChangeState.IN_FLIGHT, batch_id=batch_id, attempts=changes.c.attempts + 1),
                [{"o": p.object, "r": p.record_id} for p in part],
            )
        return Batch(int(batch_id), part[0].object, tuple(part))

    def remember(self, batch: Batch, job: str) -> None:
        """Keep the id of the CRM's own job, before anything is uploaded to it."""
        with self.state.begin() as c:
            c.execute(sa.update(batches).where(batches.c.id == batch.id).values(remote_job=job))

    def settle(self, batch: Batch, outcomes: Sequence[Outcome], *, now: int) -> Counter[str]:
        """Record what the CRM said, in one transaction; returns records by state.

        "retry" goes back to planned. "unknown" stays in flight, to be read back.
        """
        sent = {(c.object, c.record_id): c for c in batch.changes}
        with self.state.begin() as c:
            c.execute(
                sa.update(changes)
                .where(
                    changes.c.batch_id == batch.id,
                    changes.c.object == sa.bindparam("o"),
                    changes.c.record_id == sa.bindparam("r"),
                )
                .values(
                    state=sa.bindparam("s"), message=sa.bindparam("m"), code=sa.bindparam("k"), settled_at=now
                ),
                [
                    {"o": o.object, "r": o.record_id, "s": _STATES[o.state], "m": o.message, "k": o.code}
                    for o in outcomes
                ],
            ) if outcomes else None
            done = [sent[(o.object, o.record_id)] for o in outcomes if o.state == "done"]
            self._written(c, done, now)
            self._dead(c, [o for o in outcomes if o.state == "dead"], now)
            self._waits(c, outcomes, now)
            if not any(o.state == "unknown" for o in outcomes):
                c.execute(sa.update(batches).where(batches.c.id == batch.id).values(settled_at=now))
        return Counter(o.state for o in outcomes)

    def adopt(self, changed: Sequence[Change], *, now: int) -> None:
        """Take values that the CRM holds as written by us: after a restore, and for a job's result that came late."""
        with self.state.begin() as c:
            self._written(c, changed, now)

    def _written(self, c: Connection, done: Sequence[Change], now: int) -> None:
        rows = [
            {
                "object": d.object,
                "record_id": d.record_id,
                "field": k,
                "value": v,
                "at": now,
                "run_id": self.run_id,
            }
            for d in done
            for k, v in d.values.items()
        ]
        if not rows:
            return
        insert = sqlite_insert(written)
        c.execute(
            insert.on_conflict_do_update(
                index_elements=["object", "record_id", "field"],
                set_={n: insert.excluded[n] for n in ("value", "at", "run_id")},
            ),
            rows,
        )
        shown = [r for r in rows if r["field"] in EXPOSED]
        if shown:
            c.execute(
                sa.update(exposures)
                .where(
                    exposures.c.object == sa.bindparam("o"),
                    exposures.c.record_id == sa.bindparam("r"),
                    exposures.c.field == sa.bindparam("f"),
                    exposures.c.visible_to.is_(None),
                )
                .values(visible_to=now),
                [{"o": r["object"], "r": r["record_id"], "f": r["field"]} for r in shown],
            )
            new = [
                {n: r[n] for n in ("object", "record_id", "field", "value", "run_id")} | {"visible_from": now}
                for r in shown
                if r["value"] is not None
            ]
            if new:
                c.execute(sa.insert(exposures), new)
        c.execute(
            sa.delete(dead_letters).where(
                dead_letters.c.object == sa.bindparam("o"), dead_letters.c.record_id == sa.bindparam("r")
            ),
            [{"o": d.object, "r": d.record_id} for d in done],
        )

    def _dead(self, c: Connection, dead: Sequence[Outcome], now: int) -> None:
        for o in dead:
            where = (dead_letters.c.object == o.object) & (dead_letters.c.record_id == o.record_id)
            last = c.execute(sa.select(dead_letters.c.attempts, dead_letters.c.first_at).where(where)).first()
            tries = (last.attempts if last else 0) + 1
            pause = PAUSES_MS[tries - 1] if tries <= len(PAUSES_MS) else None
            c.execute(sa.delete(dead_letters).where(where))
            c.execute(
                sa.insert(dead_letters).values(
                    object=o.object,
                    record_id=o.record_id,
                    code=o.code,
                    message=o.message,
                    first_at=last.first_at if last else now,
                    last_at=now,
                    attempts=tries,
                    next_try_at=None if pause is None else now + pause,
                    run_id=self.run_id,
                )
            )

    def _waits(self, c: Connection, outcomes: Sequence[Outcome], now: int) -> None:
        decided = [o for o in outcomes if o.state not in ("retry", "unknown")]
        if not decided:
            return
        mine = (waits.c.object == sa.bindparam("o")) & (waits.c.record_id == sa.bindparam("r"))
        before = {
            (o.object, o.record_id): c.execute(
                sa.select(waits).where(mine), {"o": o.object, "r": o.record_id}
            ).first()
            for o in decided
            if o.state == "wait"
        }
        c.execute(sa.delete(waits).where(mine), [{"o": o.object, "r": o.record_id} for o in decided])
        rows = []
        for o in decided:
            if o.state != "wait":
                continue
            last = before[o.object, o.record_id]
            tries = (last.attempts if last else 0) + 1
            rows.append(
                {
                    "object": o.object,
                    "record_id": o.record_id,
                    "code": o.code,
                    "message": o.message,
                    "first_at": last.first_at if last else now,
                    "attempts": tries,
                    "next_try_at": now + WAITS_MS[min(tries, len(WAITS_MS)) - 1],
                }
            )
        if rows:
            c.execute(sa.insert(waits), rows)

    def resolve(self, batch: Batch, held: Iterable[ReadBack], *, now: int) -> Counter[str]:
        """Settle records in flight by what the CRM holds: all as sent is done, else planned again, gone is dead."""
        sent = {(c.object, c.record_id): c for c in batch.changes}
        outcomes = []
        for h in held:
            change = sent[(h.object, h.record_id)]
            if not h.found:
                outcomes.append(Outcome(h.object, h.record_id, "dead", "the record does not exist", "GONE"))
            elif all(h.values.get(k) == v for k, v in change.values.items()):
                outcomes.append(Outcome(h.object, h.record_id, "done", "read back"))
            else:
                outcomes.append(Outcome(h.object, h.record_id, "retry", "read back: not applied", UNANSWERED))
        return self.settle(batch, outcomes, now=now)

    def in_flight(self) -> list[Batch]:
        """Batches of this run whose outcome is not known."""
        rows = self.state.rows(
            sa.select(changes, batches.c.remote_job)
            .join(batches, batches.c.id == changes.c.batch_id)
            .where(changes.c.run_id == self.run_id, changes.c.state == ChangeState.IN_FLIGHT)
            .order_by(changes.c.batch_id, changes.c.id)
        )
        return _batches(rows)

    def pending(self) -> list[Change]:
        """Changes of this run that are still planned."""
        rows = self.state.rows(
            sa.select(changes)
            .where(changes.c.run_id == self.run_id, changes.c.state == ChangeState.PLANNED)
            .order_by(changes.c.id)
        )
        return _group(rows)

    def unanswered(self) -> int:
        """How many records are planned still whose last write got no answer and was not applied."""
        mine = (
            changes.c.run_id == self.run_id,
            changes.c.state == ChangeState.PLANNED,
            changes.c.code == UNANSWERED,
        )
        query = sa.select(changes.c.object, changes.c.record_id).where(*mine).distinct()
        return len(self.state.rows(query))

    def skip_pending(self, message: str, *, now: int) -> int:
        """Close what is still planned, with a reason; a later run plans it anew from what the CRM holds then."""
        with self.state.begin() as c:
            result = c.execute(
                sa.update(changes)
                .where(changes.c.run_id == self.run_id, changes.c.state == ChangeState.PLANNED)
                .values(state=ChangeState.SKIPPED, message=message, settled_at=now)
            )
        return int(result.rowcount)

    def counts(self) -> dict[str, int]:
        """Records of this run by state."""
        with self.state.begin() as c:
            rows = c.execute(
                sa.select(
                    changes.c.state, sa.func.count(sa.distinct(changes.c.object + "/" + changes.c.record_id))
                )
                .where(changes.c.run_id == self.run_id)
                .group_by(changes.c.state)
            ).all()
        return {str(s): int(n) for s, n in rows}

    def tally(self) -> dict[str, int]:
        """Records as a run's counts name them: written and dead, and where there are any waiting_records and left_records."""
        now = self.counts()
        held = {
            f"{state}_records": now[state]
            for state in (ChangeState.WAITING, ChangeState.LEFT)
            if now.get(state)
        }
        return {"written": now.get(ChangeState.DONE, 0), "dead": now.get(ChangeState.DEAD, 0), **held}


def unsettled_runs(state: State) -> list[str]:
    """Runs that left changes planned or in flight: killed, or ended by a limit."""
    rows = state.rows(
        sa.select(changes.c.run_id, sa.func.min(changes.c.id).label("first"))
        .where(changes.c.state.in_(UNSETTLED))
        .group_by(changes.c.run_id)
        .order_by("first")
    )
    return [r["run_id"] for r in rows]


def last_written(
    state: State, held: Mapping[RecordRef, dict[str, Canonical]] | None = None
) -> dict[RecordRef, dict[str, Canonical]]:
    """What we last wrote, by record and field, as the CRM acknowledged it.

    Where a record still holds just that (by `held`), it is the same dictionary: of most records there is one and not two.
    """
    by_record: dict[RecordRef, dict[str, Canonical]] = {}
    keys = {k: k for k in held or ()}
    columns = (written.c.object, written.c.record_id, written.c.field, written.c.value)
    # In the order of the table itself, so that a record's fields follow each other.
    query = sa.select(*columns).order_by(*columns[:3])
    key = RecordRef("", "")
    mine: dict[str, Canonical] = {}

    def put() -> None:
        same = (held or {}).get(key)
        by_record[keys.get(key, key)] = same if same == mine and same is not None else mine

    with state.begin() as c:
        for obj, record_id, name, value in c.execution_options(yield_per=10_000).execute(query):
            if (obj, record_id) != key:
                if mine:
                    put()
                key, mine = RecordRef(obj, record_id), {}
            mine[name] = value
    if mine:
        put()
    return by_record


def written_since(state: State, moment: int) -> dict[RecordRef, dict[str, tuple[Canonical, int]]]:
    """What we wrote from a moment on, with the time, for rows that were pulled before it."""
    ours: dict[RecordRef, dict[str, tuple[Canonical, int]]] = {}
    query = sa.select(written).where(written.c.at >= moment)
    with state.begin() as c:
        for r in c.execute(query).mappings():
            ours.setdefault(RecordRef(r["object"], r["record_id"]), {})[r["field"]] = (r["value"], r["at"])
    return ours


def waiting(state: State, *, now: int) -> frozenset[RecordRef]:
    """Dead letters, and records that somebody holds, whose next try is not due."""
    dead = sa.select(dead_letters.c.object, dead_letters.c.record_id).where(
        dead_letters.c.next_try_at.is_(None) | (dead_letters.c.next_try_at > now)
    )
    held = sa.select(waits.c.object, waits.c.record_id).where(waits.c.next_try_at > now)
    with state.begin() as c:
        return frozenset(RecordRef(str(o), str(r)) for o, r in [*c.execute(dead), *c.execute(held)])


def _group(rows: Iterable[Mapping[str, Any]]) -> list[Change]:
    found: dict[RecordRef, dict[str, Canonical]] = {}
    for r in rows:
        found.setdefault(RecordRef(r["object"], r["record_id"]), {})[r["field"]] = r["new"]
    return [Change(o, i, values) for (o, i), values in found.items()]


def _batches(rows: Iterable[Mapping[str, Any]]) -> list[Batch]:
    by_id: dict[int, list[Mapping[str, Any]]] = {}
    for r in rows:
        by_id.setdefault(r["batch_id"], []).append(r)
    return [Batch(i, rs[0]["object"], tuple(_group(rs)), rs[0]["remote_job"]) for i, rs in by_id.items()]
