"""What the histories of both CRMs share: how they are played, interrupted and compared."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar

import requests
from histories.killing import KilledError, Killing
from histories.meddling import Meddling
from support.in_process import LocalSandbox
from support.odd_values import OddValues

from sales_consultant.config.errors import SalesConsultantError
from sales_consultant.config.neutral import FIELD, field_column
from sales_consultant.connectors.base import Connector
from sales_consultant.sync.pull import pull
from sales_consultant.sync.pull.reconcile import reconcile
from sales_consultant.sync.stores.warehouse import Warehouse

Row = Mapping[str, Any]
# One step of a history: what is done, and the number that decides every choice in it.
Step = tuple[str, int]


@dataclass(frozen=True)
class Difference:
    """Something that the warehouse holds otherwise than the CRM."""

    table: str
    id: str
    text: str

    def __str__(self) -> str:
        return f"{self.table} {self.id}: {self.text}"


# What a proxy makes of an answer: labelled as packed, a page in its place, nothing, another character set, half of it.
DAMAGED = ("gzip", "html", "empty", "charset", "cut")


def truncate(value: Any) -> str:
    """A value short enough for a line."""
    return str(value)[:200]


def compare(
    table: str,
    truth: Mapping[str, Row],
    held: Mapping[str, Row],
    gone: Callable[[str, Row], bool] = lambda id, row: False,
    odd: Callable[[str, str], bool] = lambda id, name: False,
) -> list[Difference]:
    """What differs; `gone` says whether a row that the CRM has no more may be held as it is, `odd` which values were odd."""
    found = [Difference(table, i, f"is not held: {truncate(truth[i])}") for i in truth.keys() - held.keys()]
    for id, row in held.items():
        if id not in truth:
            if not gone(id, row):
                found.append(Difference(table, id, "is held and does not exist"))
            continue
        for name, value in truth[id].items():
            if row.get(name) != value and not odd(id, name):
                found.append(
                    Difference(
                        table, id, f"{name} is {truncate(repr(value))}, held {truncate(repr(row.get(name)))}"
                    )
                )
    return found


class World:
    """A CRM with people in it, a warehouse, and what ought to be true between the two."""

    crm: ClassVar[str]
    deeds: ClassVar[tuple[str, ...]] = ("create",) * 5 + ("update",) * 4
    """What people do, each as often as it is likely."""

    def __init__(self, sandbox: LocalSandbox) -> None:
        self.sandbox = sandbox
        self.warehouse = Warehouse(None, threads=1)
        self.count = 0
        self.unseen: set[tuple[str, str]] = set()
        """Records that name a merge and were not pulled yet: erased now, they would take the knowledge along."""
        self.odd = OddValues(sandbox.adapter, Random(7), chance=0.0, spare=self.never_odd)
        # How many of the new fields are called as something of ours.
        self.odd_names = 0.3

    def opened(self, small: bool) -> Connector:
        """A connector whose answers may be odd."""
        connector = self.connector("", small)
        self.session(connector).mount("http://", self.odd)
        self.session(connector).mount("https://", self.odd)
        return connector

    def never_odd(self, name: str) -> bool:
        """Fields that are never given odd: ours, and what the comparison follows to other records."""
        return name.lower().startswith("sc_")

    def was_odd(self, id: str, name: str) -> bool:
        """Whether a column of a row is as odd as it was given last."""
        given = {"_created": self.created}.get(name, name)
        return (id, given) in self.odd.odd

    created: ClassVar[str] = ""

    # Each CRM's own

    def connector(self, token: str, small: bool) -> Connector:
        """A connector of a new process; `small` pages where asked."""
        raise NotImplementedError

    def session(self, connector: Connector) -> requests.Session:
        """What a connector of this world sends its calls through."""
        raise NotImplementedError

    def live(self, *objects: str) -> list[tuple[str, str]]:
        """Live records of objects, as (object, id); of all where none is named."""
        raise NotImplementedError

    def pending(self) -> bool:
        """Whether the CRM still hides something that has happened."""
        raise NotImplementedError

    def rows_differ(self, w: Warehouse, *, settled: bool) -> list[Difference]:
        """Rows of every object. Not `settled`: no reconcile yet, rows erased for good may still be held."""
        raise NotImplementedError

    def rest_differs(self, w: Warehouse) -> list[Difference]:
        """All else: links, history, merges, owners, stages, the neutral tables."""
        raise NotImplementedError

    def closed(self) -> set[str]:
        """Ids of the deals that are over."""
        raise NotImplementedError

    def flood(self, rows: int) -> None:
        """So many contacts in one second."""
        raise NotImplementedError

    @staticmethod
    def same(table: str, truth: set[str], held: set[str]) -> list[Difference]:
        """What is in one of two sets of ids only."""
        return compare(table, {i: {} for i in truth}, {i: {} for i in held})

    def do_touch_all(self, r: Random) -> None:
        """A bulk job gives all contacts one stamp."""
        self.sandbox.control("touch", object=self.contacts)

    contacts: ClassVar[str] = "contacts"

    @classmethod
    def fields_of(
        cls, w: Warehouse, name: str, fields: Sequence[str], ours: Sequence[str]
    ) -> dict[str, dict[str, Any]]:
        """Rows of a raw table by id: the CRM's fields under its own names, and columns of ours."""
        rows = cls.table(w, name, "id", [*map(field_column, fields), *ours])
        plain = {field_column(f): f for f in fields}
        return {i: {plain.get(c, c): v for c, v in row.items()} for i, row in rows.items()}

    @staticmethod
    def field_names(w: Warehouse, name: str) -> set[str]:
        """The CRM's fields that a raw table holds."""
        return {c.removeprefix(FIELD) for c in w.columns(name) if c.startswith(FIELD)}

    @staticmethod
    def table(w: Warehouse, name: str, key: str, columns: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Rows of a table by key."""
        if not w.columns(name):
            return {}
        listed = ", ".join(f'"{c}"' for c in columns)
        rows = w.con.execute(f'SELECT "{key}"{", " + listed if listed else ""} FROM "{name}"').fetchall()
        return {r[0]: dict(zip(columns, r[1:], strict=True)) for r in rows}

    # Steps

    def step(self, name: str, number: int) -> list[Difference]:
        """Do one step; what differs after it."""
        r = Random(number)
        if name == "pull":
            return self.do_pull(r)
        if name == "check":
            return self.check()
        if name == "read":
            return self.read()
        if name == "wait":
            self.sandbox.clock.advance(r.choice((0, 1, 5, 60, 700, 86_400, 5 * 86_400, 40 * 86_400)))
            return []
        getattr(self, f"do_{name}")(r)
        self.sandbox.clock.advance(r.choice((0, 0, 0.4, 1, 3)))
        return []

    def do_pull(self, r: Random) -> list[Difference]:
        """A pull, perhaps with faults and perhaps killed; afterwards a whole one shows all that a delta can show."""
        faults = self.sandbox.world.faults
        faulty = r.random() < 0.5
        if faulty:
            kind = r.choice(("status", "status", "reset", "lost", "truncated", *DAMAGED))
            faults.add(
                {
                    "kind": kind,
                    "status": r.choice((429, 429, 500, 502, 503)),
                    "probability": r.choice((0.02, 0.1, 0.4)),
                    "seed": r.randrange(1000),
                    "retry_after": 0,
                }
            )
        connector = self.opened(r.random() < 0.5)
        before, self.odd.chance = set(self.odd.odd), r.choice((0.0, 0.02, 0.2))
        killed = r.random() < 0.5
        given: Any = Killing(connector, r.randrange(25)) if killed else connector
        meddled = r.random() < 0.4
        if meddled:
            busy = Meddling(self.odd, self.meddle, r)
            self.session(connector).mount("http://", busy)
            self.session(connector).mount("https://", busy)
        try:
            until = connector.now()
            pull(given, self.warehouse, until=until, full=meddled and r.random() < 0.2)
            if meddled and r.random() < 0.3:
                reconcile(connector, self.warehouse, until=until)
        except KilledError:
            # What was given since then may not have been put away.
            self.odd.odd |= before
            return []
        except SalesConsultantError as e:
            self.odd.odd |= before
            # A CRM in trouble is no defect of ours, nor a wrong setting.
            return [] if e.code in (3, 4) else [Difference("pull", "", f"ends with {e.code}: {e.message}")]
        finally:
            self.odd.chance = 0.0
            faults.clear()
            connector.close()
        # What people did while it read is the next pull's.
        return [] if meddled else self.after_pull()

    def meddle(self, r: Random) -> None:
        """What somebody does in the CRM while a pull reads; no fault of ours meets them."""
        faults = self.sandbox.world.faults
        rules = list(faults.rules)
        faults.clear()
        try:
            if r.random() < 0.1:
                self.sandbox.clock.advance(r.choice((5, 60, 700)))
            else:
                self.step(r.choice(self.deeds), r.randrange(2**32))
        finally:
            faults.rules.extend(rules)

    def after_pull(self) -> list[Difference]:
        """A whole pull has ended well."""
        self.unseen.clear()
        return [] if self.pending() else self.rows_differ(self.warehouse, settled=False)

    def read(self) -> list[Difference]:
        """A delta that nothing disturbs: what every pull must see may not differ any more."""
        self.sandbox.clock.advance(61)
        connector = self.opened(False)
        try:
            pull(connector, self.warehouse, until=connector.now())
        finally:
            connector.close()
        return self.after_pull()

    def check(self) -> list[Difference]:
        """Pull and reconcile: nothing may differ any more."""
        self.sandbox.clock.advance(61)
        connector = self.opened(False)
        try:
            until = connector.now()
            # What the CRM computes has a cadence of its own; here it is due.
            pull(connector, self.warehouse, until=until, computed_ms=0)
            found = self.after_pull()
            compared = reconcile(connector, self.warehouse, until=until)
            found += [Difference(c.stream, "", f"counts: {c}") for c in compared if not c.equal]
            return found + self.rows_differ(self.warehouse, settled=True) + self.rest_differs(self.warehouse)
        finally:
            connector.close()
