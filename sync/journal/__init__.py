"""The journal of every change, and when people saw a score."""

from sales_consultant.sync.journal.changes import Entry
from sales_consultant.sync.journal.exposures import shown
from sales_consultant.sync.journal.journal import (
    Batch,
    Journal,
    last_written,
    unsettled_runs,
    waiting,
    written_since,
)

__all__ = ["Batch", "Entry", "Journal", "last_written", "shown", "unsettled_runs", "waiting", "written_since"]
