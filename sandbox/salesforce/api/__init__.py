"""One request to Salesforce's API."""

from sales_consultant.sandbox.salesforce.api.call import (
    NEWEST,
    OLDEST,
    Call,
    Handler,
    Result,
    endpoint,
    named,
    parse,
)

__all__ = ["NEWEST", "OLDEST", "Call", "Handler", "Result", "endpoint", "named", "parse"]
