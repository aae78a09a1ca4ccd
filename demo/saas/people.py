"""Companies, owners, leads and contacts of the saas company."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sales_consultant.demo.company import Columns, Row, iso, names
from sales_consultant.demo.saas.recipe import Runs
from sales_consultant.demo.saas.story import Story
from sales_consultant.demo.saas.timeline import OPENS, WORKS, day_of

OWN_DOMAIN = "veridian-procure.example"

COMPANIES: Columns = {
    "id": "text",
    "name": "text",
    "domain": "text",
    "industry": "text",
    "created_at": "text",
    "owner_id": "text",
    "region": "text",
    "employee_band": "text",
    "estimated_revenue_band": "text",
    "process_maturity": "text",
}
CONTACTS: Columns = {
    "id": "text",
    "email": "text",
    "first_name": "text",
    "last_name": "text",
    "title": "text",
    "company_id": "text",
    "owner_id": "text",
    "lead_source": "text",
    "lifecycle_stage": "text",
    "created_at": "text",
    "role_function": "text",
    "seniority": "text",
    "buyer_role": "text",
    "page_views": "whole",
    "pricing_page_views": "whole",
}
LEADS: Columns = {
    **CONTACTS,
    "company_name": "text",
    "status": "text",
    "converted_at": "text",
    "converted_contact_id": "text",
    "converted_deal_id": "text",
}
OWNERS = ("id", "email", "first_name", "last_name")

LABELS = {
    "sdr_outbound": "SDR outbound",
    "vp": "VP",
    "c_suite": "C-suite",
    "vp_finance": "Finance",
    "ap_manager": "Accounts payable",
    "it_director": "IT",
    "procurement_manager": "Procurement",
    "healthcare_non_clinical": "Healthcare (non-clinical)",
}
STATUS = {"mql": "New", "sal": "Accepted", "closed_lost": "Unqualified"}
CONVERTED = "Converted"


def label(value: str) -> str:
    """A value of the simulation as a CRM would show it.

    >>> label("partner_referral"), label("c_suite"), label("US")
    ('Partner referral', 'C-suite', 'US')
    """
    text = value.replace("_", " ")
    return LABELS.get(value, text[:1].upper() + text[1:])


@dataclass(frozen=True)
class Contact:
    """A person who became a contact: since when, by which lead first, and since when a customer (None: not yet)."""

    id: str
    since: int
    first: Story
    customer: int | None


def by_person(stories: list[Story]) -> dict[str, list[Story]]:
    """The stories of each person, oldest lead first."""
    found: dict[str, list[Story]] = defaultdict(list)
    for story in sorted(stories, key=lambda story: (story.created, story.id)):
        found[story.lead["contact_id"]].append(story)
    return dict(sorted(found.items()))


def converted(people: dict[str, list[Story]]) -> dict[str, Contact]:
    """The contact that each converted person is: made by the first lead that converted, its later leads add deals."""
    contacts = {}
    for id, stories in people.items():
        by_deal = sorted(
            (story for story in stories if story.deal), key=lambda story: (story.converted, story.id)
        )
        if by_deal:
            wins = [s.deal.closed for s in by_deal if s.deal and s.deal.won and s.deal.closed is not None]
            since = by_deal[0].converted
            assert since is not None
            contacts[id] = Contact(id, since, by_deal[0], min(wins, default=None))
    return contacts


class Directory:
    """Names, addresses and attributes of the world's people and companies."""

    def __init__(self, runs: Runs, people: dict[str, list[Story]]) -> None:
        self.accounts = {row["account_id"]: row for row in runs.tables["accounts"]}
        self.persons = {row["contact_id"]: row for row in runs.tables["contacts"]}
        self.companies = names.companies((id, row["industry"]) for id, row in self.accounts.items())
        self.account_of = {id: stories[0].lead["account_id"] for id, stories in people.items()}
        self.addresses = names.addresses(
            (id, domain) for id in people if (domain := self._domain(id)) is not None
        )

    def _domain(self, person: str) -> str | None:
        kind = self.persons[person]["email_domain_type"]
        if kind == "unknown":
            return None
        return names.FREE_MAIL if kind == "personal" else self.companies[self.account_of[person]].domain

    def card(self, person: str) -> dict[str, Any]:
        """The columns that a lead and its contact share."""
        row, name = self.persons[person], names.person(person)
        return {
            "email": self.addresses.get(person),
            "first_name": name.first,
            "last_name": name.last,
            "title": row["job_title"],
            "company_id": self.account_of[person],
            **{column: label(row[column]) for column in ("role_function", "seniority", "buyer_role")},
        }


def company_rows(book: Directory, reps: list[str]) -> list[Row]:
    """All companies of the world; their owner is drawn by a hash, so that it says nothing."""
    return [
        {
            "id": id,
            "name": book.companies[id].name,
            "domain": book.companies[id].domain,
            "industry": label(row["industry"]),
            "created_at": iso(
                day_of(row["created_at"]) * 86400 + OPENS + int(names.unit("company", id) * WORKS)
            ),
            "owner_id": reps[names.number("owner", id) % len(reps)],
            "region": label(row["region"]),
            "employee_band": row["employee_band"],
            "estimated_revenue_band": row["estimated_revenue_band"],
            "process_maturity": label(row["process_maturity_band"]),
        }
        for id, row in book.accounts.items()
    ]


def lead_rows(book: Directory, stories: list[Story], views: dict[str, tuple[int, int]]) -> list[Row]:
    """Every lead; `views` are its page views and pricing page views until it converted, or until now."""
    return [
        {
            "id": story.id,
            **book.card(story.lead["contact_id"]),
            "owner_id": story.lead["owner_rep_id"],
            "lead_source": label(story.lead["lead_source"]),
            "lifecycle_stage": "lead",
            "created_at": iso(story.created),
            "company_name": book.companies[story.lead["account_id"]].name,
            "status": CONVERTED if story.deal else STATUS[story.stages[-1][1]],
            "converted_at": iso(story.deal.begun) if story.deal else None,
            "converted_contact_id": story.lead["contact_id"] if story.deal else None,
            "converted_deal_id": story.deal.id if story.deal else None,
            "page_views": views[story.id][0],
            "pricing_page_views": views[story.id][1],
        }
        for story in stories
    ]


def contact_rows(
    book: Directory, contacts: dict[str, Contact], views: dict[str, tuple[int, int]]
) -> list[Row]:
    """Every converted person, once."""
    return [
        {
            "id": id,
            **book.card(id),
            "owner_id": contact.first.lead["owner_rep_id"],
            "lead_source": label(contact.first.lead["lead_source"]),
            "lifecycle_stage": "opportunity" if contact.customer is None else "customer",
            "created_at": iso(contact.since),
            "page_views": views[id][0],
            "pricing_page_views": views[id][1],
        }
        for id, contact in contacts.items()
    ]


def owner_rows(reps: list[str]) -> list[Row]:
    """The salespeople, with invented names."""
    addresses = names.addresses((rep, OWN_DOMAIN) for rep in reps)
    return [
        {
            "id": rep,
            "email": addresses[rep],
            "first_name": names.person(rep).first,
            "last_name": names.person(rep).last,
        }
        for rep in reps
    ]
