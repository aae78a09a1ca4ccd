"""Watching runs from beside: what begins, how far writing is, how it ends. Holds nothing that a run needs."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa

from sales_consultant.config.clock import iso
from sales_consultant.sync.runtime import holder_lives
from sales_consultant.sync.stores import State, changes, run_names, runs

# A judgement: people see it as at once, and reading the state so often costs nothing.
PAUSE_SECONDS = 1.0
Document = dict[str, Any]


def tail(
    state: State,
    named: str | None,
    *,
    sleep: Callable[[float], None],
    alive: Callable[[State], bool] | None = None,
) -> Iterator[Document]:
    """Events of runs as they happen: one run until its end, or all until the reader stops.

    `named` are the first letters of the run's id; without them the newest run is told first, so that there is something
    to see. UsageError where no run begins so, or several do.
    """
    alive = alive or holder_lives
    run_id = None if named is None else run_names.named(state, named)
    last_told: dict[str, Document] = {}
    ended: set[str] = set()
    since = -1
    while True:
        query = sa.select(runs).order_by(runs.c.started_at)
        if run_id is not None:
            query = query.where(runs.c.id == run_id)
        elif since < 0:
            query = sa.select(runs).order_by(runs.c.started_at.desc()).limit(1)
        else:
            query = query.where(runs.c.started_at >= since)
        rows = state.rows(query)
        for r in rows:
            since = max(since, int(r["started_at"]))
            if r["id"] not in ended:
                yield from _news(state, r, last_told, ended, alive)
        if run_id is not None and run_id in ended:
            return
        sleep(PAUSE_SECONDS)


def _news(
    state: State, row: Document, told: dict[str, Document], ended: set[str], alive: Callable[[State], bool]
) -> Iterator[Document]:
    run, job = row["id"], row["job"]
    if run not in told:
        told[run] = {}
        yield {"event": "start", "run": run, "job": job, "at": iso(row["started_at"])}
    written = _written(state, run)
    if written and written != told[run]:
        told[run] = written
        yield {"event": "writing", "run": run, "job": job, "changes": written}
    if row["ended_at"] is not None:
        ended.add(run)
        end = {"outcome": row["outcome"], "error": row["error"], "counts": json.loads(row["counts"])}
        yield {"event": "end", "run": run, "job": job, "at": iso(row["ended_at"]), **end}
    elif not alive(state):
        ended.add(run)
        yield {
            "event": "end",
            "run": run,
            "job": job,
            "at": None,
            "outcome": "killed",
            "error": None,
            "counts": {},
        }


def _written(state: State, run: str) -> dict[str, int]:
    query = (
        sa.select(changes.c.state, sa.func.count().label("n"))
        .where(changes.c.run_id == run)
        .group_by(changes.c.state)
        .order_by(changes.c.state)
    )
    return {str(r["state"]): int(r["n"]) for r in state.rows(query)}
