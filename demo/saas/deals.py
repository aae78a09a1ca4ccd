"""Deals of the saas company, their pipeline and their history."""

from sales_consultant.demo.company import Columns, Row, iso
from sales_consultant.demo.saas.people import Directory
from sales_consultant.demo.saas.story import Deal, Story

PIPELINE = "new_business"
STAGES = ("pipeline", "stage", "label", "display_order", "probability", "is_closed", "is_won")
# The probabilities are invented: they rise from stage to stage, as an admin would set them.
STAGE_NAMES = (
    ("sql", "Sales qualified", 0.1),
    ("demo_scheduled", "Demo scheduled", 0.2),
    ("demo_completed", "Demo completed", 0.4),
    ("proposal_sent", "Proposal sent", 0.6),
    ("negotiation", "Negotiation", 0.8),
    ("closed_won", "Closed won", 1.0),
    ("closed_lost", "Closed lost", 0.0),
)
CLOSE_AFTER = 90 * 86400
"""A new deal's close date is this much later: the same for all, because the simulation knows no forecast."""

DEALS: Columns = {
    "id": "text",
    "name": "text",
    "company_id": "text",
    "contact_id": "text",
    "owner_id": "text",
    "pipeline": "text",
    "stage": "text",
    "type": "text",
    "amount": "whole",
    "currency": "text",
    "close_date": "text",
    "created_at": "text",
    "closed_at": "text",
}
STAGE_HISTORY: Columns = {"deal_id": "text", "stage": "text", "entered_at": "text"}
HISTORY: Columns = {"deal_id": "text", "changed_at": "text", "amount": "whole", "close_date": "text"}


def deal_rows(book: Directory, stories: list[Story]) -> list[Row]:
    """One deal for each lead with an opportunity; open ones carry nothing of their end."""
    return [
        {
            "id": deal.id,
            "name": f"{book.companies[story.lead['account_id']].name}: "
            f"Procure for {book.card(story.lead['contact_id'])['last_name']}",
            "company_id": story.lead["account_id"],
            "contact_id": story.lead["contact_id"],
            "owner_id": story.lead["owner_rep_id"],
            "pipeline": PIPELINE,
            "stage": deal.stages[-1][1],
            "type": "New business",
            "amount": deal.amount,
            "currency": "USD",
            "close_date": _date(deal.begun + CLOSE_AFTER if deal.closed is None else deal.closed),
            "created_at": iso(deal.begun),
            "closed_at": None if deal.closed is None else iso(deal.closed),
        }
        for story in stories
        if (deal := story.deal)
    ]


def stage_history_rows(stories: list[Story]) -> list[Row]:
    """Every stage that a deal is known to have entered."""
    return [
        {"deal_id": story.deal.id, "stage": stage, "entered_at": iso(at)}
        for story in stories
        if story.deal
        for at, stage in story.deal.stages
    ]


def history_rows(stories: list[Story]) -> list[Row]:
    """Amount and close date: set when the deal begins; closing it moves the close date to that day, as CRMs do."""
    return [row for story in stories if story.deal for row in _history(story.deal)]


def _history(deal: Deal) -> list[Row]:
    expected = _date(deal.begun + CLOSE_AFTER)
    if deal.closed == deal.begun:
        expected = _date(deal.begun)
    rows: list[Row] = [
        {"deal_id": deal.id, "changed_at": iso(deal.begun), "amount": deal.amount, "close_date": expected}
    ]
    if deal.closed is not None and (ended := _date(deal.closed)) != expected:
        rows.append({"deal_id": deal.id, "changed_at": iso(deal.closed), "close_date": ended})
    return rows


def _date(at: int) -> str:
    return iso(at)[:10]
