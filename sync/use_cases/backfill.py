"""A one-off reading of the past with a watermark of its own, which never moves the live one.

It reads in turns: whoever else wants the connection, as the nightly run, gets it between two pages.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from sales_consultant.config.conditions import Condition, from_option
from sales_consultant.config.errors import BusyError, CrmUnavailableError, UsageError
from sales_consultant.connectors.base import Page, Stream
from sales_consultant.sync.pull import Counted, choose
from sales_consultant.sync.runtime import Reporter, Step, Workspace, running, shown_until_over, wanted_since
from sales_consultant.sync.stores import backfills
from sales_consultant.sync.use_cases.pulling import called

# A service asks again every half a minute for a connection that is busy: so long it is left alone then.
TURN_SECONDS = 40.0
# A judgement: a backfill takes hours, and a log is read by people.
SAY_SECONDS = 600.0
# Rows that are read by id at once, where only some are asked for: a judgement, so many may a kill cost.
SOME = 1000


@dataclass
class BackfillProgress:
    """Rows read by stream so far in this call, and which streams were finished by an earlier one."""

    since: int | None
    until: int
    rows: dict[str, int] = field(default_factory=dict)
    finished_before: list[str] = field(default_factory=list)
    turns: int = 0


@dataclass(frozen=True)
class Task:
    """What is asked for: rows modified in [since, until], of these objects, that fulfil all conditions."""

    since: int | None
    until: int | None
    objects: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()


def conditions(texts: Sequence[str]) -> tuple[Condition, ...]:
    """The conditions of the command line; UsageError for what is none."""
    try:
        return tuple(from_option(t) for t in texts)
    except ValueError as e:
        raise UsageError(f"--where {e}.", action='As: --where "amount>=1000" --where stage=won') from e


class Meter:
    """Tells how far a backfill is, and how many calls of the day remain."""

    def __init__(self, ws: Workspace, reporter: Reporter, ticks: Callable[[], float]) -> None:
        self.ws = ws
        self.reporter = reporter
        self.ticks = ticks
        self._counted: Counted | None = None
        self._said = ticks()

    def begin(self, stream: Stream, number: int, of: int) -> None:
        """A stream begins, or goes on: what is counted is this call's."""
        self.reporter.step(Step("backfill", called(stream), number, of))
        self._counted = Counted(stream, self.reporter.progress)

    def tell(self, page: Page) -> None:
        """After a page; now and then with the calls that are left."""
        if self._counted:
            self._counted.add(page)
        now = self.ticks()
        if now - self._said < SAY_SECONDS:
            return
        self._said = now
        left = self.ws.connector.budget()
        if left.allowed is not None and left.ours is not None:
            self.reporter.say(f"backfill: {max(0, left.allowed - left.ours):,} calls left today")


def backfill(
    ws: Workspace,
    reporter: Reporter,
    task: Task,
    *,
    again: bool = False,
    wait: bool = False,
    stop: Callable[[], bool] = lambda: False,
    sleep: Callable[[float], None] = time.sleep,
    ticks: Callable[[], float] = time.monotonic,
) -> BackfillProgress:
    """Read what the task asks for; continues where an earlier call was killed.

    Rows are put in place of the earlier ones, so a backfill that meets a scheduled pull's rows harms nothing. With `wait`
    it pauses where the day's calls are used, and goes on when they come free. Raises UsageError for an unknown object or
    field, and for a window that ends before it starts.
    """
    done = BackfillProgress(task.since, task.until or 0)
    meter = Meter(ws, reporter, ticks)
    # What an earlier turn of this call finished is not begun anew by the next.
    fresh: set[str] = set()
    while True:
        try:
            if _turn(ws, task, done, meter, fresh, again=again, stop=stop):
                return done
            if stop():
                return done
            sleep(TURN_SECONDS)
        except BusyError:
            if not done.turns:
                raise
            sleep(TURN_SECONDS)
        except CrmUnavailableError as e:
            at = e.details.get("resets_at")
            if not wait or not isinstance(at, int) or "resets_in" not in e.details:
                raise
            reporter.say(
                f"{e.message} Goes on at {datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M} UTC."
            )
            sleep(max(60.0, float(e.details["resets_in"])))


def _turn(
    ws: Workspace,
    task: Task,
    done: BackfillProgress,
    meter: Meter,
    fresh: set[str],
    *,
    again: bool,
    stop: Callable[[], bool],
) -> bool:
    """Read until all is there, or until somebody else wants the connection; whether all is there."""
    with running(ws, "backfill") as run, shown_until_over(meter.reporter):
        begun = ws.clock()
        bound = task.until if task.until is not None else ws.connector.now()
        done.until = done.until or bound
        done.turns += 1
        if task.since is not None and task.since > bound:
            raise UsageError("--since is after --until.", action="Give --since before --until.")
        whole = True
        streams = _streams(ws, task)
        for number, stream in enumerate(streams, 1):
            key = _key(stream, task)
            progress = _same_window(ws, key, task)
            if progress and progress["finished"] and (key in fresh or not again):
                if key not in fresh:
                    fresh.add(key)
                    done.finished_before.append(stream.name)
                continue
            if progress and (progress["finished"] or (again and key not in fresh)):
                progress = None
            fresh.add(key)
            meter.begin(stream, number, len(streams))

            def turned() -> bool:
                return stop() or (wanted_since(ws.state) or 0) > begun

            if not _stream(ws, stream, task, bound, progress, done, meter, turned):
                whole = False
                break
        ws.warehouse.make_views(ws.connector)
        run.counts["pulled"] = dict(done.rows)
    return whole


def _streams(ws: Workspace, task: Task) -> list[Stream]:
    streams = choose(ws.connector, task.objects)
    if not task.where:
        return streams
    if len(task.objects) != 1:
        raise UsageError(
            "--where needs the one object that it is about.", action="Give --object once, as --object deals"
        )
    deltas = [s for s in streams if s.mode == "delta" and s.object == task.objects[0]]
    written = {ws.connector.raw(o)[0].removeprefix("raw_") for o in ws.fields if o == task.objects[0]}
    chosen = [s for s in deltas if s.name in written] or deltas
    if not chosen:
        raise UsageError(f"{task.objects[0]} is small and always read whole.", action="Leave out --where.")
    return chosen


def _key(stream: Stream, task: Task) -> str:
    return " and ".join([stream.name, *sorted(map(str, task.where))])


def _same_window(ws: Workspace, key: str, task: Task) -> dict[str, Any] | None:
    """An earlier backfill of the same window; one without an end is the same however late it is continued."""
    rows = ws.state.rows(sa.select(backfills).where(backfills.c.stream == key))
    if rows and rows[0]["since"] == task.since and (task.until is None or rows[0]["until"] == task.until):
        return rows[0]
    return None


def _stream(
    ws: Workspace,
    stream: Stream,
    task: Task,
    until: int,
    held: dict[str, Any] | None,
    done: BackfillProgress,
    meter: Meter,
    turned: Callable[[], bool],
) -> bool:
    """One stream; whether it is finished."""
    resume = held["resume"] if held else None
    rows = int(held["rows"]) if held else 0
    bound = int(held["until"]) if held else until
    key = _key(stream, task)
    first = ws.warehouse.state(stream.name).watermark is None
    done.rows.setdefault(stream.name, 0)
    _save(ws, key, task, bound, resume, rows, finished=False)
    for page in _pages(ws, stream, task, bound, resume, key, begun=held is not None):
        ws.warehouse.commit(page, stream=stream, first_pull=first, live=False)
        if page.stream == stream.name:
            rows += page.rows.num_rows
            done.rows[stream.name] += page.rows.num_rows
            meter.tell(page)
        resume = page.resume or resume
        _save(ws, key, task, bound, resume, rows, finished=False)
        if turned():
            return False
    _save(ws, key, task, bound, None, rows, finished=True)
    return True


def _pages(
    ws: Workspace, stream: Stream, task: Task, until: int, resume: str | None, key: str, *, begun: bool
) -> Iterator[Page]:
    """The rows of a stream, all or those that fulfil the task's conditions."""
    try:
        if task.where:
            yield from _some(ws, stream, task, until, resume or "")
        else:
            yield from ws.connector.pull(
                stream.name, since=task.since, until=until, resume=resume, known=ws.warehouse
            )
    except UsageError:
        # A question that the CRM cannot be asked, as of a field that it does not have, has nothing to continue.
        if not begun:
            with ws.state.begin() as c:
                c.execute(sa.delete(backfills).where(backfills.c.stream == key))
        raise


def _some(ws: Workspace, stream: Stream, task: Task, until: int, after: str) -> Iterator[Page]:
    """The rows that fulfil conditions: found by id, then read by id; the place to resume from is the last id read."""
    waiting: list[str] = []
    read = total = 0
    found = ws.connector.find(stream.name, task.where, since=task.since, until=until, after=after)
    for ids, left in chain(found, [([], 0)]):
        total = max(total, read + len(waiting) + left)
        waiting += ids
        if waiting and (len(waiting) >= SOME or not ids):
            pages = list(ws.connector.reread(stream.name, waiting))
            read += len(waiting)
            for number, page in enumerate(pages, 1):
                # A place counts when all that comes before it is there.
                yield replace(page, resume=waiting[-1] if number == len(pages) else None, total=total)
            waiting.clear()


def _save(
    ws: Workspace, key: str, task: Task, until: int, resume: str | None, rows: int, *, finished: bool
) -> None:
    row = {
        "stream": key,
        "since": task.since,
        "until": until,
        "resume": resume,
        "rows": rows,
        "finished": finished,
    }
    with ws.state.begin() as c:
        c.execute(
            sqlite_insert(backfills).values(row).on_conflict_do_update(index_elements=["stream"], set_=row)
        )
