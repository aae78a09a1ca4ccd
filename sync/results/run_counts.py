"""What a run counted, told from what the journal keeps of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PlanCounts:
    """A plan's size: records, values, values by field, and records left alone by reason."""

    records: int
    changes: int
    by_field: Mapping[str, int]
    left_alone: Mapping[str, int]


@dataclass(frozen=True)
class ComparedTable:
    """A table that was compared with the CRM, id by id, and what came of it in words."""

    stream: str
    result: str


@dataclass(frozen=True)
class Absent:
    """What records name and the CRM has no more, as a stage; of how many records, and what they are taken for."""

    kind: str
    name: str
    records: int
    taken_for: str = ""


@dataclass(frozen=True)
class RunCounts:
    """What a run counted; None where it had no such part, as `written` of a run that writes nothing.

    `excluded` are open records left out by reason, by population; `trained` verdicts by model ("" for those without one).
    `undone` are the runs that a rollback took back; `conflicts` values that somebody had changed meanwhile, and that were
    left. `tasks` are tasks that were written by what was done to them, `tasks_left_alone` steps without one and tasks that
    stay as they are by reason; `tasks_not_written` is why none could be written. `returned` are records that
    get back what a rollback had taken. `settled` are values of a run that had ended before they were known to be written.
    `action` is what to do about an error that ended the run.
    """

    pulled: Mapping[str, int]
    scored: Mapping[str, int]
    excluded: Mapping[str, Mapping[str, int]]
    trained: Mapping[str, str]
    plan: PlanCounts | None
    written: int | None
    dead: int
    waiting: int
    left: int
    not_sent: int
    api_calls: int | None
    estimated_amounts: int
    compared: tuple[ComparedTable, ...] | None
    repaired: int
    vanished: int
    unseen: Mapping[str, str]
    computed: tuple[str, ...]
    unreadable: Mapping[str, int]
    not_permitted: Mapping[str, str]
    not_found: tuple[Absent, ...]
    forgotten: tuple[str, ...]
    taken_as_written: int
    outside_pilot: int
    outside_emptied: bool
    missing_fields: Mapping[str, tuple[str, ...]]
    undescribed: str
    settled: int
    conflicts: int
    undone: tuple[str, ...] | None
    on_hold: tuple[str, ...]
    returned: int
    backup: str
    action: str
    tasks: Mapping[str, int]
    tasks_left_alone: Mapping[str, int]
    tasks_not_written: str

    @property
    def refused(self) -> int:
        """Records that were not written: refused, or kept by an approval or a lock."""
        return self.dead + self.waiting

    @property
    def did_something(self) -> bool:
        """Whether it read, scored, trained, planned or wrote anything."""
        return bool(sum(self.pulled.values()) or self.scored or self.trained or self.plan or self.written)

    @classmethod
    def of(cls, c: Mapping[str, Any]) -> "RunCounts":
        """From the counts as the journal keeps them."""
        return cls(
            pulled=c.get("pulled") or {},
            scored=c.get("scored") or {},
            excluded={k: v for k, v in (c.get("excluded") or {}).items() if isinstance(v, Mapping) and v},
            # A model without a verdict is kept under its kind.
            trained={k: v if " " in v else "" for k, v in (c.get("trained") or {}).items()},
            plan=_plan(c.get("plan")),
            written=c.get("written"),
            compared=_compared(c.get("compared")),
            not_found=tuple(Absent(**a) for a in c.get("not_found") or ()),
            missing_fields={o: tuple(names) for o, names in (c.get("missing_fields") or {}).items()},
            undone=None if c.get("undone") is None else tuple(c["undone"]),
            **_numbers(c),
            **_unusual(c),
        )


def _plan(plan: Mapping[str, Any] | None) -> PlanCounts | None:
    if not plan:
        return None
    left = {k: int(n) for k, n in (plan.get("left_alone") or {}).items() if n}
    return PlanCounts(
        int(plan.get("records") or 0), int(plan.get("changes") or 0), plan.get("by_field") or {}, left
    )


def _compared(tables: Any) -> tuple[ComparedTable, ...] | None:
    return None if tables is None else tuple(ComparedTable(t["stream"], t["result"]) for t in tables)


def _numbers(c: Mapping[str, Any]) -> dict[str, Any]:
    keys = {
        "dead": "dead", "waiting": "waiting_records", "left": "left_records", "not_sent": "not_sent",
        "estimated_amounts": "estimated_amounts", "repaired": "repaired", "vanished": "vanished",
        "taken_as_written": "taken_as_written", "conflicts": "conflicts", "returned": "back_after_a_rollback",
    }  # fmt: skip
    return {name: int(c.get(key) or 0) for name, key in keys.items()} | {"api_calls": c.get("api_calls")}


def _unusual(c: Mapping[str, Any]) -> dict[str, Any]:
    outside = c.get("outside_the_pilot") or {}
    return {
        "unseen": c.get("not_shown_any_more") or {},
        "computed": tuple(c.get("computed_fields_of") or ()),
        "unreadable": c.get("could_not_be_read") or {},
        "not_permitted": c.get("not_permitted") or {},
        "forgotten": tuple(c.get("forgotten_but_in_the_crm") or ()),
        "outside_pilot": int(outside.get("records") or 0),
        "outside_emptied": str(outside.get("values", "")).startswith("empty"),
        "undescribed": str(c.get("description_not_changed") or ""),
        "settled": sum((c.get("recovered") or {}).values()),
        "on_hold": tuple(c.get("on_hold") or ()),
        "action": str(c.get("action") or ""),
        "backup": str((c.get("backup") or {}).get("file") or ""),
        "tasks": c.get("tasks") or {},
        "tasks_left_alone": c.get("tasks_left_alone") or {},
        "tasks_not_written": str(c.get("tasks_not_written") or ""),
    }
