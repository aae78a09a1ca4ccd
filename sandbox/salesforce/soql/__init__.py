"""SOQL: its grammar, and its conditions as SQL."""

from sales_consultant.sandbox.salesforce.soql.conditions import ARCHIVED_AFTER_MS, Compiler
from sales_consultant.sandbox.salesforce.soql.functions import Showing, called, grouped_only, show
from sales_consultant.sandbox.salesforce.soql.soql import parse, unquote
from sales_consultant.sandbox.salesforce.soql.syntax import (
    Compare,
    Condition,
    Item,
    Literal,
    Logic,
    Query,
    Within,
    terms,
)

__all__ = [
    "ARCHIVED_AFTER_MS",
    "Compare",
    "Compiler",
    "Condition",
    "Item",
    "Literal",
    "Logic",
    "Query",
    "Showing",
    "Within",
    "called",
    "grouped_only",
    "parse",
    "show",
    "terms",
    "unquote",
]
