"""What was pulled before, made ready to be read."""

from sales_consultant.config.errors import UsageError
from sales_consultant.sync.runtime.workspace import Workspace


def open_pulled(ws: Workspace) -> None:
    """Make what was pulled before ready to be read; UsageError where nothing ever was."""
    if ws.warehouse.empty:
        raise UsageError("Nothing was pulled yet.", action="Next: sales-consultant pull")
    ws.warehouse.make_views(ws.connector)
