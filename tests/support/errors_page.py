"""docs/errors.md: every error code of the vendors that we know, from the tables that the connectors ask. `make docs`
writes it, a test fails where it is stale."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from sales_consultant.connectors.http.error_codes import Rule, Table
from sales_consultant.connectors.hubspot.api.error_codes import TABLE as HUBSPOT
from sales_consultant.connectors.salesforce.api.error_codes import TABLE as SALESFORCE

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"
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

What a command makes of an error of HubSpot or Salesforce: who acts next, the exit code of a command that ends by it, and the
action that it names. An error is told by its code, where it has one that is known, else by its status; `words` are
what its message must hold for the row to count. A call that is "tried again" is waited for, for at least a minute, before the
command ends. In a batch, an error is about one record: the run goes on, and ends with 5 where records were refused.

A code that is not here: 401 and 403 end with exit code 3, 5xx with 4, all others with 1. What is no error of the CRM, as a
page of a proxy, an answer that breaks off, or one that never ends, is tried again too and ends with 4.

`docs/cli.md` has all exit codes. This page is made by `make docs`."""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


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
        found.append(f"| {' | '.join(_cell(c) for c in cells)} |")
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


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
