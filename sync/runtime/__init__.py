"""What every run stands on: one connection's workspace, one run at a time, views held as tables."""

from sales_consultant.sync.runtime.lease import Lease, hold, wanted_since
from sales_consultant.sync.runtime.materialised_views import at_hand, open_pulled
from sales_consultant.sync.runtime.workspace import Clock, Workspace, wall_clock

__all__ = ["Clock", "Lease", "Workspace", "at_hand", "hold", "open_pulled", "wall_clock", "wanted_since"]
