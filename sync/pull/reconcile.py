"""Proving that nothing is missing: every id that the CRM has against every id that the warehouse holds.

A delta cannot bring what leaves no trace: a row erased for good, a row that was committed with a stamp from before the
overlap. So now and then all ids are read, with the time of each row's last change, which costs nothing more: rows that
are missing or older here are read again by id, rows that are gone there are marked. Links carry no stamp at all; they are
read again whole, a thousand records a call.
"""

from collections.abc import Iterable
from dataclasses import astuple, dataclass

from sales_consultant.config.clock import DAY_MS
from sales_consultant.config.errors import AccessError
from sales_consultant.connectors.base import Reader, Stream
from sales_consultant.engine.reads.inventory import Inventory, comparisons, inventory, keep_comparisons
from sales_consultant.sync.pull.pull import Begin, Counted, Progress, choose
from sales_consultant.sync.stores import Warehouse


@dataclass(frozen=True)
class Compared:
    """One stream after its comparison: live rows there and here, and what was repaired.

    `missing` rows were not held, `stale` ones were held in an older state, `vanished` ones are gone in the CRM. `doubt`
    says why the CRM may not have shown this user every row; empty where it shows all. `unseen` rows were read before and are
    not shown now: with a doubt they are kept, for hidden and gone look alike.
    """

    stream: str
    object: str
    crm: int
    warehouse: int
    missing: int = 0
    stale: int = 0
    vanished: int = 0
    doubt: str = ""
    unseen: int = 0

    @property
    def equal(self) -> bool:
        """Whether both sides have as many live rows."""
        return self.crm == self.warehouse

    def __str__(self) -> str:
        """As "CRM 48,211, warehouse 48,211", with what was repaired and where rows may be hidden."""
        text = f"CRM {self.crm:,}, warehouse {self.warehouse:,}"
        repaired = [
            f"{n:,} {what}"
            for n, what in ((self.missing, "missing"), (self.stale, "stale"), (self.vanished, "vanished"))
            if n
        ]
        if repaired:
            text += f" (repaired: {', '.join(repaired)})"
        if self.unseen:
            text += f" ({self.unseen:,} not shown any more, kept)"
        return text + (f"; rows may be hidden: {self.doubt}" if self.doubt else "")


def reconcile(
    connector: Reader,
    warehouse: Warehouse,
    *,
    until: int,
    objects: Iterable[str] = (),
    progress: Progress | None = None,
    begin: Begin | None = None,
) -> list[Compared]:
    """Compare and repair every chosen stream that was pulled before; call it after a pull up to `until`."""
    hidden = connector.hidden_rows()
    compared: list[Compared] = []
    chosen = [s for s in choose(connector, objects) if warehouse.state(s.name).watermark is not None]
    deltas, links = ([s for s in chosen if s.mode == mode] for mode in ("delta", "links"))
    of = len(deltas) + len(links)
    for number, stream in enumerate(deltas):
        if begin:
            begin(stream, number, of)
        try:
            doubt = hidden.get(stream.object, "")
            compared.append(_compare(connector, warehouse, stream, doubt, progress))
        except AccessError:
            if not stream.optional:
                raise
    warehouse.make_views(connector)
    for number, stream in enumerate(links, len(deltas)):
        if begin:
            begin(stream, number, of)
        _links(connector, warehouse, stream, until, progress)
    warehouse.make_views(connector)
    _keep(warehouse, compared, until)
    return compared


def _keep(warehouse: Warehouse, found: list[Compared], at: int) -> None:
    keep_comparisons(warehouse.database, [(*astuple(c), at) for c in found])


def last(warehouse: Warehouse) -> tuple[int | None, list[Compared]]:
    """When all was compared last (ms, None: never), and what was found of each stream."""
    rows = comparisons(warehouse.database)
    return min((r[-1] for r in rows), default=None), [Compared(*r[:-1]) for r in rows]


def due(warehouse: Warehouse, now: int, days: int) -> bool:
    """Whether so many days have passed since the last comparison; not before the first pull, which reads all anyway."""
    if not days or warehouse.empty:
        return False
    at, _ = last(warehouse)
    return at is None or now - at >= days * DAY_MS


def _compare(
    connector: Reader, warehouse: Warehouse, stream: Stream, doubt: str, progress: Progress | None
) -> Compared:
    name = f"raw_{stream.name}"
    with inventory(warehouse.database, name) as listed_ids:
        listed, about = 0, warehouse.count(name)
        for part in connector.inventory(stream.name):
            listed_ids.add(part)
            listed += part.num_rows
            if progress:
                progress(f"{stream.name}: ids", listed, about if about >= listed else None)
        if not warehouse.columns(name) and listed == 0:
            return Compared(stream.name, stream.object, 0, 0, doubt=doubt)
        missing, stale = _repair(connector, warehouse, stream, listed_ids)
        vanished = unseen = 0
        if warehouse.columns(name):
            if doubt:
                # Hidden and gone look alike: what may only be hidden is not taken for deleted.
                unseen = listed_ids.unlisted()
            else:
                vanished = listed_ids.mark_unlisted()
        there, here = listed_ids.there(), listed_ids.here()
    return Compared(stream.name, stream.object, there, here, missing, stale, vanished, doubt, unseen)


def _repair(connector: Reader, warehouse: Warehouse, stream: Stream, held: Inventory) -> tuple[int, int]:
    """Read by id what is not here, or not here as it is there; how many rows of each kind."""
    there = bool(warehouse.columns(f"raw_{stream.name}"))
    rows = held.differing() if there else [(i, True) for i in held.listed()]
    if rows:
        for page in connector.reread(stream.name, [r[0] for r in rows]):
            warehouse.commit(page, stream=stream, first_pull=False, live=False)
    missing = sum(bool(r[1]) for r in rows)
    return missing, len(rows) - missing


def _links(
    connector: Reader, warehouse: Warehouse, stream: Stream, until: int, progress: Progress | None
) -> None:
    told = Counted(stream, progress)
    try:
        for page in connector.pull(stream.name, since=None, until=until, resume=None, known=warehouse):
            warehouse.commit(page, stream=stream, first_pull=False, live=False)
            told.add(page)
    except AccessError:
        if not stream.optional:
            raise
