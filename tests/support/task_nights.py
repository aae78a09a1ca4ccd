"""Nights with tasks on a CRM in memory: recover, plan the tasks of the steps that records show, send, settle."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from support.fake_crm import FakeCrm
from support.fake_tasks import FakeTasks

from sales_consultant.config.fields.canon import Canonical
from sales_consultant.config.language.translation import Language
from sales_consultant.config.records import RecordRef
from sales_consultant.sync.journal import Entry, Journal, waiting
from sales_consultant.sync.plan import CurrentValues, Desired, Limits, Plan
from sales_consultant.sync.plan.directory import DirectoryEntry
from sales_consultant.sync.push import push, recover
from sales_consultant.sync.runtime.lease import hold
from sales_consultant.sync.stores import State
from sales_consultant.sync.tasks import end, planned
from sales_consultant.sync.tasks.planned import TaskLines

Values = dict[str, Canonical]


def shows(step: str, text: str = "Call", due: str = "2024-06-05", **more: Canonical) -> Values:
    """The fields of a record that shows a step."""
    return {
        "next_step_id": step,
        "next_step": text,
        "next_step_due": due,
        "next_step_reason": f"because of {step}",
        **more,
    }


@dataclass
class Office:
    """Records by what they show of a step, their owners, the CRM's tasks, and what the journal knows."""

    folder: Path
    crm: FakeCrm
    book: FakeTasks
    records: dict[str, Values] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    inactive: frozenset[str] = frozenset()
    limits: Mapping[str, object] = field(default_factory=dict)
    nights: int = 0
    language: Language = "en"

    @classmethod
    def of(cls, folder: Path, *, unique: bool = True, seed: int = 0) -> "Office":
        """Five deals without a step."""
        ids = [str(n) for n in range(5)]
        crm = FakeCrm(ids, seed=seed)
        crm.tasks = book = FakeTasks(crm, unique=unique, seed=seed)
        return cls(folder, crm, book, {i: {} for i in ids}, dict.fromkeys(ids, "o1"))

    def desired(self) -> Desired:
        """What planning knows of the records beside their fields."""
        made = Desired(self.crm.time, language=self.language)
        for i in self.records:
            key = RecordRef("deals", i)
            made.directory[key] = DirectoryEntry(f"Deal {i}", "", self.owners.get(i, ""), key)
        return made

    def held(self) -> CurrentValues:
        """What the CRM holds of our fields."""
        return CurrentValues({RecordRef("deals", i): dict(v) for i, v in self.records.items()}, {})

    def lines(self, state: State, plan: Plan | None = None) -> TaskLines:
        """The lines of a plan."""
        limits = Limits(waiting=waiting(state, now=self.crm.time), **self.limits)  # type: ignore[arg-type]  # given by tests
        plan = plan or Plan(self.crm.time, "org")
        return planned(state, self.book, self.desired(), self.held(), plan, limits, inactive=self.inactive)

    def night(self, entries: tuple[Entry, ...] = ()) -> TaskLines:
        """One run; raises what kills it. `entries`: changes of records that are written with it."""
        self.nights += 1
        state = State(self.folder / "state.db")
        try:
            with hold(state, self.folder / "lock", job="sync", now=self.crm.now()) as lease:
                recover(self.crm, state, {}, clock=self.crm.now)
                plan = Plan(self.crm.time, "org", list(entries))
                lines = self.lines(state, plan)
                run_id = f"run{self.nights}"
                journal = Journal(state, run_id)
                journal.plan([*entries, *lines.entries])
                end(state, lines.ends, run_id=run_id, now=self.crm.time)
                push(self.crm, journal, lease, {}, clock=self.crm.now)
                journal.skip_pending("ended", now=self.crm.now())
            return lines
        finally:
            state.close()

    def state(self) -> State:
        """The journal, to look into; who opens it closes it."""
        return State(self.folder / "state.db")

    def subjects(self, *, status: str = "open") -> list[tuple[str, Canonical]]:
        """Record and subject of the tasks with a status."""
        return sorted(
            (t.about.record_id if t.about else "", t.values["task_subject"])
            for t in self.book.live()
            if t.values["task_status"] == status
        )
