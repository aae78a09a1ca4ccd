"""Salesforce's API: client, errors, sign-in, several reads in one call."""

from sales_consultant.connectors.salesforce.api.client import (
    WRITING,
    SalesforceApi,
    SalesforceRefusalError,
    moment,
    quoted,
)
from sales_consultant.connectors.salesforce.api.composite_reads import MOST, Prefetcher, Question
from sales_consultant.connectors.salesforce.api.error_codes import DUPLICATES, LOCKED_ROW, TABLE
from sales_consultant.connectors.salesforce.api.sign_in import by_browser

__all__ = [
    "DUPLICATES",
    "LOCKED_ROW",
    "MOST",
    "TABLE",
    "WRITING",
    "Prefetcher",
    "Question",
    "SalesforceApi",
    "SalesforceRefusalError",
    "by_browser",
    "moment",
    "quoted",
]
