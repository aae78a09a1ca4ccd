"""Reading from Salesforce so that no row is missed, and its mapping onto the neutral tables."""

from sales_consultant.connectors.salesforce.reading.described import Described
from sales_consultant.connectors.salesforce.reading.filters import find
from sales_consultant.connectors.salesforce.reading.pull import Puller, Sizes, invisible
from sales_consultant.connectors.salesforce.reading.quotas import OBJECT as QUOTAS
from sales_consultant.connectors.salesforce.reading.rows import text
from sales_consultant.connectors.salesforce.reading.schema import STANDARD, WRITTEN

__all__ = ["QUOTAS", "STANDARD", "WRITTEN", "Described", "Puller", "Sizes", "find", "invisible", "text"]
