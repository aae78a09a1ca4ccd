"""A column, or a level of one, that a model does not use or should be asked about, with what shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Verdict = Literal["dropped", "suspect"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A column about which something was found: which, what kind of finding, and what shows it.

    `verdict` is "dropped" (the column is not used) or "suspect" (used or left out by policy; somebody who knows the field
    should answer `question`). `level` is set where only that value of a text is not used. `auc_with` and `auc_without`
    are the AUC of a model of all columns and of one without it and those that are suspect with it, on rows of groups that
    neither has seen; None where they were not measured.
    """

    column: str
    kind: str
    evidence: str
    verdict: Verdict = "dropped"
    level: str | None = None
    auc_with: float | None = None
    auc_without: float | None = None

    @property
    def question(self) -> str:
        """What to ask somebody who knows the field, "" where nothing is open."""
        return f"Is {self.column} known before the record ends?" if self.verdict == "suspect" else ""

    def as_dict(self) -> dict[str, Any]:
        """A form that JSON can hold; what older files do not know is there only where it says something."""
        more = {
            "verdict": self.verdict if self.verdict != "dropped" else None,
            "level": self.level,
            "auc_with": self.auc_with,
            "auc_without": self.auc_without,
        }
        base = {"column": self.column, "kind": self.kind, "evidence": self.evidence}
        return base | {k: v for k, v in more.items() if v is not None}
