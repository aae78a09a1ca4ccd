"""What a record's error means for the one who acts next."""

from sales_consultant.connectors.base import Change, Outcome
from sales_consultant.connectors.http import safe_text
from sales_consultant.connectors.salesforce.api import TABLE


def outcome(change: Change, code: str, words: str) -> Outcome:
    """The outcome of a change that Salesforce refused, in its own words."""
    rule = TABLE.record(code, words)
    return Outcome(change.object, change.record_id, rule.state, safe_text(words) or rule.what, code)
