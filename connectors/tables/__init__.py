"""The neutral tables, and how a CRM's raw rows become columns and views."""

from sales_consultant.connectors.tables.columns import flags, moments, number, same, strings, text, tolerant
from sales_consultant.connectors.tables.macros import MACROS
from sales_consultant.connectors.tables.neutral import (
    CASTS,
    FIELD,
    NEUTRAL,
    OVER_OURS,
    TYPED,
    Raw,
    Source,
    field_column,
    literal,
    quote,
    view,
)

__all__ = [
    "CASTS",
    "FIELD",
    "MACROS",
    "NEUTRAL",
    "OVER_OURS",
    "TYPED",
    "Raw",
    "Source",
    "field_column",
    "flags",
    "literal",
    "moments",
    "number",
    "quote",
    "same",
    "strings",
    "text",
    "tolerant",
    "view",
]
