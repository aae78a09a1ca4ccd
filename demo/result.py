"""What the demo of one company did."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sales_consultant.config.clock import iso
from sales_consultant.sync.results.admin import Proposed
from sales_consultant.sync.results.training import ForwardTest


@dataclass(frozen=True)
class Record:
    """A record as its rep sees it after the first write; values are canonical texts, None where there is none."""

    object: str
    id: str
    name: str
    score: int | None
    grade: str | None
    probability: str | None
    expected_value: str | None
    segment: str | None
    lifecycle: str | None
    customer_tier: str | None
    churn_risk: str | None
    reasons: tuple[str, ...]
    next_step: str | None
    next_step_due: str | None
    next_step_reason: str | None
    recommended_product: str | None = None
    recommended_product_why: str | None = None
    currency: str = ""
    """That of the expected value, "" where the CRM names none."""

    def to_json(self) -> dict[str, Any]:
        """One row of "records"."""
        return {**vars(self), "reasons": list(self.reasons)}


@dataclass(frozen=True)
class CompanyDone:
    """One company's demo: counts of the first run, its tests, the best records, and a second run that wrote nothing.

    `as_of` in milliseconds UTC. `seconds_at_vendor_limits` is the least that the vendor's own limits allow.
    """

    company: str
    data: str
    notice: str
    crm: str
    as_of: int
    pulled: Mapping[str, int]
    populations: tuple[Proposed, ...]
    scored: Mapping[str, int]
    excluded: Mapping[str, Any]
    written: int
    dead: int
    changed: Mapping[str, Any]
    api_calls_by_kind: Mapping[str, int]
    seconds_at_vendor_limits: float
    tests: tuple[ForwardTest, ...]
    records: tuple[Record, ...]
    second_written: int
    second_calls: int
    seconds: float
    url: str
    page: str | None
    folder: str

    @property
    def calls(self) -> int:
        """All calls of the first run."""
        return sum(self.api_calls_by_kind.values())

    def to_json(self) -> dict[str, Any]:
        """As `demo --json` tells it."""
        tests = [t.to_json() for t in self.tests]
        win = next((t for t in tests if t["name"].startswith("deals_")), None)
        keys = ("auc", "auc_low", "auc_high", "log_loss", "base_log_loss", "n", "base_rate", "verdict")
        return {
            "crm": self.crm,
            "as_of": iso(self.as_of),
            "pulled": dict(self.pulled),
            "populations": [p.to_json() for p in self.populations],
            "scored": dict(self.scored),
            "excluded": dict(self.excluded),
            "written": self.written,
            "dead": self.dead,
            "changed": dict(self.changed),
            "api_calls": self.calls,
            "api_calls_by_kind": dict(self.api_calls_by_kind),
            "seconds_at_vendor_limits": self.seconds_at_vendor_limits,
            "forward_test": {k: win.get(k) for k in keys} if win else None,
            "forward_tests": tests,
            "leaks": {t["name"]: t.get("leaks", []) for t in tests},
            "records": [r.to_json() for r in self.records],
            "second_sync": {"written": self.second_written, "api_calls": self.second_calls},
            "seconds": self.seconds,
            "url": self.url,
            "page": self.page,
            "folder": self.folder,
            "company": self.company,
            "data": self.data,
            "notice": self.notice,
        }
