"""What a record's error means for the one who acts next (facts of Salesforce, section 8)."""

from sales_consultant.connectors.base import Change, Outcome, OutcomeState
from sales_consultant.connectors.http import safe_text

LOCKED_ROW = "UNABLE_TO_LOCK_ROW"
_STATES: dict[str, OutcomeState] = {
    LOCKED_ROW: "retry",
    "SERVER_UNAVAILABLE": "retry",
    "QUERY_TIMEOUT": "retry",
    "REQUEST_LIMIT_EXCEEDED": "retry",
    "TXN_SECURITY_METERING_ERROR": "retry",
    # An approval process holds the record until somebody decides.
    "ENTITY_IS_LOCKED": "wait",
    "CANNOT_UPDATE_CONVERTED_LEAD": "left",
}


def outcome(change: Change, code: str, words: str) -> Outcome:
    """The outcome of a change that Salesforce refused, in its own words."""
    return Outcome(change.object, change.record_id, _STATES.get(code, "dead"), safe_text(words) or code, code)
