"""The texts of all activities of the saas company, told lead by lead in the order of time."""

from collections.abc import Iterator
from dataclasses import dataclass

from sales_consultant.demo.company import names, unit
from sales_consultant.demo.saas import texts as invented
from sales_consultant.demo.saas.people import OWN_DOMAIN, Directory
from sales_consultant.demo.saas.story import Story
from sales_consultant.demo.saas.texts import Phase, Sent, Text, Who

# A customer's messages on a further deal: half are about what they bought, half about the deal. Invented.
_ABOUT_THE_PAST = 0.5
_WITH_OFFER = ("proposal_sent", "negotiation")


@dataclass(frozen=True)
class _Event:
    at: int
    id: str
    kind: str
    inbound: bool
    rep: str
    outcome: str | None


def texts(stories: list[Story], book: Directory, reps: list[str]) -> dict[str, Text]:
    """Subject and body of every e-mail, call and meeting by its id; the subject is empty where the kind says enough."""
    addresses = names.addresses((rep, OWN_DOMAIN) for rep in reps)
    won: dict[str, int] = {}
    for story in stories:
        if story.deal and story.deal.won and story.deal.closed is not None:
            person = story.lead["contact_id"]
            won[person] = min(story.deal.closed, won.get(person, story.deal.closed))
    said: dict[str, Text] = {}
    for story in stories:
        last: Sent | None = None
        customer = won.get(story.lead["contact_id"])
        for event in sorted(_events(story), key=lambda e: (e.at, e.id)):
            who = _who(story, book, event.rep, addresses[event.rep])
            subject, body = _text(event, phase(story, event, customer), who, last)
            said[event.id] = subject, body
            if event.kind == "email" and not event.inbound and body is not None:
                last = Sent(event.at, subject, body)
    return said


def phase(story: Story, event: _Event, customer: int | None) -> Phase:
    """What the CRM knew of the lead at that moment; `customer` is when the person first bought anything."""
    deal = story.deal
    if deal and deal.closed is not None and deal.closed <= event.at:
        return "customer" if deal.won else "lost"
    if customer is not None and customer <= event.at and unit("about", event.id) < _ABOUT_THE_PAST:
        return "customer"
    if deal is None or event.at < deal.begun:
        return "lead"
    entered = [stage for at, stage in deal.stages if at <= event.at]
    return "late" if entered[-1:] and entered[-1] in _WITH_OFFER else "early"


def _events(story: Story) -> Iterator[_Event]:
    for at, row in story.activities:
        yield _Event(
            at, row["activity_id"], row["activity_type"], False, row["rep_id"], row["activity_outcome"]
        )
    for at, row in story.touches:
        if row["touch_type"] in ("call", "email"):
            inbound = row["touch_direction"] == "inbound"
            yield _Event(at, row["touch_id"], row["touch_type"], inbound, story.lead["owner_rep_id"], None)


def _who(story: Story, book: Directory, rep: str, address: str) -> Who:
    person = story.lead["contact_id"]
    return Who(
        contact=names.person(person),
        contact_address=book.addresses.get(person, ""),
        title=book.persons[person]["job_title"],
        company=book.companies[story.lead["account_id"]].name,
        rep=names.person(rep),
        rep_address=address,
    )


def _text(event: _Event, known: Phase, who: Who, last: Sent | None) -> Text:
    if event.kind == "email":
        if event.inbound:
            return invented.inbound(event.id, known, who, last)
        return invented.outbound(event.id, known, who)
    if event.kind == "call":
        return "", invented.call(event.id, known, who, event.outcome, came_in=event.inbound)
    return "", invented.meeting(event.id, known, who, demo=event.kind == "demo")
