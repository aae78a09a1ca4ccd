"""A data folder for the sandbox: a small company that is complete, with the oddities that real CRMs hold."""

import csv
import io
import random
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

CLOCK = "2024-12-01T08:00:00Z"
NOW = datetime(2024, 12, 1, 8, tzinfo=UTC)
# What must never reach a terminal or a page as it is: an escape sequence, markup, a direction override, a bell.
NASTY = "Eve\x1b[31m<script>alert(1)</script>\u202eevil\x07"
LINE_BREAK = "Hauptstraße 1\n10115 Berlin"
NAMES = (
    "Ann Österberg",
    "Bo 李",
    "Zoë Müller",
    "Łukasz Żak",
    "नीरज शर्मा",
    "Ólafur Þórsson",
    "Sam O'Neil",
    "Ада Ким",
)
PIPELINE = (
    ("new", "New", 0.1, False, False),
    ("offer", "Offer", 0.6, False, False),
    ("won", "Won", 1.0, True, True),
    ("lost", "Lost", 0.0, True, False),
)

Row = Mapping[str, Any]
Tables = dict[str, list[Row]]


def at(day: float) -> str:
    """So many days before the clock."""
    return f"{NOW - timedelta(days=day):%Y-%m-%dT%H:%M:%SZ}"


def _people(contacts: int, companies: int, draw: random.Random) -> Tables:
    return {
        "owners": [
            {"id": f"o{n}", "email": f"rep{n}@seller.example", "first_name": f"Rep{n}", "last_name": "Seller"}
            for n in (1, 2)
        ],
        "companies": [
            {
                "id": f"c{n}",
                "name": NASTY if n == 0 else f"Firma {n} & Söhne" if n % 2 else f"Company {n}",
                "domain": f"company{n}.example",
                "industry": ("Software", "Retail")[n % 2],
                "created_at": at(700),
                "owner_id": f"o{n % 2 + 1}",
            }
            for n in range(companies)
        ],
        "contacts": [
            {
                "id": f"p{n}",
                "email": f"person{n}@company{n % companies}.example",
                "first_name": NASTY if n == 0 else NAMES[n % len(NAMES)].split()[0],
                "last_name": NAMES[n % len(NAMES)].split()[1],
                "title": "CTO" if n % 3 else "",
                "address": LINE_BREAK if n == 1 else "",
                "company_id": f"c{n % companies}" if n % 7 else "",
                "owner_id": f"o{n % 2 + 1}",
                "created_at": at(draw.uniform(100, 600)),
            }
            for n in range(contacts)
        ],
    }


def _deal(n: int, contacts: int, companies: int, draw: random.Random) -> tuple[Row, list[Row]]:
    start = draw.uniform(20, 500)
    closed = n % 3 != 0
    won = n % 3 == 1
    end = start - draw.uniform(5, start - 1) if closed else None
    stage = "won" if won else "lost" if closed else "offer" if n % 2 else "new"
    deal: Row = {
        "id": f"d{n}",
        "name": NASTY if n == 0 else f"Deal {n} – größer" if n % 2 else f"Deal {n}",
        "company_id": "" if n == 3 else f"c{n % companies}",
        "contact_id": f"p{n % contacts}",
        "owner_id": f"o{n % 2 + 1}",
        "pipeline": "sales",
        "stage": stage,
        "type": "new_business",
        "amount": "" if n == 6 else round(draw.uniform(500, 20_000), 2),
        # The code that ISO 4217 keeps for tests: no CRM knows its rate.
        "currency": "XTS" if n in (9, 10) else "EUR",
        "close_date": at(end if end is not None else -30)[:10],
        "created_at": at(start),
        "closed_at": at(end) if end is not None else "",
    }
    history: list[Row] = [{"deal_id": f"d{n}", "stage": "new", "entered_at": at(start)}]
    if stage != "new":
        history.append({"deal_id": f"d{n}", "stage": "offer", "entered_at": at((start + (end or 0)) / 2)})
    if end is not None:
        history.append({"deal_id": f"d{n}", "stage": stage, "entered_at": at(end)})
    return deal, history


def _activities(deals: int, contacts: int, draw: random.Random) -> list[Row]:
    made: list[Row] = []
    for n in range(2 * deals):
        day = draw.uniform(1, 400)
        made.append(
            {
                "id": f"a{n}",
                "type": ("call", "email", "meeting", "note")[n % 4],
                "direction": "inbound" if n % 2 else "outbound",
                "occurred_at": at(day),
                "created_at": at(day),
                "contact_id": f"p{n % contacts}",
                "deal_id": f"d{n % deals}",
                "owner_id": f"o{n % 2 + 1}",
                "subject": f"Gespräch {n}",
            }
        )
    if deals:
        planned = {"id": "planned", "type": "meeting", "occurred_at": at(-3), "created_at": at(2)}
        made.append({**planned, "contact_id": "p0", "deal_id": "d0", "owner_id": "o1", "subject": "Roll-out"})
    return made


def tables(*, contacts: int = 40, companies: int = 6, deals: int = 30, seed: int = 7) -> Tables:
    """The rows by table: a third of the deals open, a third won, a third lost, and a meeting to come."""
    draw = random.Random(seed)
    made = _people(contacts, companies, draw)
    made["stages"] = [
        {
            "pipeline": "sales",
            "stage": stage,
            "label": label,
            "display_order": n,
            "probability": probability,
            "is_closed": str(closed).lower(),
            "is_won": str(won).lower(),
        }
        for n, (stage, label, probability, closed, won) in enumerate(PIPELINE)
    ]
    pairs = [_deal(n, contacts, companies, draw) for n in range(deals)]
    made["deals"] = [d for d, _ in pairs]
    made["deal_stage_history"] = [h for _, hs in pairs for h in hs]
    made["activities"] = _activities(deals, contacts, draw)
    return made


def csv_text(rows: Iterable[Row]) -> str:
    """Rows as CSV; their columns in order of first use."""
    rows = list(rows)
    names = list(dict.fromkeys(k for r in rows for k in r))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def write(folder: Path, made: Tables | None = None) -> Path:
    """The tables as a data folder, made if it is not there; a table without rows gets no file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (tables() if made is None else made).items():
        if rows:
            (folder / f"{name}.csv").write_text(csv_text(rows), encoding="utf-8")
    return folder
