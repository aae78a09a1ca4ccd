"""Next steps as tasks of the CRM: which there shall be, which there are, how they are sent and taken back."""

from sales_consultant.sync.tasks.ledger import (
    end,
    known,
    never_made,
    record_of,
    tasks_about,
    tasks_of,
    written_by,
)
from sales_consultant.sync.tasks.planned import TaskLines, planned, untouched
from sales_consultant.sync.tasks.sender import TaskSender
from sales_consultant.sync.tasks.undo import Taken, remove, taken_back, to_remove

__all__ = [
    "Taken",
    "TaskLines",
    "TaskSender",
    "end",
    "known",
    "never_made",
    "planned",
    "record_of",
    "remove",
    "taken_back",
    "tasks_about",
    "tasks_of",
    "to_remove",
    "untouched",
    "written_by",
]
