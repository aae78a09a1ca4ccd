"""The journal of every change, and when people saw a score."""

from sales_consultant.sync.journal.changes import Entry
from sales_consultant.sync.journal.exposures import shown
from sales_consultant.sync.journal.journal import (
    UNANSWERED,
    Batch,
    Journal,
    last_written,
    unsettled_runs,
    waiting,
    written_since,
)

__all__ = [
    "UNANSWERED",
    "Batch",
    "Entry",
    "Journal",
    "last_written",
    "shown",
    "unsettled_runs",
    "waiting",
    "written_since",
]
