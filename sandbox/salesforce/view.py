"""Salesforce's records as the web pages show them."""

from sales_consultant.sandbox.cards import Card, CardLine
from sales_consultant.sandbox.salesforce.org import Org


def lines(org: Org) -> list[CardLine]:
    """The lines of the list page."""
    return []


def card(org: Org, object: str, id: str) -> Card | None:
    """A record as a rep sees it."""
    return None
