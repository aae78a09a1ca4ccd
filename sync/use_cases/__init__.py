"""What commands call: `initialise`, `pulling`, `training`, `score`, `dry`, `sync` and `scheduled`; `recovering`, `lift`.

Backfill, rollback, retry, forget and saved plans have a module each. Provisioning is in `sync.setup`, reports in
`sync.reports`.
"""

from sales_consultant.sync.use_cases.init import initialise
from sales_consultant.sync.use_cases.pulling import pulling
from sales_consultant.sync.use_cases.pushing import recovering
from sales_consultant.sync.use_cases.rollback import lift
from sales_consultant.sync.use_cases.scoring import training
from sales_consultant.sync.use_cases.stages import Questions, SyncOptions
from sales_consultant.sync.use_cases.sync import dry, scheduled, score, sync

__all__ = [
    "Questions",
    "SyncOptions",
    "dry",
    "initialise",
    "lift",
    "pulling",
    "recovering",
    "scheduled",
    "score",
    "sync",
    "training",
]
