"""The frame of a batch's answer, which objects and associations share."""

from typing import Any

from sales_consultant.sandbox.clock import iso
from sales_consultant.sandbox.hubspot.api.call import Call, Result

Json = dict[str, Any]


def answer(call: Call, results: list[Json], errors: list[Json], started: int, status: int = 200) -> Result:
    """A batch's answer: 207 where a part of it failed. `started` is in milliseconds."""
    body: Json = {
        "status": "COMPLETE",
        "results": results,
        "startedAt": iso(started),
        "completedAt": iso(call.portal.clock.now_ms()),
    }
    if errors:
        return 207, {**body, "numErrors": len(errors), "errors": errors}
    return status, body
