"""What each of HubSpot's answers has at least, by the path that was asked: less is no answer, and is asked again."""

import re
from collections.abc import Mapping
from typing import Any

from sales_consultant.connectors.http import Shape, UnreadableError


class _Paged(Shape):
    """A page of a list, which says where the next one begins, or that there is none."""

    def check(self, value: Any) -> None:
        super().check(value)
        paging = value.get("paging")
        further = paging.get("next") if isinstance(paging, dict) else paging
        if further is not None and not (isinstance(further, dict) and further.get("after")):
            raise UnreadableError('"paging" does not say where the next page begins')


_PLAIN = Shape()
_ROWS = _Paged(rows={"results": ()})
_RECORDS = _Paged(rows={"results": ("id",)})
_TABLE: tuple[tuple[re.Pattern[str], Shape], ...] = tuple(
    (re.compile(pattern), shape)
    for pattern, shape in (
        # Records, by list, search and id; a batch of writes names what it wrote.
        (r"^GET /crm/(v3/)?objects/([\d-]+/)?[^/]+$", _RECORDS),
        (r"^POST /crm/(v3/)?objects/([\d-]+/)?[^/]+/search$", _RECORDS),
        (r"^POST /crm/(v3/)?objects/([\d-]+/)?[^/]+/batch/\w+$", _RECORDS),
        (r"^(GET|PATCH) /crm/(v3/)?objects/([\d-]+/)?[^/]+/\d+$", Shape(keys={"id": (str, int)})),
        (r"/associations/.*/batch/read$", Shape(rows={"results": ("from", "to")})),
        (r"^GET /crm/(v3/)?properties/([\d-]+/)?[^/]+$", Shape(rows={"results": ("name",)})),
        (r"^GET /crm/(v3/)?pipelines/", Shape(rows={"results": ("id", "stages")})),
        (r"^GET /(crm/owners|marketing/campaigns)/", _RECORDS),
        (r"^GET /settings/currencies/", _ROWS),
        (r"^GET /account-info/.*/details$", Shape(keys={"portalId": (str, int)})),
        (r"^GET /account-info/.*/usage", _ROWS),
    )
)


def following(answer: Mapping[str, Any]) -> str:
    """Where the next page begins; empty after the last.

    >>> following({"results": [], "paging": {"next": {"after": "7"}}}), following({"results": [], "paging": None})
    ('7', '')
    """
    return str(((answer.get("paging") or {}).get("next") or {}).get("after") or "")


def shape(method: str, path: str) -> Shape:
    """The least form of the answer to a call."""
    asked = f"{method} {path}"
    return next((s for pattern, s in _TABLE if pattern.search(asked)), _PLAIN)
