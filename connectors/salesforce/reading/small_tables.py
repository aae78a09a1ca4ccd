"""Salesforce's small tables, read whole: currencies with their dated rates, stages, and which fields there are."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from sales_consultant.config.errors import AccessError
from sales_consultant.config.neutral import OVER_OURS
from sales_consultant.connectors.base import Page
from sales_consultant.connectors.salesforce.api import (
    Prefetcher,
    Question,
    SalesforceApi,
    SalesforceRefusalError,
)
from sales_consultant.connectors.salesforce.reading import schema
from sales_consultant.connectors.salesforce.reading.described import Described
from sales_consultant.connectors.salesforce.reading.rows import text
from sales_consultant.connectors.tables import number, same, strings

Json = dict[str, Any]
_RATES = "SELECT IsoCode, ConversionRate FROM CurrencyType"
_DATED = (
    "SELECT IsoCode, ConversionRate, StartDate, NextStartDate FROM DatedConversionRate ORDER BY StartDate"
)
_STAGES = (
    "SELECT ApiName, MasterLabel, SortOrder, DefaultProbability, IsClosed, IsWon, IsActive FROM OpportunityStage "
    "ORDER BY SortOrder"
)
_TYPES = "SELECT Id, Name FROM RecordType WHERE SobjectType = 'Opportunity'"
_ORG = "SELECT Id, Name, IsSandbox, OrganizationType, TimeZoneSidKey FROM Organization"
_CORPORATE = "SELECT IsoCode FROM CurrencyType WHERE IsCorporate = true"
# The queries of each table, so that they can be asked together with others.
QUERIES = {
    "stages": (Question("query", _STAGES), Question("query", _TYPES)),
    "currencies": (Question("query", _RATES), Question("query", _DATED)),
}
_CURRENCY_COLUMNS = ("code", "rate", "start_at", "end_at")
_FIELD_COLUMNS = ("object", "column_name", "name", "label", "type", "custom", "calculated", "known", "ours")
_STAGE_COLUMNS = (
    "object",
    "pipeline",
    "pipeline_label",
    "stage",
    "label",
    "display_order",
    "probability",
    "closed",
    "won",
    "active",
)


def organization(ahead: Prefetcher) -> tuple[Json, str]:
    """The org itself, and its corporate currency where it has several; else what the org does not say by API: ""."""
    ahead.prefetch([Question("query", _ORG), Question("query", _CORPORATE)])
    org = all_of(ahead, _ORG)[0]
    try:
        rows = all_of(ahead, _CORPORATE)
    except (SalesforceRefusalError, AccessError):
        rows = []
    return org, str(rows[0]["IsoCode"]) if rows else ""


def currencies(ahead: Prefetcher, seen: int) -> Page:
    """Units of each currency for one of the corporate currency; dated where the org dates them, else as of now.

    An org with one currency has neither object, and none here.
    """
    now, dated = _rates(ahead, _RATES), _rates(ahead, _DATED)
    rates = [
        {
            "code": r["IsoCode"],
            "rate": r["ConversionRate"],
            "start_at": r["StartDate"],
            # The end of all days stands for a rate that is still in force.
            "end_at": None if str(r["NextStartDate"]).startswith("9999") else r["NextStartDate"],
        }
        for r in dated
    ]
    known = {r["code"] for r in rates}
    rates += [{"code": r["IsoCode"], "rate": r["ConversionRate"]} for r in now if r["IsoCode"] not in known]
    return replace(page_of("currencies", rates, _CURRENCY_COLUMNS, seen), kinds={"rate": "number"})


def _rates(ahead: Prefetcher, soql: str) -> list[Json]:
    try:
        return all_of(ahead, soql)
    except SalesforceRefusalError as e:
        # Any other refusal must not look as if there were no rates any more.
        if e.error_code != "INVALID_TYPE":
            raise AccessError(
                f"Currencies cannot be read: {e.error_code} {e.words}",
                action="Give the run-as user Read on them, or leave it: rates stay as they were read last.",
            ) from e
        return []


def stages(ahead: Prefetcher, seen: int) -> Page:
    """The stages of deals, in each pipeline: a record type is one."""
    rows = all_of(ahead, _STAGES)
    pipelines = {"default": "Opportunities"}
    with contextlib.suppress(SalesforceRefusalError):
        pipelines |= {str(t["Id"]): str(t["Name"]) for t in all_of(ahead, _TYPES)}
    listed = [
        {
            "object": "deals",
            "pipeline": pipeline,
            "pipeline_label": label,
            "stage": r["ApiName"],
            "label": r.get("MasterLabel"),
            "display_order": r.get("SortOrder"),
            "probability": _hundredth(r.get("DefaultProbability")),
            "closed": r.get("IsClosed"),
            "won": r.get("IsWon"),
            "active": r.get("IsActive"),
        }
        for pipeline, label in pipelines.items()
        for r in rows
    ]
    kinds = {"display_order": "number", "closed": "bool", "won": "bool", "active": "bool"}
    page = page_of("stages", listed, _STAGE_COLUMNS, seen)
    unclear = sum(_hundredth(r.get("DefaultProbability")) is None for r in rows)
    return replace(page, kinds=kinds, odd={"DefaultProbability": unclear})


def _hundredth(percent: Any) -> float | None:
    """A percentage as a share; none for what is no number."""
    found = number(percent)
    return None if found is None else found / 100


def fields(described: Described, own: frozenset[str], seen: int) -> Page:
    """The fields that are read of the objects that people are scored by."""
    listed = []
    # Once tasks of ours may be among them, what a formula makes of an object's activities is our own work.
    tasks_of_ours = own & {f.name for f in described.fields("Task")}
    over_ours = own | schema.FROM_TASKS if tasks_of_ours else own
    for name, neutral in schema.OBJECT_OF.items():
        chosen = described.selection(name).fields
        for f in described.fields(name):
            if f.name not in chosen:
                continue
            listed.append(
                {
                    "object": neutral,
                    "column_name": schema.custom_column(f.name)
                    if f.custom
                    else schema.COLUMN.get(f.name, f.name),
                    "name": f.name,
                    "label": f.label,
                    "type": f.type,
                    "custom": f.custom,
                    "calculated": f.calculated,
                    "known": OVER_OURS
                    if f.mentions(over_ours)
                    else "fixed"
                    if f.name in schema.FIXED
                    else "current",
                    "ours": f.name in own,
                }
            )
    # A field that both leads and contacts have is one column of the neutral contacts.
    unique = {(f["object"], f["column_name"]): f for f in listed}
    return page_of("fields", list(unique.values()), _FIELD_COLUMNS, seen)


def all_of(ahead: Prefetcher, soql: str) -> list[Json]:
    """All records of a query, following its pages."""
    answer = ahead.query("query", soql).body
    return list(answer["records"]) + following(ahead.api, answer)


def following(api: SalesforceApi, answer: Json) -> list[Json]:
    """The records of a query's further pages."""
    records: list[Json] = []
    while not answer["done"]:
        answer = api.call(answer["nextRecordsUrl"])
        records += answer["records"]
    return records


def page_of(name: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str], seen: int) -> Page:
    """A whole small table: some columns of its rows, as text."""
    made: dict[str, Any] = {c: strings(text(r.get(c)) for r in rows) for c in columns}
    made["_seen"] = same(seen, len(rows))
    return Page(name, pa.table(made), None, "", None)
