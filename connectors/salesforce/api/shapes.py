"""What each of Salesforce's answers has at least, by the path that was asked: less is no answer, and is asked again."""

import re
from typing import Any

from sales_consultant.connectors.http import Shape, UnreadableError


class _Query(Shape):
    """A page of a query: it says whether it is the last, and where the next one is."""

    def check(self, value: Any) -> None:
        super().check(value)
        if not value["done"] and not isinstance(value.get("nextRecordsUrl"), str):
            raise UnreadableError('"nextRecordsUrl" is missing')


class _Any(Shape):
    """Any JSON."""

    def check(self, value: Any) -> None:
        pass


QUERY = _Query(keys={"done": bool}, rows={"records": ()})
_JOB = Shape(keys={"id": str, "state": str})
_ANY = _Any()
_TABLE: tuple[tuple[re.Pattern[str], Shape], ...] = tuple(
    (re.compile(pattern), shape)
    for pattern, shape in (
        (r"^GET /services/data/?$", Shape(list)),
        (r"^GET .*/jobs/query/\w+/resultPages$", Shape(rows={"resultPages": ("resultUrl",)})),
        (r"^(GET|PATCH) .*/jobs/(query|ingest)/\w+$", _JOB),
        (r"^POST .*/jobs/(query|ingest)$", Shape(keys={"id": str})),
        (
            r"^GET .*/jobs/ingest$",
            Shape(rows={"records": ("id", "state", "object", "operation", "createdById")}),
        ),
        (r"^GET .*/v[\d.]+/(tooling/)?(query|queryAll)(/|$)", QUERY),
        (r"/sobjects/\w+/describe$", Shape(rows={"fields": ("name", "type")})),
        (r"^GET .*/limits$", Shape()),
        # A record that was made has an id; one that is read is an object.
        (r"^POST .*/v[\d.]+/(tooling/)?sobjects/\w+$", Shape(keys={"id": str})),
        (r"^GET .*/v[\d.]+/(tooling/)?sobjects/\w+/\w+$", Shape()),
        (r"^(PATCH|POST|DELETE) .*/composite/sobjects$", Shape(list, rows={"": ("success",)})),
        (r"^POST .*/composite$", Shape(rows={"compositeResponse": ("httpStatusCode", "referenceId")})),
        (r"/oauth2/userinfo$", Shape(keys={"user_id": str})),
    )
)


def shape(method: str, path: str) -> Shape:
    """The least form of the answer to a call."""
    asked = f"{method} {path}"
    return next((s for pattern, s in _TABLE if pattern.search(asked)), _ANY)
