"""What all of scoring stands on: errors for the person who must act, days and milliseconds, the neutral tables."""

from sales_consultant.scoring.core.currency import in_org_currency, org_currency
from sales_consultant.scoring.core.errors import ModelFileError, ScoringError
from sales_consultant.scoring.core.findings import Finding
from sales_consultant.scoring.core.placeholders import is_placeholder_sale, placeholder
from sales_consultant.scoring.core.tables import (
    MARK,
    MEMBER_COLUMNS,
    Block,
    alive,
    as_ms,
    columns,
    compiled,
    neutral,
    of_known_state,
    per_cut,
    query,
    require_column,
)
from sales_consultant.scoring.core.times import DAY, iso_day

__all__ = [
    "DAY",
    "MARK",
    "MEMBER_COLUMNS",
    "Block",
    "Finding",
    "ModelFileError",
    "ScoringError",
    "alive",
    "as_ms",
    "columns",
    "compiled",
    "in_org_currency",
    "is_placeholder_sale",
    "iso_day",
    "neutral",
    "of_known_state",
    "org_currency",
    "per_cut",
    "placeholder",
    "query",
    "require_column",
]
