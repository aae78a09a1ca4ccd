"""A column that a model does not use, with the kind of leak and what shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """A column that is not used: which, what kind of leak, and what shows it."""

    column: str
    kind: str
    evidence: str

    def as_dict(self) -> dict[str, str]:
        """A form that JSON can hold."""
        return {"column": self.column, "kind": self.kind, "evidence": self.evidence}
