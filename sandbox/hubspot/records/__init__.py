"""HubSpot's records: written, linked, searched and shown as JSON."""

from sales_consultant.sandbox.hubspot.portal import dumps
from sales_consultant.sandbox.hubspot.records.links import DEFAULT, DEFINED, add_label, default_type, pair
from sales_consultant.sandbox.hubspot.records.render import Projection
from sales_consultant.sandbox.hubspot.records.search import Search
from sales_consultant.sandbox.hubspot.records.writing import new_id

__all__ = [
    "DEFAULT",
    "DEFINED",
    "Projection",
    "Search",
    "add_label",
    "default_type",
    "dumps",
    "new_id",
    "pair",
]
