"""A small company as a data folder of the sandbox, for recordings: deals whose outcome follows from what people do.

A few odd things are in it on purpose: a currency without a rate, markup in names, people without a company, leads that
became nothing, a partner's pipeline that is too small to learn from.
"""

import csv
import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

NOW = datetime(2024, 12, 11, 7, tzinfo=UTC)
COMPANIES, PEOPLE, DEALS, OPEN, LEADS = 90, 200, 620, 50, 260
STAGES = (
    ("new", 0.1, "", ""),
    ("offer", 0.6, "", ""),
    ("won", 1.0, "true", "true"),
    ("lost", 0.0, "true", "false"),
)
NAMES = (
    "Ann Österberg",
    "Bo 李",
    "Zoë Müller",
    "Łukasz Żak",
    "नीरज शर्मा",
    "Sam O'Neil",
    "Eve <script>alert(1)</script>",
)
Rows = list[dict[str, Any]]


def at(day: float) -> str:
    """So many days before now."""
    return f"{NOW - timedelta(days=day):%Y-%m-%dT%H:%M:%SZ}"


def people(draw: random.Random) -> dict[str, Rows]:
    """Owners, companies and contacts."""
    owners = [
        {"id": f"o{n}", "email": f"rep{n}@seller.example", "first_name": f"Rep{n}", "last_name": "S"}
        for n in (1, 2)
    ]
    companies: Rows = [
        {
            "id": f"c{n}",
            "name": f"Firma {n} & Söhne",
            "domain": f"company{n}.example",
            "industry": ("Software", "Retail", "Health")[n % 3],
            "employees": draw.randint(3, 900),
            "created_at": at(700),
            "owner_id": f"o{n % 2 + 1}",
        }
        for n in range(COMPANIES)
    ]
    contacts: Rows = [
        {
            "id": f"p{n}",
            "email": f"person{n}@{'gmail.com' if n % 19 == 0 else f'company{n % COMPANIES}.example'}",
            "first_name": NAMES[n % len(NAMES)].split()[0],
            "last_name": NAMES[n % len(NAMES)].split()[1],
            "title": ("CTO", "Buyer", "")[n % 3],
            "company_id": f"c{n % COMPANIES}" if n % 9 else "",
            "owner_id": f"o{n % 2 + 1}",
            "email_opt_out": str(n % 11 == 0).lower(),
            "page_views": draw.randint(0, 40),
            "created_at": at(draw.uniform(200, 640)),
        }
        for n in range(PEOPLE)
    ]
    return {"owners": owners, "companies": companies, "contacts": contacts}


def leads(draw: random.Random) -> Rows:
    """Leads; those that came by a referral are mostly converted, and then are a contact and a deal."""
    made: Rows = []
    for n in range(LEADS):
        source = draw.choice(("Referral", "Ads"))
        start = draw.uniform(3, 500)
        became = n < PEOPLE and start > 60 and draw.random() < (0.8 if source == "Referral" else 0.15)
        made.append(
            {
                "id": f"l{n}",
                "email": f"lead{n}@lead{n}.example",
                "first_name": "Lou",
                "last_name": f"Lead{n}",
                "company_name": f"Prospect {n}",
                "status": "Converted" if became else "New",
                "lead_source": source,
                "owner_id": f"o{n % 2 + 1}",
                "created_at": at(start),
                "converted_at": at(start - 30) if became else "",
                "converted_contact_id": f"p{n}" if became else "",
                "converted_deal_id": f"d{n + OPEN}" if became else "",
            }
        )
    return made


def deals(draw: random.Random) -> dict[str, Rows]:
    """Deals with their stages and activities: who answers, buys."""
    made: dict[str, Rows] = {"deals": [], "deal_stage_history": [], "activities": [], "line_items": []}
    for n in range(DEALS):
        life = draw.uniform(10, 45)
        start = draw.uniform(1, life) if n < OPEN else draw.uniform(life + 1, 640)
        fit = draw.choice(("good", "poor"))
        won = draw.random() < (0.85 if fit == "good" else 0.15)
        stage = draw.choice(("new", "offer")) if n < OPEN else "won" if won else "lost"
        partner = n % 40 == 7
        deal = {
            "id": f"d{n}",
            "name": f"Deal {n} – größer",
            "company_id": f"c{n % COMPANIES}",
            "contact_id": f"p{n % PEOPLE}",
            "owner_id": f"o{n % 2 + 1}",
            "pipeline": "partners" if partner else "sales",
            "stage": stage,
            "type": "new_business",
            "amount": "" if n % 31 == 5 else round(draw.uniform(500, 20_000), 2),
            "currency": "XTS" if n == 9 else "USD" if n % 5 == 0 else "EUR",
            "created_at": at(start),
            "close_date": at(-30 if n < OPEN else start - life)[:10],
            "closed_at": "" if n < OPEN else at(start - life),
        }
        made["deals"].append(deal)
        steps = [("new", start), *([("offer", start - life / 20)] if stage != "new" else [])]
        steps += [(stage, start - life)] if n >= OPEN else []
        made["deal_stage_history"] += [
            {"deal_id": f"d{n}", "stage": s, "entered_at": at(d)} for s, d in steps
        ]
        made["activities"] += activities(draw, n, start, min(life, start), good=fit == "good")
        if won and n % 2 == 0:
            row = {
                "id": f"i{n}",
                "deal_id": f"d{n}",
                "product_id": f"x{n % 3}",
                "quantity": n % 4 + 1,
                "amount": 30 + n,
            }
            made["line_items"].append(row)
    return made


def activities(draw: random.Random, deal: int, start: float, life: float, *, good: bool) -> Rows:
    """What happened around a deal; a good one's people write back early."""
    made: Rows = []
    for k in range(draw.randint(2, 4) + 2 * good):
        day = max(0.05, start - life * draw.uniform(0.02, 0.7))
        inbound = draw.random() < (0.75 if good else 0.1)
        made.append(
            {
                "id": f"a{deal}x{k}",
                "type": draw.choice(("email", "call"))
                if inbound
                else draw.choice(("email", "call", "meeting", "note")),
                "direction": "inbound" if inbound else "outbound",
                "occurred_at": at(day),
                "created_at": at(day),
                "contact_id": f"p{deal % PEOPLE}",
                "deal_id": f"d{deal}",
                "owner_id": f"o{deal % 2 + 1}",
                "subject": f"Gespräch {k}",
                "outcome": "",
            }
        )
    if deal < 5:
        planned = {
            **made[0],
            "id": f"planned{deal}",
            "type": "meeting",
            "occurred_at": at(-2 - deal),
            "created_at": at(0.04),
        }
        made.append(planned)
    return made


def rest(contacts: Rows) -> dict[str, Rows]:
    """Stages, products, rates, campaigns and a field's history."""
    stages: Rows = [
        {
            "pipeline": pipeline,
            "stage": stage,
            "label": stage.title(),
            "display_order": n,
            "probability": share,
            "is_closed": closed or "false",
            "is_won": won or "false",
        }
        for pipeline in ("sales", "partners")
        for n, (stage, share, closed, won) in enumerate(STAGES)
    ]
    history = [
        {"object": "contacts", "record_id": c["id"], "field": "page_views", "value": v, "changed_at": at(day)}
        for c in contacts[::3]
        for v, day in ((1, 150), (c["page_views"], 20))
    ]
    return {
        "stages": stages,
        "products": [{"id": f"x{n}", "name": f"Widget {n}", "price": 10 * n + 5} for n in range(3)],
        "currencies": [{"code": "EUR", "rate": 1}, {"code": "USD", "rate": 0.9}],
        "campaigns": [
            {
                "id": "k1",
                "name": "Spring",
                "type": "webinar",
                "start_at": at(300),
                "cost": 500,
                "currency": "EUR",
            }
        ],
        "campaign_members": [
            {
                "id": f"m{n}",
                "campaign_id": "k1",
                "contact_id": f"p{n}",
                "status": "Sent",
                "responded_at": at(290),
            }
            for n in range(0, PEOPLE, 6)
        ],
        "field_history": history,
    }


def write(folder: Path) -> Path:
    """The company's tables as CSV files."""
    draw = random.Random(11)
    made = people(draw)
    made |= deals(draw) | {"leads": leads(draw)} | rest(made["contacts"])
    folder.mkdir(parents=True)
    for name, rows in made.items():
        table(folder / f"{name}.csv", rows)
    return folder


def table(file: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Rows as CSV; their columns in order of first use."""
    rows = list(rows)
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(dict.fromkeys(k for r in rows for k in r)), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
