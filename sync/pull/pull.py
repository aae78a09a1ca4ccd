"""Bringing the warehouse up to date: every stream, from its watermark to the CRM's own now."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sales_consultant.config.clock import DAY_MS
from sales_consultant.config.errors import AccessError, UsageError
from sales_consultant.config.language.nearest import did_you_mean
from sales_consultant.connectors.base import Page, Reader, Stream
from sales_consultant.sync.stores import Warehouse

# A row can become visible with a time stamp from before the last pull's bound: transactions run for minutes
# (docs/decisions/reading-closed-windows.md).
OVERLAP_MS = 10 * 60_000
# How often what the CRM computes is read again (docs/decisions/reading-computed-fields.md).
COMPUTED_MS = 7 * DAY_MS
# Rows that are worth a transaction of the warehouse: a judgement, a kill costs at most so many, and a transaction some
# milliseconds.
TRANSACTION_ROWS = 4000
# How old a small table may be when only changes are read.
SMALL_MS = DAY_MS

Progress = Callable[[str, int, int | None], None]
"""Called with a stream's name, how much of it is read, and how much there is (None: not known). Counted are rows, of links
the records that they start from."""
Begin = Callable[[Stream, int, int], None]
"""Called when a stream begins, with how many streams are done and how many there are in all."""


@dataclass
class Pulled:
    """What a pull did: rows read by stream, which streams were read whole, which this user may not read and why, how
    many rows a whole reading did not find any more, and which of them may only be hidden; calls by kind, so that
    links that are read again (links) and definitions (definition) stand apart from the change itself; and of which
    objects what the CRM computes was brought up to date; and how many values of each field (as deals.amount) could
    not be read, or not as they came: each is empty or mended, its row is there."""

    as_of: int
    rows: dict[str, int] = field(default_factory=dict)
    full: list[str] = field(default_factory=list)
    not_permitted: dict[str, str] = field(default_factory=dict)
    vanished: int = 0
    unseen: dict[str, str] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    computed: list[str] = field(default_factory=list)
    odd: dict[str, int] = field(default_factory=dict)


def choose(connector: Reader, objects: Iterable[str]) -> list[Stream]:
    """The streams of the named objects, all where none is named; UsageError for an unknown one."""
    streams = list(connector.streams())
    wanted = set(objects)
    known = {s.object for s in streams} | {s.name for s in streams}
    for name in sorted(wanted - known):
        raise UsageError(f'There is no object "{name}" to pull.', action=did_you_mean(name, known))
    return [s for s in streams if not wanted or s.object in wanted or s.name in wanted]


def pull(
    connector: Reader,
    warehouse: Warehouse,
    *,
    until: int,
    objects: Iterable[str] = (),
    full: bool = False,
    changed: bool = False,
    computed_ms: int = COMPUTED_MS,
    progress: Progress | None = None,
    begin: Begin | None = None,
) -> Pulled:
    """Read every chosen stream up to `until` (ms, the CRM's clock), committing page by page.

    A stream whose selection changed (a field added, newly granted or removed) is read whole again. A pull that was
    killed goes on where it was, with the window it had. `changed` reads deltas only: no computed fields, and small
    tables once a day.
    """
    done = Pulled(until)
    before = dict(connector.calls.by_kind)
    chosen = [s for s in choose(connector, objects) if full or not changed or not _fresh(warehouse, s, until)]
    connector.prefetch({s.name: _window(warehouse, s, full) for s in chosen}, until)
    covered = connector.covered(until)
    # Not the newest row seen but the pull's own bound, less what may still come to light: ten minutes, or the oldest
    # transaction that the CRM says is open.
    margin = OVERLAP_MS if covered is None else max(OVERLAP_MS, until - covered)
    for number, stream in enumerate(chosen):
        if stream.of in done.not_permitted or (
            stream.mode == "slow" and not _due(connector, warehouse, stream, until, full, computed_ms, done)
        ):
            continue
        if begin:
            begin(stream, number, len(chosen))
        try:
            done.rows[stream.name] = _stream(
                connector, warehouse, stream, until, margin, full, done, progress
            )
        except AccessError as e:
            # An object that was never there is left out; one that was read before must not look as if all were gone.
            never = "invisible" in e.details and not warehouse.count(f"raw_{stream.name}")
            if not stream.optional and not never:
                raise
            # Said, not silent: `check` names the scope, and what was learnt without it is on the model card.
            done.not_permitted[stream.name] = e.message
        if stream.name == "deals":
            # Links of open deals are read again: which are open must be known by then.
            warehouse.make_views(connector)
    warehouse.make_views(connector)
    objects_of = {s.name: s.object for s in chosen}
    for (name, field_name), n in sorted(warehouse.odd.items()):
        key = f"{objects_of.get(name, name)}.{field_name}"
        done.odd[key] = done.odd.get(key, 0) + n
    warehouse.odd.clear()
    now = connector.calls.by_kind
    done.calls = {k: n - before.get(k, 0) for k, n in now.items() if n > before.get(k, 0)}
    return done


def _window(warehouse: Warehouse, stream: Stream, full: bool) -> tuple[str | None, int | None]:
    """The definition that a stream was read by last, and what it is read from now; None: whole, or first a killed pull's."""
    state = warehouse.state(stream.name)
    return state.definition, None if full or state.going or stream.mode != "delta" else state.watermark


def _gone(connector: Reader, warehouse: Warehouse, stream: Stream, started: int, done: Pulled) -> None:
    """Mark what a whole reading did not find any more; where rows may be hidden from this user, only count it."""
    unseen = warehouse.unseen(stream.name, started)
    if not unseen:
        return
    doubt = connector.hidden_rows().get(stream.object, "")
    if doubt:
        done.unseen[stream.name] = f"{unseen:,} rows are not shown any more and were kept: {doubt}"
    else:
        done.vanished += warehouse.mark_vanished(stream.name, started)


def _fresh(warehouse: Warehouse, stream: Stream, until: int) -> bool:
    """Whether a stream that has no delta was read lately enough for a pull of changes."""
    state = warehouse.state(stream.name)
    if stream.mode not in ("full", "slow") or state.watermark is None or state.going:
        return False
    return stream.mode == "slow" or until - state.watermark < SMALL_MS


def _due(
    connector: Reader,
    warehouse: Warehouse,
    stream: Stream,
    until: int,
    full: bool,
    computed_ms: int,
    done: Pulled,
) -> bool:
    """Whether what the CRM computes is to be read again; not where all of its rows have just been read."""
    definition = connector.definition(stream.name)
    state = warehouse.state(stream.name)
    if stream.of in done.full or not definition:
        warehouse.begin(stream.name, definition=definition, since=None, until=until)
        warehouse.finish(stream.name, until)
        return False
    if full or state.going or state.definition != definition or state.watermark is None:
        return True
    return until - state.watermark >= computed_ms


def _commit(warehouse: Warehouse, waiting: list[Page], stream: Stream, first: bool) -> None:
    """All pages that wait, in one transaction; then they need no copy any more."""
    if waiting:
        warehouse.commit_all(waiting, stream=stream, first_pull=first)
        waiting.clear()
    warehouse.spool.clear()


class Counted:
    """Tells how much of a stream is read: of the CRM's own total, else of the rows that the last whole reading left."""

    def __init__(self, stream: Stream, progress: Progress | None, held: int | None = None) -> None:
        self.stream = stream
        self.progress = progress
        self.held = held
        self.done = 0

    def add(self, page: Page) -> None:
        """One page more."""
        links = page.scope if self.stream.mode == "links" else None
        self.done += page.rows.num_rows if links is None else len(links)
        total = self.held if page.total is None else page.total
        if self.progress:
            # What has grown since is no share of what there was.
            self.progress(self.stream.name, self.done, total if total and total >= self.done else None)


def _held(warehouse: Warehouse, stream: Stream, since: int | None, resume: str | None) -> int | None:
    """About how many rows a whole reading will bring, from those that are here; None for another one, and before the first."""
    whole = since is None and resume is None
    return (warehouse.count(f"raw_{stream.of or stream.name}") or None) if whole else None


def _stream(
    connector: Reader,
    warehouse: Warehouse,
    stream: Stream,
    until: int,
    margin: int,
    full: bool,
    done: Pulled,
    progress: Progress | None,
) -> int:
    definition = connector.definition(stream.name)
    state = warehouse.state(stream.name)
    count = 0

    def read(since: int | None, bound: int, resume: str | None, watermark: int) -> int:
        first, read_rows = state.watermark is None, count
        told = Counted(stream, progress, _held(warehouse, stream, since, resume))
        window = f"{stream.name} {since} {bound} {definition}"
        waiting: list[Page] = list(warehouse.spool.pages(window)) if resuming else []
        resume = next((p.resume for p in reversed(waiting) if p.resume is not None), resume)
        _commit(warehouse, waiting, stream, first)
        for page in connector.pull(stream.name, since=since, until=bound, resume=resume, known=warehouse):
            waiting.append(page)
            if page.stream == (stream.of or stream.name):
                read_rows += page.rows.num_rows
                told.add(page)
            if sum(p.rows.num_rows for p in waiting) >= TRANSACTION_ROWS:
                _commit(warehouse, waiting, stream, first)
            else:
                warehouse.spool.append(window, page)
        _commit(warehouse, waiting, stream, first)
        warehouse.finish(stream.name, watermark)
        return read_rows

    resuming = True
    if state.going and state.definition == definition and not full and stream.mode in ("delta", "links"):
        # A killed pull is ended first, with the window it had; what came since then is the delta that follows. Links
        # that it had read already may have changed, so their next time starts where the killed pull did.
        bound = state.pull_until if state.pull_until is not None else until
        after = bound if stream.mode == "links" else min(bound - OVERLAP_MS, until - margin)
        count = read(state.pull_since, bound, state.resume, after)
        if state.pull_since is None and state.pull_started and stream.mode == "delta":
            _gone(connector, warehouse, stream, state.pull_started, done)
        state = warehouse.state(stream.name)
    whole = (
        full or state.definition != definition or state.watermark is None or stream.mode in ("full", "slow")
    )
    since = None if whole else state.watermark
    started = connector.latest()
    warehouse.begin(stream.name, definition=definition, since=since, until=until, started=started)
    # Links: what is read from now on is the next time's.
    after = {"links": started, "slow": until}.get(stream.mode, until - margin)
    count = read(since, until, None, after)
    if stream.mode == "slow":
        done.computed.append(stream.object)
    elif since is None:
        done.full.append(stream.name)
        if stream.mode == "delta":
            _gone(connector, warehouse, stream, started, done)
    return count
