"""What every run stands on: one connection's workspace, one run at a time, views held as tables."""

from sales_consultant.sync.runtime.lease import Lease, hold, holder_lives, wanted_since
from sales_consultant.sync.runtime.pulled_before import known_until, last_as_of, open_pulled
from sales_consultant.sync.runtime.reporting import (
    Reporter,
    Silent,
    Step,
    parts,
    shares,
    shown_until_over,
    steps,
    watched,
)
from sales_consultant.sync.runtime.run_context import STOPPED, Run, RunContext, new_id, running
from sales_consultant.sync.runtime.workspace import Clock, Workspace, wall_clock

__all__ = [
    "STOPPED",
    "Clock",
    "Lease",
    "Reporter",
    "Run",
    "RunContext",
    "Silent",
    "Step",
    "Workspace",
    "hold",
    "holder_lives",
    "known_until",
    "last_as_of",
    "new_id",
    "open_pulled",
    "parts",
    "running",
    "shares",
    "shown_until_over",
    "steps",
    "wall_clock",
    "wanted_since",
    "watched",
]
