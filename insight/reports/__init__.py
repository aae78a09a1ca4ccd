"""Reports: sections of figures with their method, in the reader's language."""

from sales_consultant.insight.reports.context import BY, COLUMN, Context
from sales_consultant.insight.reports.document import (
    Cell,
    Column,
    Figure,
    Kind,
    Report,
    Section,
    Table,
    plain_value,
    row_of,
)
from sales_consultant.insight.reports.page import NUMERIC, html
from sales_consultant.insight.reports.text import findings, text
from sales_consultant.insight.reports.words import Words

__all__ = [
    "BY",
    "COLUMN",
    "NUMERIC",
    "Cell",
    "Column",
    "Context",
    "Figure",
    "Kind",
    "Report",
    "Section",
    "Table",
    "Words",
    "findings",
    "html",
    "plain_value",
    "row_of",
    "text",
]
