"""A CRM's raw rows as Arrow columns, and its raw tables as the expressions of a mapping."""

from sales_consultant.connectors.tables.columns import flags, moments, number, same, strings, text, tolerant
from sales_consultant.connectors.tables.raw import Raw, signals_of

__all__ = ["Raw", "flags", "moments", "number", "same", "signals_of", "strings", "text", "tolerant"]
