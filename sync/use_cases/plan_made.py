"""A plan that was made and not pushed."""

from dataclasses import dataclass
from typing import Any

from sales_consultant.sync.plan import Plan
from sales_consultant.sync.results import RunDone


@dataclass(frozen=True)
class PlanMade:
    """What a sync would write; `file` is where it was saved, `run_id` None before a sync asks."""

    plan: Plan
    run_id: str | None = None
    file: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Counts, how far values move, and every change."""
        return {"run": self.run_id, "file": self.file, **self.plan.summary(), **self.plan.whole()}


@dataclass(frozen=True)
class ScoredRecords:
    """Records with their values, best first, of a run that scored and planned nothing."""

    run: RunDone
    records: tuple[dict[str, Any], ...]

    def to_json(self) -> dict[str, Any]:
        """The run with "records"."""
        return {**self.run.to_json(), "records": list(self.records)}
