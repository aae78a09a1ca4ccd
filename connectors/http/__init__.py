"""HTTP to a CRM: limits, patience, sign-in, and answers that are not the CRM's."""

from sales_consultant.connectors.http.bodies import Shape, UnreadableError, error_body
from sales_consultant.connectors.http.deadline import LimitedAdapter
from sales_consultant.connectors.http.error_codes import Rule, Table, ending, group
from sales_consultant.connectors.http.sign_in import (
    BrowserSignIn,
    Challenge,
    Document,
    Granted,
    Keeper,
    Lease,
    Refreshing,
    ask_token,
    page,
)
from sales_consultant.connectors.http.transport import (
    Limiter,
    LostAnswerError,
    PooledSession,
    Transport,
    checked_base,
    is_of_hosts,
    safe_text,
)

__all__ = [
    "BrowserSignIn",
    "Challenge",
    "Document",
    "Granted",
    "Keeper",
    "Lease",
    "LimitedAdapter",
    "Limiter",
    "LostAnswerError",
    "PooledSession",
    "Refreshing",
    "Rule",
    "Shape",
    "Table",
    "Transport",
    "UnreadableError",
    "ask_token",
    "checked_base",
    "ending",
    "error_body",
    "group",
    "is_of_hosts",
    "page",
    "safe_text",
]
