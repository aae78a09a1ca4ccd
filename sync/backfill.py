"""A one-off reading of the past with a watermark of its own, which never moves the live one."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from sales_consultant.config.errors import UsageError
from sales_consultant.connectors.base import Stream
from sales_consultant.sync.pull import choose
from sales_consultant.sync.run import Reporter, running
from sales_consultant.sync.state import backfills
from sales_consultant.sync.workspace import Workspace


@dataclass
class Backfilled:
    """Rows read by stream in this call, and which streams were finished by an earlier one."""

    since: int | None
    until: int
    rows: dict[str, int] = field(default_factory=dict)
    finished_before: list[str] = field(default_factory=list)


def backfill(
    ws: Workspace,
    reporter: Reporter,
    *,
    since: int | None,
    until: int | None,
    objects: tuple[str, ...],
    again: bool = False,
    stop: Callable[[], bool] = lambda: False,
) -> Backfilled:
    """Read all rows modified in [since, until] of the chosen objects; continues where an earlier call was killed.

    Rows are put in place of the earlier ones, so a backfill that meets a scheduled pull's rows harms nothing. Raises
    UsageError for an unknown object or a window that ends before it starts.
    """
    with running(ws, "backfill") as run:
        bound = until if until is not None else ws.connector.now()
        if since is not None and since > bound:
            raise UsageError("--since is after --until.", action="Give --since before --until.")
        done = Backfilled(since, bound)
        for stream in choose(ws.connector, objects):
            held = _held(ws, stream, since, until)
            if held and held["finished"] and not again:
                done.finished_before.append(stream.name)
                continue
            goes_on = held and not held["finished"] and not again
            if held and not goes_on:
                held = None
            done.rows[stream.name] = _stream(ws, reporter, stream, since, bound, held, stop)
            if stop():
                break
        ws.warehouse.make_views(ws.connector)
        run.counts["pulled"] = done.rows
    return done


def _held(ws: Workspace, stream: Stream, since: int | None, until: int | None) -> dict[str, Any] | None:
    """An earlier backfill of the same window; one without an end is the same however late it is continued."""
    rows = ws.state.rows(sa.select(backfills).where(backfills.c.stream == stream.name))
    if rows and rows[0]["since"] == since and (until is None or rows[0]["until"] == until):
        return rows[0]
    return None


def _stream(
    ws: Workspace,
    reporter: Reporter,
    stream: Stream,
    since: int | None,
    until: int,
    held: dict[str, Any] | None,
    stop: Callable[[], bool],
) -> int:
    resume = held["resume"] if held else None
    before = int(held["rows"]) if held else 0
    bound = int(held["until"]) if held else until
    count = 0
    first = ws.warehouse.state(stream.name).watermark is None
    _save(ws, stream, since, bound, resume, before, finished=False)
    for page in ws.connector.pull(stream.name, since=since, until=bound, resume=resume, known=ws.warehouse):
        ws.warehouse.commit(page, stream=stream, first_pull=first, live=False)
        if page.stream == stream.name:
            count += page.rows.num_rows
            reporter.progress(f"backfill {stream.name}", before + count, page.total)
        resume = page.resume or resume
        _save(ws, stream, since, bound, resume, before + count, finished=False)
        if stop():
            return count
    _save(ws, stream, since, bound, None, before + count, finished=True)
    return count


def _save(
    ws: Workspace,
    stream: Stream,
    since: int | None,
    until: int,
    resume: str | None,
    rows: int,
    *,
    finished: bool,
) -> None:
    row = {
        "stream": stream.name,
        "since": since,
        "until": until,
        "resume": resume,
        "rows": rows,
        "finished": finished,
    }
    with ws.state.begin() as c:
        c.execute(
            sqlite_insert(backfills).values(row).on_conflict_do_update(index_elements=["stream"], set_=row)
        )
