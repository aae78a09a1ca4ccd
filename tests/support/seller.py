"""A data folder whose deals follow a rule, so that a model is trained and earns its place: what a crash test writes."""

import random
from typing import Any

from support import tiny

DEALS = 700
OPEN = 60
# What no history is kept of is learnt from only where an admin says that it never changes.
FEATURES = '[features]\nfixed = ["deals.c_fit"]'


def tables(*, people: int = 230, companies: int = 100, seed: int = 12) -> tiny.Tables:
    """The tiny company with other deals: most with a good fit are won, most others lost."""
    draw = random.Random(seed)
    made = tiny.tables(contacts=people, companies=companies, deals=0)
    deals: list[tiny.Row] = []
    history: list[tiny.Row] = []
    for n in range(DEALS):
        open_ = n < OPEN
        life = draw.uniform(10, 40)
        start = draw.uniform(1, life) if open_ else draw.uniform(life + 1, 640)
        fit = draw.choice(("good", "poor"))
        stage = "offer" if open_ else "won" if draw.random() < (0.86 if fit == "good" else 0.14) else "lost"
        deal: dict[str, Any] = {
            "id": f"d{n}",
            "name": f"Deal {n}",
            "company_id": f"c{n % companies}",
            "contact_id": f"p{n % people}",
            "owner_id": f"o{n % 2 + 1}",
            "pipeline": "sales",
            "stage": stage,
            "type": "new_business",
            "amount": round(draw.uniform(500, 20_000), 2),
            "currency": "EUR",
            "fit": fit,
            "created_at": tiny.at(start),
            "close_date": tiny.at(-30 if open_ else start - life)[:10],
            "closed_at": "" if open_ else tiny.at(start - life),
        }
        deals.append(deal)
        history += [
            {"deal_id": f"d{n}", "stage": "new", "entered_at": tiny.at(start)},
            {"deal_id": f"d{n}", "stage": "offer", "entered_at": tiny.at(start - life / 20)},
        ]
        if not open_:
            history.append({"deal_id": f"d{n}", "stage": stage, "entered_at": tiny.at(start - life)})
    made["deals"] = deals
    made["deal_stage_history"] = history
    return made
