"""A company of deals whose outcome is drawn by lot, while links, owners, line items and activities appear as deals move on.

How long a deal stays open has no memory (exponential), so that its age tells nothing; its stages, amounts and activities
come by clocks of their own, which the outcome does not touch. As of any moment nothing that is known of an open deal says
what becomes of it. What the CRM shows today does: who wins a deal completes its record.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support import tiny

DEALS = 1_300
DAYS = 720
MEAN_LIFE = 45.0
WIN_RATE = 0.4
STAGES = ("new", "qualified", "demo", "offer")
INSIDE, FIELD = ("o1", "o2"), ("o3", "o4", "o5", "o6")
PIPELINE = (
    ("new", "New", 0.1, False, False),
    ("qualified", "Qualified", 0.2, False, False),
    ("demo", "Demo", 0.4, False, False),
    ("offer", "Offer", 0.6, False, False),
    ("won", "Won", 1.0, True, True),
    ("lost", "Lost", 0.0, True, False),
)


@dataclass
class _Deal:
    """One deal in days before the clock; `moves` are the days on which it came to its stages."""

    number: int
    start: float
    end: float | None
    won: bool
    moves: list[float]

    @property
    def now(self) -> float:
        """The last day on which anybody worked on it."""
        return 0.0 if self.end is None else self.end

    def reached(self, stage: int) -> float | None:
        """When what belongs to a stage was written down: at the move; at the latest when the deal was won."""
        if stage < len(self.moves):
            return self.moves[stage]
        return self.end if self.won else None


@dataclass
class NoSignal:
    """The tables while they are made.

    `dated`: whether roles and line items carry the time at which they were made, and close dates their history; without, the
    sandbox dates them as their deal. `relinked`: whether who wins a deal links mails to it that were the person's alone.
    `planted`: whether deals have fields of random values that are changed (mood) or filled (paper, region) by the outcome;
    `tracked`: whether the CRM keeps the history of these.
    """

    seed: int
    deals: int = DEALS
    dated: bool = True
    relinked: bool = False
    planted: bool = False
    tracked: bool = False
    made: tiny.Tables = field(default_factory=dict)

    def tables(self) -> tiny.Tables:
        """All tables of the data folder."""
        draw = random.Random(self.seed)
        firms = self.deals // 3
        self.made = {
            "owners": [
                {"id": o, "email": f"{o}@seller.example", "first_name": "Rep", "last_name": o.upper()}
                for o in (*INSIDE, *FIELD)
            ],
            "stages": [
                {
                    "pipeline": "sales",
                    "stage": stage,
                    "label": label,
                    "display_order": n,
                    "probability": p,
                    "is_closed": closed,
                    "is_won": won,
                }
                for n, (stage, label, p, closed, won) in enumerate(PIPELINE)
            ],
            "products": [{"id": f"x{n}", "name": f"Product {n}", "price": 100 * (n + 1)} for n in range(4)],
            "companies": [self._company(n, draw.uniform(0, 5 * DAYS), draw) for n in range(firms)],
            "contacts": [
                {
                    "id": f"p{n}",
                    "email": f"person{n}@firm{n % firms}.example",
                    "first_name": "Person",
                    "last_name": f"No {n}",
                    "company_id": f"c{n % firms}",
                    "owner_id": draw.choice(INSIDE),
                    "created_at": tiny.at(draw.uniform(0, DAYS + 100)),
                }
                for n in range(2 * firms)
            ],
            "deals": [],
            "deal_stage_history": [],
            "deal_history": [],
            "field_history": [],
            "deal_contacts": [],
            "line_items": [],
            "activities": [],
        }
        for n in range(self.deals):
            self._deal(self._life(n, draw), firms, draw)
        return self.made

    def write(self, folder: Path) -> Path:
        """The tables as files of a data folder."""
        return tiny.write(folder, self.tables())

    @staticmethod
    def _company(n: int, day: float, draw: random.Random) -> tiny.Row:
        return {
            "id": f"c{n}",
            "name": f"Firm {n}",
            "domain": f"firm{n}.example",
            "industry": draw.choice(("Software", "Retail", "Health", "Energy")),
            "owner_id": draw.choice(INSIDE),
            "created_at": tiny.at(day),
        }

    @staticmethod
    def _life(n: int, draw: random.Random) -> _Deal:
        start = draw.uniform(0.5, DAYS)
        end: float | None = start - 0.3 - draw.expovariate(1 / MEAN_LIFE)
        if end is not None and end <= 0:
            end = None
        moves, at = [], start
        for _ in STAGES:
            if at > (end or 0.0):
                moves.append(at)
            at -= draw.expovariate(1 / 25)
        return _Deal(n, start, end, end is not None and draw.random() < WIN_RATE, moves)

    def _deal(self, deal: _Deal, firms: int, draw: random.Random) -> None:
        firm, name = draw.randrange(firms), f"d{deal.number}"
        inside, outside = draw.choice(INSIDE), draw.choice(FIELD)
        people = draw.sample(range(2 * firms), 3)
        last = STAGES[len(deal.moves) - 1] if deal.moves else "new"
        stage = last if deal.end is None else "won" if deal.won else "lost"
        row: dict[str, Any] = {
            "id": name,
            "name": f"Deal {deal.number}",
            "company_id": f"c{firm}" if deal.reached(1) is not None else "",
            "contact_id": f"p{people[0]}" if deal.reached(1) is not None else "",
            "owner_id": outside if deal.reached(2) is not None else inside,
            "pipeline": "sales",
            "stage": stage,
            "type": "new_business",
            "amount": round(draw.uniform(500, 20_000), 2),
            "currency": "EUR",
            "created_at": tiny.at(deal.start),
            "closed_at": "" if deal.end is None else tiny.at(deal.end),
            "close_date": tiny.at(deal.start - 60)[:10] if deal.end is None else tiny.at(deal.end)[:10],
        }
        if self.planted:
            done = deal.won or (deal.end is not None and draw.random() < 0.2)
            before = {"mood": draw.choice("bcde"), "paper": "", "region": ""}
            after = {
                "mood": draw.choice("abcd"),
                "paper": draw.choice("xyz"),
                "region": draw.choice(("North", "South")),
            }
            row |= after if done else before
            if self.tracked:
                self._tracked(name, deal, before, after if done else {})
        self.made["deals"].append(row)
        walk = [
            *zip(STAGES, deal.moves, strict=False),
            *([(stage, deal.end)] if deal.end is not None else []),
        ]
        self.made["deal_stage_history"] += [
            {"deal_id": name, "stage": s, "entered_at": tiny.at(day)} for s, day in walk if day is not None
        ]
        if self.dated:
            planned = tiny.at(deal.start - 60)[:10]
            self.made["deal_history"].append(
                {"deal_id": name, "changed_at": tiny.at(deal.start), "stage": "new", "close_date": planned}
            )
        for n, person in enumerate(people[1:], start=2):
            day = deal.reached(n)
            if day is not None:
                self._linked(
                    "deal_contacts", day, deal_id=name, contact_id=f"p{person}", role="User", is_primary=False
                )
        day = deal.reached(3)
        if day is not None:
            for product in draw.sample(range(4), draw.randint(1, 3)):
                self._linked(
                    "line_items",
                    day,
                    id=f"i{deal.number}-{product}",
                    deal_id=name,
                    product_id=f"x{product}",
                    quantity=1,
                )
        self._activities(deal, name, f"p{people[0]}", (inside, outside), draw)

    def _tracked(self, name: str, deal: _Deal, before: dict[str, str], after: dict[str, str]) -> None:
        changes = [(deal.start, before), *([(deal.end, after)] if deal.end is not None else [])]
        self.made["field_history"] += [
            {"object": "deals", "record_id": name, "field": f, "value": v, "changed_at": tiny.at(day)}
            for day, values in changes
            for f, v in values.items()
            if v
        ]

    def _linked(self, table: str, day: float, **row: Any) -> None:
        self.made[table].append({**row, "created_at": tiny.at(day)} if self.dated else row)

    def _activities(
        self, deal: _Deal, name: str, person: str, owners: tuple[str, str], draw: random.Random
    ) -> None:
        day = deal.start - draw.expovariate(0.12)
        while day > deal.now:
            kind = draw.choice(("call", "email", "meeting"))
            loose = self.relinked and draw.random() < 0.5
            mine = len(deal.moves) > 2 and day <= deal.moves[2]
            if not mine and draw.random() < 0.9:
                # Inside reps write nothing down.
                day -= draw.expovariate(0.12)
                continue
            self.made["activities"].append(
                {
                    "id": f"a{len(self.made['activities'])}",
                    "type": kind,
                    "direction": draw.choice(("inbound", "outbound")),
                    "occurred_at": tiny.at(day),
                    "created_at": tiny.at(day),
                    "contact_id": person,
                    "deal_id": name if deal.won or not loose else "",
                    "owner_id": owners[1] if mine else owners[0],
                    "subject": kind,
                }
            )
            day -= draw.expovariate(0.12)
