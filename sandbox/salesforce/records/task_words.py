"""What an org calls the statuses and priorities of its tasks: the values of TaskStatus and TaskPriority."""

from collections.abc import Iterable
from typing import Any

from sales_consultant.sandbox.salesforce.org import VENDOR, Org, ids
from sales_consultant.sandbox.salesforce.records.writing import dumps
from sales_consultant.sandbox.store import Record
from sales_consultant.sandbox.world import ControlError

Json = dict[str, Any]
# A value's name, whether it is marked (closed, high), whether it is the default.
Word = tuple[str, bool, bool]

_MARKS = {"TaskStatus": "IsClosed", "TaskPriority": "IsHighPriority"}
_ENGLISH: dict[str, tuple[Word, ...]] = {
    "TaskStatus": (
        ("Not Started", False, True),
        ("In Progress", False, False),
        ("Completed", True, False),
        ("Waiting on someone else", False, False),
        ("Deferred", False, False),
    ),
    "TaskPriority": (("High", True, False), ("Normal", False, True), ("Low", False, False)),
}


def load(org: Org, at: int) -> None:
    """The values that a new org of English has, made at a time (ms)."""
    for sobject, words in _ENGLISH.items():
        _put(org, sobject, words, at)
    org.changed()


def replace(org: Org, body: Json) -> Json:
    """Other values, as a control action: `statuses` and `priorities`, each a list of name, marked, default.

    Tasks that are there keep their word, and stay as open or closed as they were.
    """
    for key, sobject in (("statuses", "TaskStatus"), ("priorities", "TaskPriority")):
        if key not in body:
            continue
        try:
            words = [(str(name), bool(marked), bool(default)) for name, marked, default in body[key]]
        except (TypeError, ValueError):
            raise ControlError(f"{key} is a list of [name, marked, default]") from None
        for record in list(org.store.each(VENDOR, sobject)):
            org.store.delete(VENDOR, sobject, record.id)
        _put(org, sobject, words, org.now())
    org.changed()
    return {s: list(org.listed(s)) for s in _MARKS}


def _put(org: Org, sobject: str, words: Iterable[Word], at: int) -> None:
    listed = list(words)
    first = org.new_ids(sobject, len(listed))
    bodies: list[Json] = [
        {"MasterLabel": name, "ApiName": name, "SortOrder": n, "IsDefault": default, _MARKS[sobject]: marked}
        for n, (name, marked, default) in enumerate(listed, start=1)
    ]
    org.store.insert(
        VENDOR,
        sobject,
        [Record(ids.make(sobject, first + n), first + n, dumps(b), at, at) for n, b in enumerate(bodies)],
    )
