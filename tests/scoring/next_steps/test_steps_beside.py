"""Steps beside what else a record has: the product of its deal, another record's step, a draft to a person."""

from typing import Any

import pandas as pd
import pytest
from support.step_worlds import BOOK, deal, logged, person, proposal, rule, sent, wrote
from support.worlds import DAY, NOW, World

from sales_consultant.scoring.next_steps import Options, facts, propose, why_none


def test_a_deal_is_told_its_own_recommended_product_and_a_contact_that_of_the_company() -> None:
    world = World()
    world.add("companies", id="c", name="Firma", created_at=NOW - 90 * DAY)
    deal(world, company_id="c")
    deal(world, "full", company_id="c")
    person(world, company_id="c")
    keys = [("deals", "d"), ("deals", "full"), ("contacts", "p"), ("companies", "c")]
    rows = pd.DataFrame(keys, columns=["object", "record_id"]).assign(score=70, grade="A", probability=0.5)
    known = pd.DataFrame(
        [("companies", "c", "Hose", 2.0), ("deals", "d", "Oil", float("nan"))],
        columns=["object", "record_id", "recommended_product", "tier"],
    )
    table = facts(world.connection(), rows, as_of=NOW, customers=known)
    told = table.set_index("record_id")
    assert dict(told["recommended_product"].dropna()) == {"d": "Oil", "p": "Hose", "c": "Hose"}
    assert set(told["tier"]) == {2.0}


def test_what_another_record_asks_is_said_at_once_where_an_owner_has_no_room() -> None:
    """Else the next run, for which the other's step stands, would say another reason than this one."""
    world = World()
    for key, owner, amount in (("full", "o", 5000), ("free", "other", 1000)):
        at = NOW - 40 * DAY
        world.add(
            "deals",
            id=key,
            created_at=at,
            amount=amount,
            owner_id=owner,
            stage="offer",
            close_date=NOW + 90 * DAY,
        )
        world.add(
            "associations", from_object="deal", from_id=key, to_object="contact", to_id="p", label="primary"
        )
    person(world, "p", first_name="Ann", last_name="Lee")
    sent(world, 5, ("contact", "p"))
    wrote(world, 2, ("contact", "p"))
    first = proposal(world, keys=("full", "free"), max_new_per_owner=1, given_today={"o": 1})
    assert list(first.steps["record_id"]) == ["free"]
    (why,) = first.without["why"]
    current = {("deals", "free"): str(first.steps["step_id"].iloc[0])}
    again = proposal(
        world, keys=("full", "free"), max_new_per_owner=1, given_today={"o": 1, "other": 1}, current=current
    )
    assert list(again.without["why"]) == [why] == [why_none.ELSEWHERE]
    assert first.counts["answer"].elsewhere == again.counts["answer"].elsewhere == 1
    assert first.counts["answer"].capped == again.counts["answer"].capped == 0


@pytest.mark.parametrize(
    ("more", "drafted"),
    [
        ({"first_name": "Ann", "last_name": "Lee"}, True),
        ({}, False),
        ({"first_name": "Ann", "email_opt_out": True}, False),
    ],
)
def test_a_draft_greets_a_person_by_name_who_may_be_written_to(more: dict[str, Any], drafted: bool) -> None:
    world = World()
    person(world, **more)
    wrote(world, 2, ("contact", "p"))
    scores = pd.DataFrame(
        {"object": ["contacts"], "record_id": ["p"], "score": [70], "grade": ["D"], "probability": [0.5]}
    )
    written = pd.DataFrame(
        {"object": ["contacts"], "record_id": ["p"], "intent": ["complaint"], "at_intent": [NOW - 2 * DAY]}
    ).assign(sentiment=-0.5, unsubscribed=False)
    logged(world)
    engine = world.connection()
    found = propose(engine, facts(engine, scores, as_of=NOW, signals=written), BOOK, Options(as_of=NOW)).steps
    assert rule(found) == "answer-complaint"
    body = found["draft_body"].iloc[0]
    assert (body is not None) == drafted
    assert not drafted or str(body).startswith("Hello Ann Lee,")
    without = propose(
        engine, facts(engine, scores, as_of=NOW, signals=written), BOOK, Options(as_of=NOW, drafts=False)
    ).steps
    assert without["draft_body"].isna().all() and list(without["step"]) == list(found["step"])
