"""What an org calls the statuses and priorities of its tasks: an admin renames them, and an org of another language has its own.

TaskStatus and TaskPriority (Object Reference) list the values with what each of them is: closed, the default, high.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sales_consultant.config.errors import AccessError
from sales_consultant.config.fields.canon import Canonical
from sales_consultant.connectors.base import CLOSED, OPEN
from sales_consultant.connectors.salesforce.api import SalesforceApi, SalesforceRefusalError

Json = dict[str, Any]
# What an org of English has, and what is written where an org does not tell its own.
_OPEN, _CLOSED = "Not Started", "Completed"
_PRIORITIES = {"high": "High", "medium": "Normal", "low": "Low"}


@dataclass(frozen=True)
class TaskWords:
    """The word that is written for an open and a closed task and for each priority; `closed` are all that mean closed."""

    open: str = _OPEN
    close: str = _CLOSED
    closed: frozenset[str] = frozenset({_CLOSED})
    priorities: Mapping[str, str] = field(default_factory=_PRIORITIES.copy)

    @classmethod
    def of(cls, api: SalesforceApi) -> "TaskWords":
        """As the org has them; in English where this user may not ask."""
        statuses = _rows(api, "SELECT ApiName, IsClosed, IsDefault FROM TaskStatus ORDER BY SortOrder")
        ranks = _rows(api, "SELECT ApiName, IsHighPriority, IsDefault FROM TaskPriority ORDER BY SortOrder")
        done = [str(r["ApiName"]) for r in statuses if r.get("IsClosed") is True]
        to_do = [r for r in statuses if r.get("IsClosed") is not True]
        return cls(
            _one_of(_OPEN, to_do, "IsDefault"),
            _CLOSED if _CLOSED in done or not done else done[0],
            frozenset(done) or frozenset({_CLOSED}),
            _priorities(ranks),
        )

    def status(self, value: Canonical) -> str:
        """The word of a status of ours."""
        return self.open if value == OPEN else self.close

    def status_of(self, word: str) -> str:
        """Ours of an org's word; what is neither is told as it is, for somebody set it."""
        return OPEN if word == self.open else CLOSED if word in self.closed else word.lower()

    def priority(self, value: Canonical) -> str:
        """The word of a priority of ours."""
        return self.priorities.get(value or "", self.priorities["medium"])

    def priority_of(self, word: str) -> Canonical:
        """Ours of an org's word. Where an org has one word for two of ours, both are the same to it."""
        return next((k for k in ("medium", "high", "low") if self.priorities[k] == word), word or None)


def _rows(api: SalesforceApi, soql: str) -> list[Json]:
    try:
        return [r for r in api.query(soql) if r.get("ApiName")]
    except (SalesforceRefusalError, AccessError):
        return []


def _one_of(usual: str, rows: list[Json], flag: str) -> str:
    """The usual word where the org has it, else the one that is marked, else the first."""
    words = [str(r["ApiName"]) for r in rows]
    marked = [str(r["ApiName"]) for r in rows if r.get(flag) is True]
    return usual if usual in words or not words else (marked or words)[0]


def _priorities(rows: list[Json]) -> dict[str, str]:
    if not rows:
        return dict(_PRIORITIES)
    high = [r for r in rows if r.get("IsHighPriority") is True]
    others = [r for r in rows if r.get("IsHighPriority") is not True]
    medium = _one_of(_PRIORITIES["medium"], others or rows, "IsDefault")
    # Salesforce lists them from high to low.
    last = next((str(r["ApiName"]) for r in reversed(others) if r["ApiName"] != medium), medium)
    low = _PRIORITIES["low"] if any(r["ApiName"] == _PRIORITIES["low"] for r in others) else last
    return {
        "high": _one_of(_PRIORITIES["high"], high, "IsHighPriority") if high else medium,
        "medium": medium,
        "low": low,
    }
