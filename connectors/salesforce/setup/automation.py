"""What the customer's own org does with every write of ours: triggers, flows, workflow and validation rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sales_consultant.config.errors import SalesConsultantError
from sales_consultant.connectors.base import Finding
from sales_consultant.connectors.salesforce.api import SalesforceApi, quoted


@dataclass(frozen=True)
class _Question:
    """Where one kind of automation is listed; `table` is the field, or the relation, that names its object."""

    kind: str
    source: str
    name: str
    table: str
    where: str = ""
    tooling: bool = False

    def soql(self, sobjects: Sequence[str]) -> str:
        """The query for some objects."""
        listed = ", ".join(quoted(s) for s in sobjects)
        conditions = [c for c in (self.where, f"{self.table} IN ({listed})") if c]
        return f"SELECT {self.name}, {self.table} FROM {self.source} WHERE {' AND '.join(conditions)}"

    def sobject(self, row: dict[str, Any]) -> str:
        """The object that a row is about."""
        value: Any = row
        for part in self.table.split("."):
            value = (value or {}).get(part)
        return str(value)


_QUESTIONS = (
    _Question(
        "Apex triggers",
        "ApexTrigger",
        "Name",
        "TableEnumOrId",
        "Status = 'Active' AND (UsageBeforeUpdate = true OR UsageAfterUpdate = true)",
    ),
    _Question(
        "active flows",
        "FlowDefinitionView",
        "ApiName",
        "TriggerObjectOrEvent.QualifiedApiName",
        "IsActive = true",
    ),
    _Question("workflow rules", "WorkflowRule", "Name", "TableEnumOrId", tooling=True),
    _Question(
        "validation rules",
        "ValidationRule",
        "ValidationName",
        "EntityDefinition.QualifiedApiName",
        "Active = true",
        tooling=True,
    ),
)


def runs_along(api: SalesforceApi, sobjects: Sequence[str]) -> list[Finding]:
    """One line an object that has automation; a line for what this user may not list."""
    kinds: dict[str, dict[str, list[str]]] = {}
    refused = []
    for question in _QUESTIONS:
        soql = question.soql(sobjects)
        try:
            rows = api.tooling(soql) if question.tooling else api.query(soql)
        except SalesConsultantError:
            refused.append(question.kind)
            continue
        for row in rows:
            by = kinds.setdefault(question.sobject(row), {})
            by.setdefault(question.kind, []).append(str(row[question.name]))
    findings = [
        Finding(
            f"runs along on {sobject}",
            "warning",
            "every write also runs " + "; ".join(f"{len(n)} {k} ({_some(n)})" for k, n in by.items()),
            f"See that they may: Setup > Object Manager > {sobject} > Triggers, Flow Triggers, Validation Rules.",
        )
        for sobject, by in sorted(kinds.items())
    ]
    if refused:
        where = "Setup > Permission Sets > (the run-as user's) > System Permissions > View Setup and Configuration."
        findings.append(
            Finding("runs along", "warning", f"this user may not list {', '.join(refused)}", where)
        )
    elif not findings:
        text = "no trigger, flow, workflow or validation rule on what is written"
        findings.append(Finding("runs along", "ok", text))
    return findings


def _some(names: Sequence[str]) -> str:
    return ", ".join(sorted(names)[:3]) + (" ..." if len(names) > 3 else "")
