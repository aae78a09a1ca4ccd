"""One request to HubSpot's API, and the frame of a batch's answer."""

from sales_consultant.sandbox.hubspot.api.batch_answer import answer
from sales_consultant.sandbox.hubspot.api.call import Call, Handler, Result, bounded, endpoint, missing_scopes

__all__ = ["Call", "Handler", "Result", "answer", "bounded", "endpoint", "missing_scopes"]
