"""What a proposal says is what the tables and the CRM hold as of its day, and its review says what happened since."""

from dataclasses import replace
from datetime import date

import pytest
from support.product_world import shop, sold
from support.worlds import DAY, NOW, World

from sales_consultant.config.records import RecordRef
from sales_consultant.config.settings import Settings
from sales_consultant.engine import DuckEngine
from sales_consultant.scoring import products
from sales_consultant.sync.plan import Models
from sales_consultant.sync.reports import account_proposal, proposal_pages, proposal_review
from sales_consultant.sync.results import AccountProposal, ProposalReview

Fields = dict[RecordRef, dict[str, str | None]]
FIRM, DEAL, ANN = RecordRef("companies", "new3"), RecordRef("deals", "open1"), RecordRef("contacts", "ann")


def world() -> World:
    """The shop, with an open deal, a person and a meeting at the company new3."""
    made = shop()
    made.add("owners", id="o", email="rep@seller.example", first_name="Rep", last_name="One")
    made.rows["companies"] = [
        {**r, "owner_id": "o", "name": "Wörth\x1b[31m"} if r["id"] == "new3" else r
        for r in made.rows["companies"]
    ]
    made.add(
        "deals", id="open1", name="Second pump", company_id="new3", stage="offer", amount=500, created_at=NOW - 20 * DAY,
        close_date=NOW - 10 * DAY, is_closed=False,
    )  # fmt: skip
    made.add(
        "contacts", id="ann", first_name="Ann", last_name="Å", company_id="new3", created_at=NOW - 30 * DAY
    )
    made.add(
        "contacts", id="lee", source_object="Lead", first_name="Lee", last_name="Å", company_id="new3", created_at=NOW,
    )  # fmt: skip
    made.activity("meeting", NOW - 3 * DAY, [("deal", "open1"), ("contact", "ann")])
    return made


SHOWN: Fields = {
    FIRM: {"lifecycle": "at_risk", "segment": "new", "recommended_product": "Hose 3", "churn_risk": "20"},
    DEAL: {
        "next_step": "Send the offer",
        "next_step_due": "2025-01-02",
        "next_step_reason": "asked",
        "next_step_id": "s1",
    },
    ANN: {"next_step": "Call", "next_step_due": "2025-01-01", "next_step_id": "s2"},
}


def propose(
    engine: DuckEngine, company: str = "new3", *, model: bool = True, shown: Fields = SHOWN
) -> AccountProposal:
    """The proposal for a company as of NOW."""
    held = products.fit(engine, as_of=NOW) if model else None
    asked = account_proposal.Asked(company, NOW, 90, "en")
    return account_proposal.make(engine, Settings(), Models({}, None, None, products=held), shown, asked)


def review(
    made: World, proposal: AccountProposal, shown: Fields, *, day: int = 90, **answers: str
) -> ProposalReview:
    """The review so many days after NOW; `answers` are those to steps, by step id, of the deal."""
    with made.connection() as engine:
        given = {("deals", "open1", k): v for k, v in answers.items()}
        return proposal_review.review(engine, Settings(), proposal, shown, given, as_of=NOW + day * DAY)


@pytest.fixture(scope="module")
def made() -> AccountProposal:
    with world().connection() as engine:
        return propose(engine)


def test_it_says_what_is_known_and_offers_what_goes_with_it(made: AccountProposal) -> None:
    assert made.company == "Wörth [31m" and made.owner == "Rep One <rep@seller.example>"
    assert made.goals == (("keep", ""), ("win", "Second pump"), ("sell", "Hose 3"))
    assert [p.name for p in made.products] == ["Hose 3"] and made.products[0].anchor == "Pump 3"
    assert (made.products[0].bought, made.products[0].of, made.products[0].within_days) == (24, 24, 91)
    assert made.situation.products == ("Pump 3",)
    (deal,) = made.situation.deals
    assert (deal.name, deal.stage, deal.amount) == ("Second pump", "Offer", 500.0)
    assert made.review_at == NOW + 90 * DAY


def test_steps_are_those_that_the_crm_shows_by_day_and_the_offer(made: AccountProposal) -> None:
    assert [(s.text, s.due, s.record, s.id) for s in made.steps[:2]] == [
        ("Call", "2025-01-01", "Ann Å", "s2"),
        ("Send the offer", "2025-01-02", "Second pump", "s1"),
    ]
    assert (made.steps[2].code, made.steps[2].text, made.steps[2].id) == ("offer", "Hose 3", "hose3")
    assert made.steps[2].due == "2025-11-17", "two weeks later"


def test_risks_of_the_company_are_told(made: AccountProposal) -> None:
    assert [r.code for r in made.risks] == ["lifecycle_at_risk", "late_deal"]
    assert "at risk of leaving" in proposal_pages.markdown(proposal_pages.of_proposal(made))


def test_what_they_wrote_is_a_risk_with_its_day() -> None:
    written = world()
    written.activity("email", NOW - 5 * DAY, [("contact", "ann")], id="mail", direction="inbound")
    written.add("associations", from_object="activity", from_id="mail", to_object="contact", to_id="ann")
    written.add(
        "signals", activity_id="mail", type="email", direction="inbound", occurred_at=NOW - 5 * DAY, known_at=NOW - 5 * DAY,
        language="en", intent="complaint", sentiment=-0.5, rules=2,
    )  # fmt: skip
    with written.connection() as engine:
        found = propose(engine, model=False, shown={})
    assert [r.code for r in found.risks][:1] == ["wrote_complaint"]
    assert "they complained on 29 Oct 2025" in proposal_pages.markdown(proposal_pages.of_proposal(found))
    assert "投诉" in proposal_pages.markdown(proposal_pages.of_proposal(found, "zh"))


def test_the_company_s_own_step_is_among_them_and_no_product_is_offered_twice() -> None:
    step: dict[str, str | None] = {
        "next_step": "Call about the complaint",
        "next_step_due": "2024-12-31",
        "next_step_id": "s0",
    }
    with world().connection() as engine:
        found = propose(engine, shown={**SHOWN, FIRM: {**SHOWN[FIRM], **step}})
        told = propose(engine, shown={**SHOWN, FIRM: {**SHOWN[FIRM], **step, "next_step": "Offer Hose 3"}})
    assert [(s.object, s.text) for s in found.steps][:2] == [
        ("companies", "Call about the complaint"),
        ("contacts", "Call"),
    ]
    assert found.steps[-1].code == "offer"
    assert "| 31 Dec 2024 | Call about the complaint | Wörth" in proposal_pages.markdown(
        proposal_pages.of_proposal(found)
    )
    assert [s.text for s in told.steps if "Hose" in s.text] == ["Offer Hose 3"]


def test_the_offer_is_due_on_a_working_day_of_the_owner_s_country() -> None:
    with world().connection() as engine:
        model = products.fit(engine, as_of=NOW)
        # Two weeks before 26 December, a holiday in Germany and a Friday.
        at = (date(2025, 12, 12) - date(1970, 1, 1)).days * DAY
        models, due = Models({}, None, None, products=model), []
        for countries in ({}, {"o": "DE"}, {"another": "DE"}):
            asked = account_proposal.Asked("new3", at, 90, "en", countries)
            found = account_proposal.make(engine, Settings(), models, {}, asked)
            due += [s.due for s in found.steps if s.code == "offer"]
    assert due == ["2025-12-26", "2025-12-29", "2025-12-26"]


def test_that_only_one_person_is_known_is_a_risk() -> None:
    alone = world()
    alone.rows["contacts"] = [r for r in alone.rows["contacts"] if r["id"] == "ann"]
    with alone.connection() as engine:
        found = propose(engine, model=False)
    assert [(r.code, r.name) for r in found.risks] == [
        ("lifecycle_at_risk", ""),
        ("late_deal", "Second pump"),
        ("one_person", "Ann Å"),
    ]
    text = proposal_pages.markdown(proposal_pages.of_proposal(found))
    assert "only one person is known: Ann Å" in text


def test_every_record_that_it_may_speak_of_is_kept_with_it(made: AccountProposal) -> None:
    assert {"companies/new3", "deals/open1", "contacts/ann", "leads/lee"} <= set(made.records)
    # As what they are, and nothing else: an id alone must still mean one record.
    assert not {"leads/ann", "contacts/lee"} & set(made.records)


def test_the_offer_is_never_due_on_a_weekend() -> None:
    with world().connection() as engine:
        model = products.fit(engine, as_of=NOW)
        for n in range(7):
            asked = account_proposal.Asked("new3", NOW + n * DAY, 90, "en")
            found = account_proposal.make(
                engine, Settings(), Models({}, None, None, products=model), {}, asked
            )
            assert date.fromisoformat(str(found.steps[-1].due)).weekday() < 5


def test_a_company_without_a_deal_gets_a_proposal_that_says_so() -> None:
    empty = shop()
    empty.add("companies", id="nobody", name=None, created_at=NOW - 90 * DAY)
    with empty.connection() as engine:
        made = propose(engine, "nobody", shown={})
    assert made.company == "nobody" and made.owner is None
    assert made.goals == (("first_deal", ""),) and made.no_product == "no_purchase"
    text = proposal_pages.markdown(proposal_pages.of_proposal(made))
    assert "They have not bought yet." in text and "no product is known that they bought" in text


def test_without_a_model_or_anything_new_it_says_why_nothing_is_offered() -> None:
    with world().connection() as engine:
        assert propose(engine, model=False).no_product == "no_model"
        # This one has the pump and its hose.
        assert propose(engine, "c3").no_product == "nothing_new"


def test_products_without_a_name_or_a_price_cost_themselves() -> None:
    odd = world()
    odd.rows["products"] = [
        {**r, "name": None} if r["id"] == "pump3" else {**r, "price": None} if r["id"] == "hose3" else r
        for r in odd.rows["products"]
    ]
    sold(odd, "new3", "unknown", 5)
    with odd.connection() as engine:
        made = propose(engine)
    (offered,) = made.products
    assert offered.name == "Hose 3" and offered.anchor is None and offered.price.list_price is None
    assert "no list price" in proposal_pages.markdown(proposal_pages.of_proposal(made))


def test_a_review_finds_what_was_won_bought_done_and_changed(made: AccountProposal) -> None:
    later = world()
    later.rows["deals"] = [
        {**r, "is_closed": True, "is_won": True, "closed_at": NOW + 30 * DAY, "stage": "won"}
        if r["id"] == "open1"
        else r
        for r in later.rows["deals"]
    ]
    sold(later, "new3", "hose3", -40)
    later.activity("call", NOW + 5 * DAY, [("contact", "ann")], direction="outbound")
    found = review(
        later, made, {FIRM: {"lifecycle": "active", "segment": "new", "recommended_product": None}}, s1="done"
    )
    assert [s.outcome for s in found.steps] == ["gone", "done", "bought"]
    assert [(d.outcome, d.stage) for d in found.deals] == [("won", "Won")]
    assert [bool(p.bought) for p in found.products] == [True]
    # The deal of 500, and that of the hose.
    assert found.purchases == (("EUR", 2, 510.0),)
    assert found.activities == (("call", "outbound", 1),)
    assert found.changed == (
        ("lifecycle", "at_risk", "active"),
        ("churn_risk", "20", None),
        ("recommended_product", "Hose 3", None),
    )
    assert found.due


def test_nothing_that_happened_is_nothing_and_a_lost_record_is_not_known(made: AccountProposal) -> None:
    later = world()
    found = review(later, made, SHOWN, day=1)
    assert not found.due and not found.changed and not found.purchases and not found.activities
    assert [s.outcome for s in found.steps] == ["overdue", "overdue", "open"]
    assert [d.outcome for d in found.deals] == ["same"]
    gone = world()
    gone.rows["deals"] = [{**r, "deleted": True} if r["id"] == "open1" else r for r in gone.rows["deals"]]
    assert [d.outcome for d in review(gone, made, SHOWN).deals] == ["unknown"]
    for state in ({"is_closed": None}, {"is_closed": True, "is_won": None, "closed_at": NOW + DAY}):
        odd = world()
        odd.rows["deals"] = [{**r, **state} if r["id"] == "open1" else r for r in odd.rows["deals"]]
        assert [d.outcome for d in review(odd, made, SHOWN).deals] == ["unknown"], state
    lost = world()
    over = {"is_closed": True, "is_won": False, "closed_at": NOW + DAY}
    lost.rows["deals"] = [{**r, **over} if r["id"] == "open1" else r for r in lost.rows["deals"]]
    assert [(d.outcome, d.closed) for d in review(lost, made, SHOWN).deals] == [("lost", "2025-11-04")]


@pytest.mark.parametrize("answer", ["accepted", "done", "later", "not_useful", "wrong"])
def test_every_answer_of_a_rep_has_words(made: AccountProposal, answer: str) -> None:
    found = review(world(), made, SHOWN, s1=answer)
    assert found.steps[1].outcome == answer
    for language in ("en", "zh"):
        assert proposal_pages.of_review(replace(found), language).sections
