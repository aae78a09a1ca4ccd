"""Section "value": whether the scores helped, how steps are used, and what customers say."""

from sales_consultant.insight.reports.value.section import section
from sales_consultant.insight.reports.value.told import (
    Announced,
    Answers,
    Drawn,
    Looks,
    Measure,
    Monthly,
    Outcomes,
    Survey,
    Upkeep,
)

__all__ = [
    "Announced",
    "Answers",
    "Drawn",
    "Looks",
    "Measure",
    "Monthly",
    "Outcomes",
    "Survey",
    "Upkeep",
    "section",
]
