"""HubSpot's records as the web pages show them."""

from sales_consultant.sandbox.cards import Card, CardLine
from sales_consultant.sandbox.hubspot.portal import Portal


def lines(portal: Portal) -> list[CardLine]:
    """The lines of the list page."""
    return []


def card(portal: Portal, object: str, id: str) -> Card | None:
    """A record as a rep sees it."""
    return None
