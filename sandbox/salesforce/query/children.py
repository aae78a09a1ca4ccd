"""Subqueries in SELECT: the records that point to each row, by the name of their relationship."""

from dataclasses import dataclass, replace
from typing import Any

from sales_consultant.sandbox.salesforce.access import Access
from sales_consultant.sandbox.salesforce.org import ApiError, Field, Org, Sobject
from sales_consultant.sandbox.salesforce.soql import Query

Json = dict[str, Any]
# Where a relationship is not called as the plural of the object.
_NAMES = {
    "OpportunityLineItem": "OpportunityLineItems", "OpportunityHistory": "OpportunityHistories", "AccountHistory": "Histories",
    "ContactHistory": "Histories", "LeadHistory": "Histories", "OpportunityFieldHistory": "Histories",
    "EmailMessage": "EmailMessages", "Account": "ChildAccounts",
}  # fmt: skip
# Who made or owns a record has no relationship back to it; what became of a lead and whom it was merged into has none either.
_NO_WAY_BACK = ("CreatedById", "LastModifiedById", "OwnerId", "MasterRecordId", "ReportsToId", "ManagerId")
_FIRST = ("WhatId", "WhoId")


def name(child: Sobject, f: Field) -> str | None:
    """What a parent calls the children of a lookup; None where it has no name for them."""
    if f.name in _NO_WAY_BACK or f.name.startswith("Converted"):
        return None
    return _NAMES.get(child.name) or child.plural.replace(" ", "")


def ways(org: Org, parent: str) -> list[tuple[Sobject, Field, str | None]]:
    """The lookups that point to an object, with the names of their relationships; each name stands for one lookup."""
    relations: list[tuple[Sobject, Field, str | None]] = []
    for child in org.sobjects():
        listed = [f for f in org.fields(child.name).values() if parent in f.targets]
        taken: set[str] = set()
        for f in sorted(listed, key=lambda f: f.name not in _FIRST):
            called = name(child, f)
            relations.append((child, f, None if called in taken else called))
            taken |= {called} if called else set()
    return relations


@dataclass
class Below:
    """A subquery: its relationship's name, the child's lookup, and the query to ask for the parents of a page."""

    relation: str
    field: Field
    query: Query


def prepare(query: Query, parent: Sobject, access: Access) -> Below:
    """Check a subquery of a SELECT. Raises ApiError."""
    wanted = query.sobject.lower()
    way = next((w for w in ways(access.org, parent.name) if (w[2] or "").lower() == wanted), None)
    if way is None or not access.may(way[0], "Read"):
        raise ApiError(
            "INVALID_TYPE",
            f"\n{query.text[:120]}\nERROR at Row:1:Column:1\nDidn't understand relationship '{query.sobject}' in FROM part of "
            "query call. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom "
            "relationship name. Please reference your WSDL or the describe call for the appropriate names.",
        )
    child, f, relation = way
    if query.aggregated:
        raise ApiError("MALFORMED_QUERY", "Aggregate expressions are not allowed in a subquery of SELECT")
    assert relation is not None
    return Below(relation, f, replace(query, sobject=child.name, alias=query.alias or query.sobject))
