"""An org that calls the statuses and priorities of its tasks otherwise: in its own language, or as its admin renamed them."""

from typing import Any

import pytest

from sales_consultant.connectors.base import CLOSED, OPEN
from sales_consultant.connectors.salesforce.task_words import TaskWords


class Answers:
    """An API that answers a query by the object that it names."""

    def __init__(self, **rows: list[dict[str, Any]]) -> None:
        self.rows = rows

    def query(self, soql: str) -> list[dict[str, Any]]:
        return next(rows for name, rows in self.rows.items() if f"FROM {name} " in soql)


def words(statuses: list[tuple[str, bool, bool]], priorities: list[tuple[str, bool, bool]]) -> TaskWords:
    api = Answers(
        TaskStatus=[{"ApiName": n, "IsClosed": m, "IsDefault": d} for n, m, d in statuses],
        TaskPriority=[{"ApiName": n, "IsHighPriority": m, "IsDefault": d} for n, m, d in priorities],
    )
    return TaskWords.of(api)  # type: ignore[arg-type]  # all that is asked of the API


def test_an_org_that_tells_nothing_is_taken_for_one_of_english() -> None:
    assert words([], []) == TaskWords()


def test_several_words_that_mean_closed_are_all_closed() -> None:
    found = words([("To do", False, False), ("Dropped", True, False), ("Done", True, False)], [])
    assert (found.status(OPEN), found.status(CLOSED)) == ("To do", "Dropped")
    assert found.status_of("Done") == found.status_of("Dropped") == CLOSED


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        (
            [("P1", True, False), ("P2", False, True), ("P3", False, False), ("P4", False, False)],
            ("P1", "P2", "P4"),
        ),
        ([("Only", False, True)], ("Only", "Only", "Only")),
        ([("Urgent", True, True)], ("Urgent", "Urgent", "Urgent")),
        ([("High", True, False), ("Normal", False, False), ("Low", False, True)], ("High", "Normal", "Low")),
        ([("", False, True), ("High", True, False)], ("High", "High", "High")),
    ],
)
def test_priorities_of_any_number(
    listed: list[tuple[str, bool, bool]], expected: tuple[str, str, str]
) -> None:
    found = words([], listed)
    assert tuple(found.priority(p) for p in ("high", "medium", "low")) == expected
    # Written and read again nothing has changed: no night writes the priority anew for the word alone.
    for word in expected:
        assert found.priority(found.priority_of(word)) == word
