"""What all of scoring stands on: errors for the person who must act, days and milliseconds, currencies, placeholders."""

from sales_consultant.scoring.core.currency import in_org_currency, org_currency
from sales_consultant.scoring.core.errors import ModelFileError, ScoringError
from sales_consultant.scoring.core.findings import Finding
from sales_consultant.scoring.core.placeholders import is_placeholder_sale, placeholder
from sales_consultant.scoring.core.progress import Progress, untold
from sales_consultant.scoring.core.settings import require_column

__all__ = [
    "Finding",
    "ModelFileError",
    "Progress",
    "ScoringError",
    "in_org_currency",
    "is_placeholder_sale",
    "org_currency",
    "placeholder",
    "require_column",
    "untold",
]
