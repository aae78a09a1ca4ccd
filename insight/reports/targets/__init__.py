"""What reports tell of targets: where they are from, what they still ask for, which could not be taken."""

from sales_consultant.insight.reports.targets.targets import (
    TargetOrigin,
    figure,
    missing,
    rounded,
    sources,
    state,
    total_of,
    unknown,
)

__all__ = ["TargetOrigin", "figure", "missing", "rounded", "sources", "state", "total_of", "unknown"]
