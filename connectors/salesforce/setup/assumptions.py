"""Which guesses of the fact sheet hold on a live org: asked without changing anything, told without any value."""

import re
from typing import Any

from sales_consultant.config.clock import HOUR_MS
from sales_consultant.config.errors import SalesConsultantError
from sales_consultant.connectors.base import Assumption
from sales_consultant.connectors.http import LostAnswerError
from sales_consultant.connectors.salesforce.api import SalesforceApi, moment

_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000\Z")
# Well formed and nobody's: the checksum fits, no org has it.
NOBODY = "003000000000000AAA"
# An answer of another shape than expected is a finding, never the end of the report.
STRANGE = (ValueError, LookupError, TypeError, AttributeError)
_LIMITS = (
    "DailyApiRequests",
    "DailyBulkApiBatches",
    "DailyBulkV2QueryJobs",
    "DailyBulkV2QueryFileStorageMB",
)


def ask(api: SalesforceApi) -> list[Assumption]:
    """One line an assumption; one that cannot be asked says so."""
    assumptions: list[Assumption] = []
    for question in (_rest, _stamps, _limits, _updated, _collection, _bulk, _setup, _quotas):
        try:
            assumptions += question(api)
        except (SalesConsultantError, LostAnswerError, *STRANGE) as e:
            words = f"not answered ({getattr(e, 'kind', type(e).__name__)})"
            assumptions.append(Assumption(question.__name__.strip("_"), "an answer", words, None))
    return assumptions


def _rest(api: SalesforceApi) -> list[Assumption]:
    response = api.call("limits", raw=True)
    usage, date = "Sforce-Limit-Info" in response.headers, "Date" in response.headers
    listed = api.call("/services/data")
    newest = max((float(v["version"]) for v in listed), default=0.0)
    return [
        _yes("header Sforce-Limit-Info on REST", usage),
        _yes("header Date on every answer", date),
        Assumption("newest API version offered", "62.0 or newer", f"{newest:.1f}", newest >= 62.0),
    ]


def _quotas(api: SalesforceApi) -> list[Assumption]:
    rows = api.query("SELECT PeriodId FROM ForecastingQuota LIMIT 50")
    named = all(r["PeriodId"] for r in rows)
    seen = "named" if named else "not always"
    return [Assumption("the period of a quota", "named", seen, named if rows else None)]


def _stamps(api: SalesforceApi) -> list[Assumption]:
    rows = api.query("SELECT Id, SystemModstamp FROM Contact LIMIT 50")
    stamps = [str(r["SystemModstamp"]) for r in rows]
    whole = all(".000" in s for s in stamps)
    shaped = all(_STAMP.match(s) for s in stamps)
    return [
        Assumption(
            "SystemModstamp's precision",
            "seconds",
            "seconds" if whole else "milliseconds",
            whole if stamps else None,
        ),
        Assumption(
            "how REST writes a time",
            "...000+0000",
            "as expected" if shaped else "otherwise",
            shaped if stamps else None,
        ),
        Assumption(
            "length of an id in REST",
            "18",
            " or ".join(sorted({str(len(str(r["Id"]))) for r in rows})) or "none to see",
            all(len(str(r["Id"])) == 18 for r in rows) if rows else None,
        ),
    ]


def _limits(api: SalesforceApi) -> list[Assumption]:
    held = api.call("limits")
    there = [n for n in _LIMITS if n in held]
    return [
        Assumption(
            "names in limits", ", ".join(_LIMITS), ", ".join(there) or "none", len(there) == len(_LIMITS)
        )
    ]


def _updated(api: SalesforceApi) -> list[Assumption]:
    now = api.transport.server_ms or 0
    params = {"start": moment(now - HOUR_MS), "end": moment(now)}
    held = api.call("sobjects/Contact/updated/", params=params)
    return [_yes("latestDateCovered in updated", bool(held.get("latestDateCovered")))]


def _collection(api: SalesforceApi) -> list[Assumption]:
    """An update of a record that is not there changes nothing, and shows how errors are told."""
    body = {"allOrNone": False, "records": [{"attributes": {"type": "Contact"}, "id": NOBODY}]}
    answers: list[dict[str, Any]] = api.call("composite/sobjects", method="PATCH", body=body)
    error = (answers[0].get("errors") or [{}])[0]
    names = set(error) & {"statusCode", "errorCode", "message", "fields"}
    return [
        Assumption(
            "an error of a collection",
            "fields, message, statusCode",
            ", ".join(sorted(names)) or "otherwise",
            names == {"statusCode", "message", "fields"},
        )
    ]


def _bulk(api: SalesforceApi) -> list[Assumption]:
    """A query job of one row, deleted afterwards."""
    body = {"operation": "query", "query": "SELECT Id FROM User LIMIT 1"}
    job = str(api.call("jobs/query", method="POST", body=body)["id"])
    try:
        # A minute, a judgement: a job of one row takes seconds, and a report must end.
        for _ in range(60):
            state = str(api.call(f"jobs/query/{job}")["state"])
            if state in ("JobComplete", "Failed", "Aborted"):
                break
            api.transport.sleep(1.0)
        if state != "JobComplete":
            return [Assumption("a Bulk query job of one row", "JobComplete", state, False)]
        response = api.call(f"jobs/query/{job}/results", content_type="text/csv", raw=True)
        locator = response.headers.get("Sforce-Locator")
        kind = response.headers.get("Content-Type", "")
        return [
            Assumption(
                "Sforce-Locator on the last page",
                "the text null",
                "the text null" if locator == "null" else "absent" if locator is None else "otherwise",
                locator == "null",
            ),
            _yes("header Sforce-NumberOfRecords", "Sforce-NumberOfRecords" in response.headers),
            Assumption(
                "charset of a Bulk answer",
                "not named",
                "named" if "charset" in kind else "not named",
                "charset" not in kind,
            ),
        ]
    finally:
        api.call(f"jobs/query/{job}", method="DELETE", accept_missing=True)


def _setup(api: SalesforceApi) -> list[Assumption]:
    assumptions = []
    for name, soql, tooling in (
        ("FlowDefinitionView", "SELECT ApiName FROM FlowDefinitionView LIMIT 1", False),
        ("ApexTrigger", "SELECT Name FROM ApexTrigger LIMIT 1", False),
        (
            "EntityLimit",
            "SELECT Type FROM EntityLimit WHERE EntityDefinition.QualifiedApiName = 'Contact'",
            True,
        ),
        (
            "MetadataComponentDependency",
            "SELECT MetadataComponentType FROM MetadataComponentDependency WHERE RefMetadataComponentId = '00N000000000000AAA'",
            True,
        ),
        (
            "InstalledSubscriberPackage",
            "SELECT SubscriberPackage.Name FROM InstalledSubscriberPackage LIMIT 1",
            True,
        ),
    ):
        try:
            if tooling:
                api.tooling(soql)
            else:
                api.query(soql)
            answered = True
        except SalesConsultantError:
            answered = False
        words = "answered" if answered else "refused"
        assumptions.append(Assumption(f"a query on {name}", "answered", words, answered))
    return assumptions


def _yes(name: str, held: bool) -> Assumption:
    return Assumption(name, "there", "there" if held else "absent", held)
