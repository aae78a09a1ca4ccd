"""The section "pipeline": what made the open pipeline of one date into that of another, by whom, and what stands in it now."""

from sales_consultant.insight.reports.pipeline.open_deals import overdue
from sales_consultant.insight.reports.pipeline.section import begin, section

__all__ = ["begin", "overdue", "section"]
