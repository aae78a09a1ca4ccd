"""A CRM of people without companies, end to end: they are the customers, and `train` says who is not."""

import csv
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support import tiny
from support.office import office

PEOPLE = 60


def write(folder: Path) -> Path:
    """People who buy at rates of their own until they leave, and three sales to nobody."""
    folder.mkdir()
    draw = random.Random(5)
    people: list[Mapping[str, Any]] = []
    deals: list[Mapping[str, Any]] = []

    def sold(contact: str, day: float) -> None:
        deals.append(
            {
                "id": f"d{len(deals)}", "name": f"Order {len(deals)}", "contact_id": contact, "pipeline": "shop",
                "stage": "won", "amount": round(draw.uniform(20, 200), 2), "currency": "EUR",
                "created_at": tiny.at(day + 0.5), "closed_at": tiny.at(day), "close_date": tiny.at(day)[:10],
            }
        )  # fmt: skip

    for n in range(PEOPLE):
        day = draw.uniform(200, 700)
        people.append(
            {
                "id": f"p{n}",
                "email": f"p{n}@mail{n}.example",
                "first_name": "P",
                "last_name": f"{n}",
                "created_at": tiny.at(720),
            }
        )
        leaves = draw.uniform(0, day)
        while day > leaves:
            sold(f"p{n}", day)
            day -= draw.expovariate(1 / 50) + 2
    for _ in range(3):
        sold("", draw.uniform(10, 300))
    stage = {"pipeline": "shop", "stage": "won", "label": "Won", "display_order": 1, "probability": 1}
    stages = [{**stage, "is_closed": True, "is_won": True}]
    for name, rows in (("contacts", people), ("deals", deals), ("stages", stages)):
        with open(folder / f"{name}.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return folder


@pytest.mark.slow
def test_people_are_valued(tmp_path: Path) -> None:
    with office(tmp_path / "admin", data=write(tmp_path / "data"), clock=tiny.CLOCK) as desk:
        desk.cli.json("provision")
        desk.cli.json("pull")
        trained = desk.cli.json("train")
        value = next(m for m in trained["models"] if m["name"] == "value")
        assert (
            value["published"]
            and "3 won deals count for nobody (neither a company nor a contact: 3)" in value["why"]
        )
        assert "count for nobody" in desk.cli.run("train", "--dry-run").out
        desk.cli.json("sync", "--yes")
        held = desk.held()
        told = {f for o, _, f in held if o == "contacts"}
        assert {"value_12m", "churn_risk", "segment", "lifecycle", "customer_tier"} <= told
        valued = [i for o, i, f in held if (o, f) == ("contacts", "value_12m")]
        assert len(valued) == PEOPLE
        assert desk.cli.json("sync")["written"] == 0
