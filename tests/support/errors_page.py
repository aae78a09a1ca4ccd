"""docs/reference/errors.md: every error code of the vendors that we know, from the tables that the
connectors look in."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from support.markdown import cell

from sales_consultant.connectors.http.error_codes import Rule, Table
from sales_consultant.connectors.hubspot.api.error_codes import TABLE as HUBSPOT
from sales_consultant.connectors.salesforce.api.error_codes import TABLE as SALESFORCE

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "errors.md"
TABLES: dict[str, Table] = {"HubSpot": HUBSPOT, "Salesforce": SALESFORCE}
WHO = {
    "admin": "the CRM's admin",
    "operator": "whoever runs this program",
    "time": "nobody: it passes",
    "record": "whoever keeps the record",
    "us": "us",
}
STATES = {
    "dead": "kept with its reason; `retry` tries it again",
    "retry": "tried again by itself",
    "wait": "waits",
    "left": "left alone",
}
_INTRODUCTION = """# Errors of the CRMs

What a command makes of an error of HubSpot or Salesforce: who acts next, the exit code of the command that ends because of
it, and the action that its message names. An error is identified by its code where it has a known one, else by its HTTP
status. Where a row says "with words", the message must contain these words. A call that is "tried again" is repeated for
at least a minute before the command ends. In a batch, an error concerns one record: the run goes on, and ends with exit
code 5 where records were refused.

A code that is not listed here: 401 and 403 end with exit code 3, 5xx with 4, all others with 1. What is no error of the
CRM itself (the page of a proxy, an answer that breaks off or never ends) is tried again too, and ends with exit code 4.

[Exit codes](exit-codes.md) lists what a command can end with."""


def _codes(rules: Iterable[Rule]) -> str:
    return ", ".join(f"`{r.code}`" if r.code else f"{r.status}" for r in rules)


def rows(rules: Iterable[Rule]) -> list[str]:
    """One row for the codes that mean the same."""
    found = []
    for _, same in groupby(rules, key=lambda r: replace(r, code="", status=0 if not r.code else r.status)):
        codes = list(same)
        r = codes[0]
        cells = (
            _codes(codes) + (f" with words `{r.words}`" if r.words else ""),
            r.what,
            WHO[r.who],
            str(r.exit),
            "yes" if r.pause is not None else "no",
            STATES[r.state],
            r.action,
        )
        found.append(f"| {' | '.join(cell(c) for c in cells)} |")
    return found


_HEAD = """| {} | what happened | who acts | exit code | call tried again | a record refused with it | action |
|---|---|---|---|---|---|---|"""


def page() -> str:
    """The page as Markdown."""
    parts = [_INTRODUCTION]
    for crm, table in TABLES.items():
        parts.append(f"## {crm}")
        parts.append("\n".join([_HEAD.format("code"), *rows(table.codes)]))
        parts.append("\n".join([_HEAD.format("status without a code"), *rows(table.statuses)]))
    return "\n\n".join(parts) + "\n"
