"""A small company of which each test of next steps says what happened, and the steps that come of it."""

from typing import Any

import pandas as pd
from support.worlds import DAY, NOW, World

from sales_consultant.config import playbook
from sales_consultant.scoring.next_steps import Options, Proposal, facts, propose, rule_of

BOOK = playbook.load()


def deal(world: World, key: str = "d", age: float = 40, **more: Any) -> None:
    """An open deal with two contacts, an amount, a close date far away, and an e-mail sent yesterday."""
    at = NOW - int(age * DAY)
    row = {"created_at": at, "amount": 1000, "owner_id": "o", "stage": "offer", "close_date": NOW + 90 * DAY}
    row |= more
    world.add("deals", id=key, **row)
    world.add(
        "deal_history",
        deal_id=key,
        changed_at=at,
        stage=row["stage"],
        amount=row["amount"],
        close_date=row["close_date"],
    )
    for n in (1, 2):
        person(world, f"{key}-k{n}", created_at=at)
        world.add(
            "associations",
            from_object="deal",
            from_id=key,
            to_object="contact",
            to_id=f"{key}-k{n}",
            label="primary" if n == 1 else None,
        )


def person(world: World, key: str = "p", age: float = 40, **more: Any) -> None:
    row = {"created_at": NOW - int(age * DAY), "email": f"{key}@x.example", "owner_id": "o"}
    world.add("contacts", id=key, **{**row, **more})


def sent(world: World, days: float, to: tuple[str, str] = ("deal", "d"), kind: str = "email") -> None:
    world.activity(kind, NOW - int(days * DAY), [to], direction="outbound")


def wrote(world: World, days: float, to: tuple[str, str] = ("deal", "d")) -> None:
    world.activity("email", NOW - int(days * DAY), [to], direction="inbound")


def met(world: World, days: float, to: tuple[str, str] = ("deal", "d")) -> None:
    world.activity("meeting", NOW - int(days * DAY), [to])


def logged(world: World) -> None:
    """Of what nobody ever logged nothing is known: here every kind of activity is logged of somebody."""
    for kind, direction in (("email", "inbound"), ("email", "outbound"), ("meeting", None), ("form", None)):
        world.activity(kind, NOW - 100 * DAY, [("deal", "another")], direction=direction)


def proposal(
    world: World,
    grade: str = "A",
    object_: str = "deals",
    keys: tuple[str, ...] = ("d",),
    *,
    as_of: int = NOW,
    **more: Any,
) -> Proposal:
    logged(world)
    scores = pd.DataFrame(
        {"object": object_, "record_id": list(keys), "score": 70, "grade": grade, "probability": 0.5}
    )
    engine = world.connection()
    table = facts(engine, scores, as_of=as_of)
    return propose(engine, table, BOOK, Options(as_of=as_of, **more))


def steps(world: World, *args: Any, **more: Any) -> pd.DataFrame:
    return proposal(world, *args, **more).steps


def rule(frame: pd.DataFrame) -> str | None:
    return None if frame.empty else rule_of(str(frame["step_id"].iloc[0]))
