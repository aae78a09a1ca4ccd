"""What was pulled before, made ready to be read."""

import sqlalchemy as sa

from sales_consultant.config.clock import DAY_MS
from sales_consultant.config.errors import UsageError
from sales_consultant.sync.runtime.workspace import Workspace
from sales_consultant.sync.stores import runs


def open_pulled(ws: Workspace) -> None:
    """Make what was pulled before ready to be read, without the CRM; UsageError where nothing ever was."""
    if ws.warehouse.empty:
        raise UsageError("Nothing was pulled yet.", action="Next: sales-consultant pull")
    ws.warehouse.make_views_as_pulled(ws.connector)


def last_as_of(ws: Workspace) -> int:
    """The as-of time of the newest run that had one."""
    rows = ws.state.rows(
        sa.select(runs.c.as_of).where(runs.c.as_of.is_not(None)).order_by(runs.c.started_at.desc()).limit(1)
    )
    return int(rows[0]["as_of"]) if rows else ws.connector.now()


def known_until(ws: Workspace, as_of: int) -> int:
    """Up to when the state is told as of a moment: where that is when the CRM was read last, all that is known by now."""
    # A run writes after it has read, and an experiment may begin days after that. A clock that was set back hides no run.
    return as_of if as_of < last_as_of(ws) else max(as_of + DAY_MS, ws.clock())
