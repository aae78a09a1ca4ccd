"""Tasks for the owner of a record: the only thing that is created in a CRM, and only where an admin switched it on.

A task carries an id of ours in a field of its own, by which it is known whatever people change in it. Which key a CRM keeps
unique on tasks: docs/decisions/writing-tasks.md.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sales_consultant.config.fields.canon import Canonical
from sales_consultant.config.records import RecordRef
from sales_consultant.connectors.base.records import Finding, Outcome, ProvisionStep

TASKS = "tasks"
TASK_ID = "task_id"
"""The key of the field that holds our id, for `Naming`."""
TASK_ID_LENGTH = 40
TASK_ID_HELP = "Names a task that was made for a next step; a task with it is no activity of yours."
SUBJECT, BODY, DUE, PRIORITY, OWNER, STATUS = (
    "task_subject",
    "task_body",
    "task_due",
    "task_priority",
    "task_owner",
    "task_status",
)
TASK_KEYS = (SUBJECT, BODY, DUE, PRIORITY, OWNER, STATUS)
"""What a task holds: texts, an ISO date, "high", "medium" or "low", the CRM's id of the owner, and its status."""
OPEN, CLOSED = "open", "closed"
DONE, OVERTAKEN = "done", "overtaken"
"""The two ways in which we close a task; a CRM knows only that it is closed."""
REMOVED = "removed"
# People and editors fold, break and wrap texts: that is no change of ours.
_FOLDED = (SUBJECT, BODY)


@dataclass(frozen=True)
class Task:
    """A task of ours: our id, the CRM's ("" before it is made), the record it is about, and its values by key.

    `about` is None where a task was read by its id. The status of one that was read is "open", "closed" or the CRM's own
    word for something else.
    """

    id: str
    crm_id: str = ""
    about: RecordRef | None = None
    values: Mapping[str, Canonical] = field(default_factory=dict)


@dataclass(frozen=True)
class TaskOutcome(Outcome):
    """What the CRM said of one task: `record_id` is our id, `crm_id` the CRM's where it told it."""

    crm_id: str = ""


def told(task: Task, state: str, message: str = "", code: str = "", *, crm_id: str = "") -> TaskOutcome:
    """The outcome of a task."""
    return TaskOutcome(TASKS, task.id, state, message, code, crm_id or task.crm_id)  # type: ignore[arg-type]  # a literal of each caller


def same(key: str, wrote: Canonical, holds: Canonical) -> bool:
    """Whether a task still holds what we wrote, as far as a CRM can tell it.

    >>> same(STATUS, OVERTAKEN, CLOSED), same(BODY, "a\\nb", "a b "), same(DUE, "2026-05-12", None)
    (True, True, False)
    """
    if key == STATUS:
        return (CLOSED if wrote in (DONE, OVERTAKEN) else wrote) == holds
    if key in _FOLDED:
        return " ".join((wrote or "").split()) == " ".join((holds or "").split())
    return wrote == holds


class TaskBook(ABC):
    """The tasks of one CRM."""

    @abstractmethod
    def missing(self) -> str:
        """Why no task can be written, "" where tasks can be: the field for our id, a scope or a right is missing."""

    def may_own(self, owner: str) -> bool:
        """Whether an owner of records can have tasks, as a queue cannot."""
        return bool(owner)

    @abstractmethod
    def create(self, tasks: Sequence[Task]) -> Iterator[TaskOutcome]:
        """Make tasks; one outcome a task.

        Who calls has listed the records' own tasks (`of`) before, in the same run. Where the CRM keeps our id unique and
        refuses a double, the outcome is "done" with the id of the task that is there.
        """

    @abstractmethod
    def change(self, tasks: Sequence[Task]) -> Iterator[TaskOutcome]:
        """Set the given values of tasks, by the CRM's ids; one outcome a task, "left" for one that is not there any more."""

    @abstractmethod
    def archive(self, tasks: Sequence[Task]) -> Iterator[TaskOutcome]:
        """Delete tasks, by the CRM's ids; one that is not there is done."""

    @abstractmethod
    def of(self, records: Sequence[RecordRef]) -> Iterator[Task]:
        """All tasks of some records that carry an id of ours.

        They are listed from the records and never searched: what a search finds lags behind what is there.
        """

    @abstractmethod
    def read(self, crm_ids: Sequence[str]) -> Iterator[Task]:
        """Tasks by the CRM's ids, as they are now; none for those that are not there."""

    def shows_since(self, sent_at: int) -> bool:
        """Whether a task that was sent at a time (ms) and is not listed now will never come, or would be refused as a double.

        A request may be worked on after its sender has died. Where nothing refuses a double, this waits until nothing from
        before can still be on its way.
        """
        return True

    @abstractmethod
    def provision(self, *, dry: bool) -> list[ProvisionStep]:
        """Make the field that holds our id."""

    @abstractmethod
    def remove(self, *, dry: bool, keep: bool) -> list[ProvisionStep]:
        """Take the field away, or leave it where tasks still need it (`keep`)."""

    @abstractmethod
    def findings(self) -> list[Finding]:
        """What `check` says of tasks."""
