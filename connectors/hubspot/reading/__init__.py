"""Reading from HubSpot so that no row is missed, and its mapping onto the neutral tables."""

from sales_consultant.connectors.hubspot.reading.filters import find
from sales_consultant.connectors.hubspot.reading.goals import PROPERTIES as GOALS_PROPERTIES
from sales_consultant.connectors.hubspot.reading.goals import SCOPE as GOALS_SCOPE
from sales_consultant.connectors.hubspot.reading.goals import TYPE as GOALS
from sales_consultant.connectors.hubspot.reading.pull import LIST_LIMIT, Puller, Sizes
from sales_consultant.connectors.hubspot.reading.schema import ACTIVITIES, OBJECTS, SALES_LEADS, api_type

__all__ = [
    "ACTIVITIES",
    "GOALS",
    "GOALS_PROPERTIES",
    "GOALS_SCOPE",
    "LIST_LIMIT",
    "OBJECTS",
    "SALES_LEADS",
    "Puller",
    "Sizes",
    "api_type",
    "find",
]
