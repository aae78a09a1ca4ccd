"""Small companies in neutral tables, made from a seed, whose deals follow a rule that is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from sales_consultant.config.neutral import NEUTRAL, REAL, TEXT
from sales_consultant.engine import DuckEngine

DAY = 86_400_000
START = 1_700_000_000_000 // DAY * DAY
NOW = START + 720 * DAY

# Fields of the customers of these worlds.
CUSTOM = {
    "contacts": {"c_page_views": REAL},
    "companies": {"c_employees": REAL},
    "deals": {"c_fit": TEXT, "c_signed_by": TEXT, "c_paper": REAL, "c_calls_total": REAL},
}
TYPES = {table: columns | CUSTOM.get(table, {}) for table, columns in NEUTRAL.items()}
FLAGS = {
    "deleted": False,
    "is_closed": False,
    "is_won": False,
    "is_converted": False,
    "automated": False,
    "source_object": "Contact",
    "pipeline": "sales",
    "currency": "EUR",
}
STAGES = (("new", 1, False, False), ("demo", 2, False, False), ("offer", 3, False, False))
ENDS = (("won", 4, True, True), ("lost", 5, True, False))


def columns(table: str) -> list[str]:
    """The column names of a neutral table."""
    return list(TYPES[table])


def put(engine: DuckEngine, table: str, rows: Iterable[dict[str, Any]]) -> None:
    """Insert rows; a column that a row does not name has its usual value, else a gap."""
    names = columns(table)
    unknown = {key for row in rows for key in row} - set(names)
    assert not unknown, f"{table} has no {unknown}"
    values = [tuple(row.get(n, FLAGS.get(n) if n in names else None) for n in names) for row in rows]
    if values:
        frame = pd.DataFrame(values, columns=names, dtype=object)
        engine.con.register("_rows", frame)
        casts = ", ".join(f"CAST({c} AS {kind})" for c, kind in TYPES[table].items())
        engine.con.execute(f"INSERT INTO {table} SELECT {casts} FROM _rows")
        engine.con.unregister("_rows")


def empty() -> DuckEngine:
    """All neutral tables without rows, but for the stages of one pipeline and the org."""
    # So few rows are no work for a second thread, which would take the other test process's core.
    engine = DuckEngine(duckdb.connect(":memory:", config={"threads": 1}))
    for name, types in TYPES.items():
        listed = ", ".join(f"{c} {kind}" for c, kind in types.items())
        engine.con.execute(f"CREATE TABLE {name} ({listed})")
    put(
        engine,
        "stages",
        [
            {
                "object": "deals",
                "pipeline": "sales",
                "pipeline_label": "Sales",
                "stage": s,
                "label": s.title(),
                "display_order": n,
                "closed": closed,
                "won": won,
            }
            for s, n, closed, won in (*STAGES, *ENDS)
        ],
    )
    put(engine, "org", [{"currency": "EUR", "time_zone": "UTC"}])
    return engine


@dataclass
class World:
    """Rows of the neutral tables while a company is being made."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, table: str, **row: Any) -> None:
        """Remember a row."""
        self.rows.setdefault(table, []).append(row)

    def activity(self, kind: str, at: int, links: Sequence[tuple[str, str]], **more: Any) -> None:
        """An activity with its links, known when it happened unless `known_at` says otherwise."""
        key = f"a{len(self.rows.get('activities', []))}"
        self.add("activities", **{"id": key, "type": kind, "occurred_at": at, "known_at": at, **more})
        for to_object, to_id in links:
            self.add("associations", from_object="activity", from_id=key, to_object=to_object, to_id=to_id)

    def connection(self) -> DuckEngine:
        """The company in a connection of its own."""
        engine = empty()
        for table, rows in self.rows.items():
            put(engine, table, rows)
        return engine


def describe_fields(world: World) -> None:
    """What the CRM tells of its fields."""
    for object_, column, kind, known in (
        ("deals", "c_fit", "enumeration", "fixed"),
        ("deals", "c_signed_by", "string", "fixed"),
        ("deals", "c_paper", "number", "current"),
        ("contacts", "lead_source", "enumeration", "fixed"),
        ("contacts", "title", "string", "fixed"),
        ("contacts", "lifecycle_stage", "enumeration", "current"),
        ("contacts", "c_page_views", "number", "history"),
        ("companies", "industry", "enumeration", "fixed"),
        ("companies", "c_employees", "number", "fixed"),
    ):
        world.add(
            "fields",
            object=object_,
            column_name=column,
            name=column,
            label=column.removeprefix("c_").replace("_", " ").capitalize(),
            type=kind,
            custom=column.startswith("c_"),
            calculated=False,
            known=known,
            ours=False,
        )


def company(
    *, deals: int = 600, signal: float = 1.0, seed: int = 1, leads: int = 0, days: int = 720
) -> World:
    """A company whose deals are won by fit and meetings, the more so the larger `signal`; 0 is pure chance.

    Deals live 20 to 120 days and are spread over the time before NOW. `c_signed_by` is filled only on closed
    deals (a leak); `c_paper` is known as of today only.
    """
    rng = np.random.default_rng(seed)
    world = World()
    describe_fields(world)
    firms = max(deals // 4, 1)
    for i in range(firms):
        world.add(
            "companies",
            id=f"c{i}",
            name=f"Firma {i}",
            domain=f"firma{i}.example",
            industry=str(rng.choice(["steel", "food", "paper"])),
            created_at=START - int(rng.integers(0, 900)) * DAY,
            c_employees=float(rng.integers(5, 5000)),
        )
    for i in range(deals):
        _deal(world, rng, i, firms=firms, signal=signal, days=days)
    for i in range(leads):
        _lead(world, rng, i, signal=signal, days=days)
    return world


def _deal(world: World, rng: np.random.Generator, i: int, *, firms: int, signal: float, days: int) -> None:
    key, firm = f"d{i:05d}", int(rng.integers(firms))
    born = NOW - int(rng.integers(1, days)) * DAY - int(rng.integers(DAY))
    life = int(rng.integers(20, 120)) * DAY
    fit = str(rng.choice(["good", "bad"]))
    keen = rng.normal()
    chance = 1 / (1 + np.exp(0.8 - signal * (1.3 * (fit == "good") + 1.0 * keen - 0.65)))
    won = bool(rng.random() < chance)
    end = born + life
    closed = end <= NOW
    amount = float(np.round(np.exp(rng.normal(9, 1)), 2))
    stage = ("won" if won else "lost") if closed else "offer"
    world.add(
        "deals",
        id=key,
        name=f"Deal {i}",
        company_id=f"c{firm}",
        owner_id=f"o{i % 5}",
        stage=stage,
        type="new",
        amount=amount,
        close_date=end // DAY * DAY,
        created_at=born,
        closed_at=end if closed else None,
        is_closed=closed,
        is_won=closed and won,
        c_fit=fit,
        c_signed_by="notary" if closed else None,
        c_paper=float(won),
    )
    world.add(
        "deal_history", deal_id=key, changed_at=born, stage="new", amount=amount, close_date=end // DAY * DAY
    )
    for share, name in ((0.3, "demo"), (0.6, "offer"), (1.0, "won" if won else "lost")):
        at = born + int(share * life)
        if at <= NOW:
            world.add("deal_history", deal_id=key, changed_at=at, stage=name)
    contact = f"k{i:05d}"
    world.add(
        "contacts",
        id=contact,
        first_name="Änne",
        last_name=f"Nr {i}",
        email=f"k{i}@firma{firm}.example",
        domain=f"firma{firm}.example",
        title=str(rng.choice(["CEO", "Head of IT", "Clerk"])),
        company_id=f"c{firm}",
        created_at=born - DAY,
    )
    world.add(
        "associations", from_object="deal", from_id=key, to_object="contact", to_id=contact, label="primary"
    )
    rate = np.exp(0.9 * keen * min(signal, 1.0)) * 3
    for _ in range(int(rng.poisson(rate))):
        at = born + int(rng.random() * life)
        if at <= NOW:
            world.activity("meeting", at, [("deal", key), ("contact", contact)])
    for _ in range(int(rng.poisson(3))):
        at = born + int(rng.random() * life)
        if at <= NOW:
            world.activity("email", at, [("deal", key), ("contact", contact)], direction="outbound")


def _lead(world: World, rng: np.random.Generator, i: int, *, signal: float, days: int) -> None:
    key = f"l{i:05d}"
    born = NOW - int(rng.integers(1, days)) * DAY
    views = float(rng.poisson(5))
    at = born + int(rng.integers(10, 80)) * DAY
    converts = bool(rng.random() < 1 / (1 + np.exp(1.5 - signal * 0.6 * (views - 5))) and at <= NOW)
    world.add(
        "contacts",
        id=key,
        source_object="Lead",
        first_name="Li",
        last_name=f"Nr {i}",
        domain="else.example",
        email=f"l{i}@else.example",
        lead_source=str(rng.choice(["web", "fair"])),
        created_at=born,
        is_converted=converts,
        converted_at=at if converts else None,
        c_page_views=views,
    )
    world.add(
        "field_history", object="contacts", record_id=key, field="c_page_views", value="0", changed_at=born
    )
    world.add(
        "field_history",
        object="contacts",
        record_id=key,
        field="c_page_views",
        value=str(views),
        changed_at=born + DAY,
    )
