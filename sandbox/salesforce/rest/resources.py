"""What the API says about itself: versions, resources, limits, objects and their fields, changed and deleted ids."""

from typing import Any

from sales_consultant.sandbox.clock import DAY_MS, parse_iso
from sales_consultant.sandbox.salesforce.access import sharing
from sales_consultant.sandbox.salesforce.api import NEWEST, OLDEST, Call, Result
from sales_consultant.sandbox.salesforce.auth import base
from sales_consultant.sandbox.salesforce.org import (
    BATCHES,
    CUSTOMIZABLE,
    QUERY_JOBS,
    QUERY_MB,
    REQUESTS,
    VENDOR,
    ApiError,
    Meter,
    Sobject,
    fields,
    ids,
    stamp,
)
from sales_consultant.sandbox.salesforce.query import children as soql_children
from sales_consultant.sandbox.salesforce.records import timing

Json = dict[str, Any]
_SEASONS = ("Spring", "Summer", "Winter")


def _season(number: int) -> str:
    # Version 31 was Summer '14; three come a year, and winter's is named after the next one.
    season = _SEASONS[(number - 30) % 3]
    year = 14 + (number - 30) // 3 + (season == "Winter")
    return f"{season} '{year}"


def versions(call: Call) -> Result:
    """GET /services/data; needs no session."""
    return 200, [
        {"label": _season(n), "url": f"/services/data/v{n}.0", "version": f"{n}.0"}
        for n in range(OLDEST, NEWEST + 1)
    ]


def listing(call: Call) -> Result:
    """GET /services/data/vNN: the resources."""
    names = (
        "sobjects",
        "query",
        "queryAll",
        "limits",
        "composite",
        "jobs",
        "tooling",
        "recent",
        "search",
        "parameterizedSearch",
        "tabs",
        "metadata",
    )
    who = f"{base(call.request)}/id/{call.org.details['id']}/{call.access.user_id}"
    return 200, {**{n: call.path(n) for n in names}, "identity": who}


def limits(call: Call) -> Result:
    """GET limits."""
    meter, org = Meter.of(call.org), call.org

    def left(most: int, used: int) -> Json:
        return {"Max": most, "Remaining": max(0, most - used)}

    return 200, {
        # Figures as in the example of the guide (REST API Developer Guide, Limits); only those of the meter are
        # counted.
        "ConcurrentAsyncGetReportInstances": left(200, 0),
        **{n: left(meter.most(n), meter.used(n)) for n in (REQUESTS, BATCHES, QUERY_JOBS, QUERY_MB)},
        "DailyAsyncApexExecutions": left(250_000, 0),
        "DataStorageMB": left(10_240, sum(org.store.totals(VENDOR).values()) // 512),
        "FileStorageMB": left(20_480, 0),
        "MassEmail": left(5_000, 0),
        "SingleEmail": left(5_000, 0),
    }


def _head(call: Call, sobject: Sobject) -> Json:
    access = call.access
    rest = call.path(f"sobjects/{sobject.name}")
    makes = sobject.writable and access.may(sobject, "Create")
    return {
        "activateable": False,
        "createable": makes,
        "custom": False,
        "customSetting": False,
        "deletable": sobject.writable and sobject.deletable and access.may(sobject, "Delete"),
        "deprecatedAndHidden": False,
        "feedEnabled": sobject.name in CUSTOMIZABLE,
        "hasSubtypes": False,
        "isSubtype": False,
        "keyPrefix": ids.PREFIXES[sobject.name],
        "label": sobject.label,
        "labelPlural": sobject.plural,
        "layoutable": sobject.name in CUSTOMIZABLE,
        "mergeable": sobject.name in ("Account", "Contact", "Lead"),
        "mruEnabled": sobject.name in CUSTOMIZABLE,
        "name": sobject.name,
        "queryable": True,
        "replicateable": "SystemModstamp" in sobject.fields,
        "retrieveable": True,
        "searchable": sobject.name in CUSTOMIZABLE,
        "triggerable": sobject.name in CUSTOMIZABLE,
        "undeletable": "IsDeleted" in sobject.fields,
        "updateable": sobject.writable and access.may(sobject, "Edit"),
        "urls": {"sobject": rest, "describe": f"{rest}/describe", "rowTemplate": rest + "/{ID}"},
    }


def sobjects(call: Call) -> Result:
    """GET sobjects."""
    seen = [o for o in call.org.sobjects() if call.access.may(o, "Read")]
    return 200, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": [_head(call, o) for o in seen]}


def sobject_info(call: Call) -> Result:
    """GET sobjects/T."""
    return 200, {"objectDescribe": _head(call, call.sobject()), "recentItems": []}


def describe(call: Call, *, tooling: bool = False) -> Result:
    """GET sobjects/T/describe: the fields that this user may see."""
    sobject = call.sobject(tooling=tooling)
    access = call.access
    makes, edits = (
        access.may(sobject, "Create") and sobject.writable,
        access.may(sobject, "Edit") and sobject.writable,
    )
    seen = access.visible(sobject.name)
    listed = [
        fields.describe(
            f,
            createable=makes and access.edits(sobject.name, f, create=True),
            updateable=edits and access.edits(sobject.name, f),
        )
        for f in seen.values()
    ]
    children = [
        {
            "cascadeDelete": False,
            "childSObject": o.name,
            "field": f.name,
            "relationshipName": name,
        }
        for o, f, name in soql_children.ways(call.org, sobject.name)
        if access.may(o, "Read")
    ]
    types = []
    if "RecordTypeId" in seen:
        types = [
            {
                "active": True, "available": True, "defaultRecordTypeMapping": n == 0, "developerName": v["DeveloperName"],
                "master": False, "name": v["Name"], "recordTypeId": r.id, "urls": {},
            }
            for n, r in enumerate(call.org.store.each(VENDOR, "RecordType"))
            if (v := r.values())["SobjectType"] == sobject.name
        ]  # fmt: skip
    return 200, {
        **_head(call, sobject),
        "actionOverrides": [],
        "childRelationships": children,
        "compactLayoutable": sobject.name in CUSTOMIZABLE,
        "fields": listed,
        "namedLayoutInfos": [],
        "recordTypeInfos": types,
        "searchLayoutable": sobject.name in CUSTOMIZABLE,
        "supportedScopes": [{"label": f"All {sobject.plural}", "name": "everything"}],
    }


def _window(call: Call) -> tuple[int, int]:
    try:
        # A plus sign that a client left unescaped arrives as a space.
        start, end = (parse_iso(call.text(n).replace(" ", "+")) for n in ("start", "end"))
    except ValueError:
        raise ApiError("INVALID_PARAMETER_VALUE", "start and end must be ISO 8601 dates and times") from None
    # Seconds count for nothing here.
    start, end = start - start % 60_000, end - end % 60_000
    if end <= start:
        raise ApiError(
            "INVALID_REPLICATION_DATE", "startDate before endDate with at least one minute between them"
        )
    # REST API Developer Guide, sObject Get Updated: 30 days.
    if start < call.org.now() - 30 * DAY_MS:
        raise ApiError("INVALID_REPLICATION_DATE", "startDate cannot be more than 30 days ago")
    return start, end


def _seen(call: Call, sobject: Sobject) -> str:
    rule = sharing.condition(call.access, sobject.name, "r0")
    return f" AND {rule}" if rule else ""


def updated(call: Call) -> Result:
    """GET sobjects/T/updated: ids that were made or changed in a window, and how far it is complete."""
    sobject = call.sobject()
    start, end = _window(call)
    sql = (
        "SELECT r0.id FROM records r0 WHERE r0.vendor = 'salesforce' AND r0.object = ? AND r0.archived = 0 AND "
        f"r0.modified >= ? AND r0.modified < ?{_seen(call, sobject)} ORDER BY r0.modified, r0.id LIMIT ?"
    )
    most = int(call.org.options["updated_ids"])
    found = [r[0] for r in call.org.store.rows(sql, (sobject.name, start, end, most + 1))]
    if len(found) > most:
        raise ApiError("EXCEEDED_ID_LIMIT", f"exceeded the limit of {most} ids; ask for a shorter time")
    return 200, {"ids": found, "latestDateCovered": stamp(timing.covered(call.org, end))}


def deleted(call: Call) -> Result:
    """GET sobjects/T/deleted: ids that were deleted in a window, purged ones too."""
    sobject = call.sobject()
    start, end = _window(call)
    earliest = timing.log_since(call.org, sobject.name)
    # Seconds count for nothing: the minute of the first deletion is still there.
    if start < earliest - 60_000:
        raise ApiError(
            "INVALID_REPLICATION_DATE",
            f"startDate is before the first deletion that is known, of {stamp(earliest)}",
        )
    shared = _seen(call, sobject)
    sql = (
        "SELECT r0.id, r0.archived_at FROM records r0 WHERE r0.vendor = 'salesforce' AND r0.object = ? AND r0.archived = 1 "
        f"AND r0.archived_at >= ? AND r0.archived_at < ?{shared} ORDER BY r0.archived_at, r0.id"
    )
    deleted_rows = [(str(i), int(at)) for i, at in call.org.store.rows(sql, (sobject.name, start, end))]
    # Whose a purged record was is no longer known: only who sees all records is told of it.
    purged = {} if shared else call.org.store.documents(VENDOR, "purged", sobject.name)
    deleted_rows += [(i, b["at"]) for i, b in purged.items() if start <= b["at"] < end]
    most = int(call.org.options["updated_ids"])
    if len(deleted_rows) > most:
        raise ApiError("EXCEEDED_ID_LIMIT", f"exceeded the limit of {most} ids; ask for a shorter time")
    return 200, {
        "deletedRecords": [{"id": i, "deletedDate": stamp(at)} for i, at in deleted_rows],
        "earliestDateAvailable": stamp(earliest),
        "latestDateCovered": stamp(timing.covered(call.org, end)),
    }
