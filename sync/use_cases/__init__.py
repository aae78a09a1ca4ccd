"""What commands call: sync, backfill, rollback, provisioning, reports and the rest."""

from sales_consultant.sync.use_cases.init import initialise
from sales_consultant.sync.use_cases.rollback import lift
from sales_consultant.sync.use_cases.sync import (
    Run,
    dry,
    pulling,
    recovering,
    running,
    scheduled,
    score,
    sync,
    training,
)

__all__ = [
    "Run",
    "dry",
    "initialise",
    "lift",
    "pulling",
    "recovering",
    "running",
    "scheduled",
    "score",
    "sync",
    "training",
]
