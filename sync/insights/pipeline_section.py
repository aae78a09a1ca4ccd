"""The section "pipeline"."""

from sales_consultant.insight.reports import Context, Section
from sales_consultant.insight.reports import pipeline as report
from sales_consultant.sync.insights import control
from sales_consultant.sync.runtime import Workspace


def of_pipeline(ws: Workspace, context: Context) -> Section:
    """The open pipeline, and what moved it since the report's beginning."""
    return report.section(context, control.hidden(ws.state, ws.warehouse.engine))
