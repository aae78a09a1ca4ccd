"""EntityLimit: how much of what an object may have is used, as Setup shows it; asked of Tooling by a query that names
the object."""

from collections.abc import Callable, Mapping
from typing import Any

from sales_consultant.sandbox.salesforce.api import Call, Result
from sales_consultant.sandbox.salesforce.org import ACTIVITIES, CUSTOMIZABLE, Org, Sobject
from sales_consultant.sandbox.salesforce.query import field_definition
from sales_consultant.sandbox.salesforce.soql import Query

Json = dict[str, Any]
NAME = "EntityLimit"
COLUMNS = ["DurableId", "EntityDefinitionId", "Label", "Max", "Remaining", "Type"]
# Salesforce Features and Edition Allocations: of an object, in Enterprise.
_VALIDATION_RULES, _ROLLUPS, _RELATIONSHIPS = 100, 25, 40


def _fields(org: Org, sobject: str) -> list[Json]:
    # Tasks and events share the fields of Activity.
    return list(org.custom("Activity" if sobject in ACTIVITIES else sobject).values())


def _rules(org: Org, sobject: str) -> int:
    rules = org.store.each("salesforce", "ValidationRule")
    return sum(1 for r in rules if (v := r.values()).get("EntityDefinitionId") == sobject and v.get("Active"))


# Type: label, most, used.
_LIMITS: Mapping[str, tuple[str, Callable[[Org], int], Callable[[Org, str], int]]] = {
    "CustomFields": ("Custom Fields", lambda org: int(org.options["custom_fields"]), lambda org, o: len(_fields(org, o))),
    "RollupSummary": ("Rollup Summary Fields", lambda org: _ROLLUPS, lambda org, o: 0),
    "CustomRelationship": (
        "Custom Relationship Fields", lambda org: _RELATIONSHIPS,
        lambda org, o: sum(f["Metadata"]["type"] in ("Lookup", "MasterDetail") for f in _fields(org, o)),
    ),
    "ActiveValidationRules": ("Active Validation Rules", lambda org: _VALIDATION_RULES, _rules),
}  # fmt: skip


def run(call: Call, query: Query) -> Result:
    """The answer of a query on EntityLimit. Raises ApiError."""

    def rows(sobject: Sobject) -> list[Json]:
        if sobject.name not in CUSTOMIZABLE:
            return []
        limits = []
        for type, (label, most, used) in _LIMITS.items():
            limit = most(call.org)
            limits.append(
                {
                    "DurableId": f"{sobject.name}.{type}",
                    "EntityDefinitionId": sobject.name,
                    "Label": label,
                    "Max": limit,
                    "Remaining": max(0, limit - used(call.org, sobject.name)),
                    "Type": type,
                }
            )
        return limits

    return field_definition.of_objects(call, query, NAME, COLUMNS, rows)
