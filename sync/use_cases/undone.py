"""What takes something back: a rollback before it is done, a lifted hold, a retry, an erased person."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sales_consultant.sync.plan import Plan
from sales_consultant.sync.results import Conflict

__all__ = ["Conflict", "Forgotten", "Resumed", "Retried", "UndoPlan"]


@dataclass(frozen=True)
class UndoPlan:
    """What a rollback would restore (a plan's summary and rows as `Plan` has them), and what it would leave."""

    plan: Plan
    conflicts: tuple[Conflict, ...]

    def to_json(self) -> dict[str, Any]:
        """The plan's counts and the conflicts."""
        return {**self.plan.summary(), "conflicts": [dict(vars(c)) for c in self.conflicts]}


@dataclass(frozen=True)
class Resumed:
    """Fields whose hold was lifted."""

    lifted: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Under "lifted"."""
        return {"lifted": list(self.lifted)}


@dataclass(frozen=True)
class Retried:
    """Dead letters that the next sync tries again; of rollbacks that were tried again here, what came of them."""

    dead_letters: int
    rollbacks: int = 0
    restored: int = 0
    refused_again: int = 0
    conflicts: tuple[Conflict, ...] = ()

    @property
    def code(self) -> int:
        """Exit code: 5 where the CRM refused again."""
        return 5 if self.refused_again else 0

    def to_json(self) -> dict[str, Any]:
        """The counts; those of rollbacks only where there were any."""
        found: dict[str, Any] = {"dead_letters": self.dead_letters}
        if self.rollbacks:
            found["restored"] = self.restored
            found["refused_again"] = self.refused_again
            found["conflicts"] = [dict(vars(c)) for c in self.conflicts]
        return found


@dataclass(frozen=True)
class Forgotten:
    """A person was erased: what was erased where, and where they still are."""

    object: str
    id: str
    merged_with: tuple[str, ...]
    erased: Mapping[str, Any]
    backups: tuple[str, ...]
    in_crm: bool

    @property
    def note(self) -> str:
        """What cannot be undone, and what the next pull does."""
        after = (
            "The record is still in the CRM: the next pull reads it again. Delete it there, or set it to be left alone."
            if self.in_crm
            else "It is gone from the CRM too; a later pull does not bring it back."
        )
        return f"A rollback cannot restore what was erased. {after}"

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            "object": self.object,
            "id": self.id,
            "merged_with": list(self.merged_with),
            "erased": dict(self.erased),
            "backups_that_may_hold_it": list(self.backups),
            "still_in_the_crm": self.in_crm,
            "note": self.note,
        }
