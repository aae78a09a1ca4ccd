"""Bulk 2.0 writing: a job takes one CSV, works through it, and tells what became of every row."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sales_consultant.sandbox.salesforce.access import Access
from sales_consultant.sandbox.salesforce.api import Call, Result, named
from sales_consultant.sandbox.salesforce.bulk import jobs
from sales_consultant.sandbox.salesforce.org import (
    BATCH_ROWS,
    BATCHES,
    OBJECTS,
    VENDOR,
    ApiError,
    Meter,
    Org,
    ids,
)
from sales_consultant.sandbox.salesforce.records import saving, writing
from sales_consultant.sandbox.salesforce.rest import rows

Json = dict[str, Any]
OPERATIONS = {
    "insert": "Create",
    "update": "Edit",
    "upsert": "Edit",
    "delete": "Delete",
    "hardDelete": "Delete",
}
# Bulk API 2.0 Developer Guide, Limits: bytes of a job. Rows that are saved between two polls are ours: few enough that
# a test can stop a job in the middle.
MAX_BYTES = 150_000_000
SLICE = 2_000
NULL = "#N/A"


@dataclass
class Load:
    """The upload of a job and what became of its rows so far."""

    header: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    done: int = 0
    saved: list[tuple[str, bool, list[str]]] = field(default_factory=list)
    failed: list[tuple[str, str, list[str]]] = field(default_factory=list)
    body: bytes | None = None


def _loads(org: Org) -> dict[str, Load]:
    found: dict[str, Load] = org.memory.setdefault("uploads", {})
    return found


def create(call: Call) -> Result:
    """POST jobs/ingest."""
    body = call.object()
    operation = body.get("operation")
    if operation not in OPERATIONS:
        raise ApiError("INVALIDJOB", f"InvalidJob : Invalid operation: {operation}")
    sobject = named(call.org, call.access, body.get("object"), OPERATIONS[operation])
    if operation == "hardDelete" and "ModifyAllData" not in call.access.rights:
        raise ApiError(
            "FEATURENOTENABLED", "FeatureNotEnabled : hardDelete operation requires special user permission"
        )
    if operation == "upsert" and not body.get("externalIdFieldName"):
        raise ApiError("INVALIDJOB", "InvalidJob : externalIdFieldName is required for upsert")
    more: Json = {"operation": operation, "object": sobject.name, "state": "Open"}
    if operation == "upsert":
        more["externalIdFieldName"] = body["externalIdFieldName"]
    job = jobs.make(call, "Ingest", body, more)
    job["contentUrl"] = call.next_url(f"jobs/ingest/{job['id']}/batches").lstrip("/")
    jobs.keep(call.org, job)
    _loads(call.org)[job["id"]] = Load()
    return 200, jobs.shown(job, brief=True)


def upload(call: Call) -> Result:
    """PUT jobs/ingest/ID/batches: the CSV, once."""
    job = jobs.job_of(call, "Ingest")
    load = _loads(call.org).get(job["id"])
    if job["state"] != "Open" or load is None:
        raise ApiError("INVALIDJOBSTATE", f"The job is {job['state']}; it takes data while it is Open")
    if load.body is not None:
        raise ApiError(
            "INVALIDBATCH",
            f"Found multiple contents for job: <{job['id']}>, please 'Close' / 'Abort' / 'Delete' the current Job then create a "
            "new Job and make sure you only do 'PUT' once on a given Job.",
        )
    if not call.request.headers.get("content-type", "").startswith("text/csv"):
        raise ApiError("INVALIDBATCH", "InvalidBatch : the Content-Type must be text/csv", 415)
    if len(call.body) > MAX_BYTES:
        raise ApiError("CLIENT_INPUT_ERROR", "Uploaded data exceeds the maximum of 150 MB", 413)
    load.body = call.body
    return 201, None


def change(call: Call) -> Result:
    """PATCH jobs/ingest/ID: UploadComplete sets it to work, Aborted ends it."""
    job, state = jobs.job_of(call, "Ingest"), call.object().get("state")
    if state == "UploadComplete":
        load = _loads(call.org).get(job["id"])
        if job["state"] != "Open" or load is None or load.body is None:
            raise ApiError("INVALIDJOBSTATE", f"The job is {job['state']} and has no data to work on")
        ready = call.org.clock.now_ms() + 1000 * float(call.org.options["job_seconds"])
        jobs.move(call.org, job, "UploadComplete", readyAt=ready)
        call.org.memory.setdefault("pending", []).append(job["id"])
    elif state == "Aborted":
        if jobs.ended(job):
            raise ApiError("INVALIDJOBSTATE", f"Aborting a job that is {job['state']} is not allowed")
        jobs.move(call.org, job, "Aborted")
    else:
        raise ApiError("INVALIDJOB", f"InvalidJob : Invalid state: {state}")
    return 200, jobs.shown(job)


def read(call: Call) -> Result:
    """GET jobs/ingest/ID."""
    job = jobs.job_of(call, "Ingest")
    if not jobs.ended(job) and job["id"] not in _loads(call.org):
        jobs.move(call.org, job, "Failed", errorMessage="InternalServerError : the data of the job were lost")
    return 200, jobs.shown(job)


def remove(call: Call) -> Result:
    """DELETE jobs/ingest/ID."""
    job = jobs.job_of(call, "Ingest")
    if not jobs.ended(job):
        raise ApiError("INVALIDJOBSTATE", "Deleting a job that is not at its end is not allowed")
    call.org.store.drop(VENDOR, "job", "", job["id"])
    jobs.jobs(call.org).pop(job["id"])
    _loads(call.org).pop(job["id"], None)
    return 204, None


# The work


def work(org: Org) -> None:
    """Go on with the oldest job that has something to do, by one slice."""
    pending: list[str] = org.memory.get("pending", [])
    while pending:
        job, load = jobs.jobs(org).get(pending[0]), _loads(org).get(pending[0])
        if job is None or load is None or jobs.ended(job):
            pending.pop(0)
            continue
        if org.clock.now_ms() < job["readyAt"]:
            return
        try:
            if load.body is not None:
                _open(org, job, load)
            _slice(org, job, load)
        except ApiError as e:
            jobs.move(org, job, "Failed", errorMessage=f"InvalidBatch : {e.message}")
        return


def _open(org: Org, job: Json, load: Load) -> None:
    """Read the CSV. Raises ApiError where the whole of it is no good."""
    body = load.body or b""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ApiError("INVALIDBATCH", "The data are not UTF-8") from None
    first = text.partition("\n")[0]
    if "\n" in text and first.endswith("\r") != (job["lineEnding"] == "CRLF"):
        raise ApiError(
            "INVALIDBATCH",
            f"LineEnding is invalid on user data. Current LineEnding setting is {job['lineEnding']}",
        )
    try:
        listed = [
            r
            for r in csv.reader(
                io.StringIO(text, newline=""), delimiter=jobs.DELIMITERS[job["columnDelimiter"]]
            )
            if r
        ]
    except csv.Error as e:
        raise ApiError("INVALIDBATCH", f"Failed to parse CSV: {e}") from None
    if not listed:
        raise ApiError("INVALIDBATCH", "Failed to parse CSV header. The data are empty")
    load.header, load.rows = listed[0], listed[1:]
    access = Access.of(org, job["createdById"])
    seen = {n.lower() for n in access.visible(job["object"])}
    for name in load.header:
        if name.lower() not in seen:
            raise ApiError("INVALIDBATCH", f"Field name not found : {name}")
    if len({n.lower() for n in load.header}) < len(load.header):
        raise ApiError("INVALIDBATCH", "A field name is there twice")
    if job["operation"] in ("update", "delete", "hardDelete") and "id" not in {
        n.lower() for n in load.header
    }:
        raise ApiError("INVALIDBATCH", "Field name not found : Id")
    load.body = None
    Meter.of(org).spend(BATCHES, max(1, -(-len(load.rows) // BATCH_ROWS)))
    jobs.move(org, job, "InProgress")


def _slice(org: Org, job: Json, load: Load) -> None:
    access = Access.of(org, job["createdById"])
    fault = org.memory.get("job_fault")
    end = min(load.done + SLICE, len(load.rows))
    if fault is not None:
        end = min(end, max(load.done, fault["after"]))
    with org.store.transaction():
        for cells in load.rows[load.done : end]:
            load.done += 1
            values = dict(zip(load.header, cells, strict=False))
            try:
                if len(cells) != len(load.header):
                    raise ApiError(
                        "INVALID_CSV",
                        f"The number of columns in the row is {len(cells)}, in the header {len(load.header)}",
                        fields=[],
                    )
                with org.store.transaction(), saving.by(saving.BULK):
                    id, made = _one(access, job, values)
                load.saved.append((id, made, cells))
            except ApiError as e:
                given = next((v for k, v in values.items() if k.lower() == "id"), "")
                load.failed.append(
                    (ids.full(given) or given, f"{e.code}:{e.message}:{' '.join(e.fields or ())}--", cells)
                )
    counts = {"numberRecordsProcessed": load.done, "numberRecordsFailed": len(load.failed)}
    if fault is not None and load.done >= fault["after"]:
        org.memory.pop("job_fault")
        jobs.move(org, job, "Failed", errorMessage=fault["message"], **counts)
        return
    jobs.move(org, job, "JobComplete" if load.done >= len(load.rows) else "InProgress", **counts)


def _one(access: Access, job: Json, cells: Mapping[str, str]) -> tuple[str, bool]:
    """Write one row: an empty cell leaves a field alone, #N/A empties it."""
    sobject, operation = OBJECTS[job["object"]], job["operation"]
    values = {k: None if v == NULL else v for k, v in cells.items() if v != ""}
    id = next((v for k, v in values.items() if k.lower() == "id"), None)
    if operation == "insert":
        return writing.insert(access, sobject, values), True
    if operation == "upsert":
        name = str(job["externalIdFieldName"])
        if name.lower() == "id":
            return (
                (writing.update(access, sobject, id, values), False)
                if id
                else (writing.insert(access, sobject, values), True)
            )
        f = next(
            (f for n, f in access.visible(sobject.name).items() if n.lower() == name.lower() and f.external),
            None,
        )
        value = next((v for k, v in values.items() if k.lower() == name.lower()), None)
        if f is None or value is None:
            raise ApiError("MISSING_ARGUMENT", f"{name} not specified", fields=[name])
        found = rows.matching(access.org.store, sobject.name, f.name, value)
        if len(found) > 1:
            raise ApiError(
                "DUPLICATE_EXTERNAL_ID", "more than one record found for external id field", fields=[name]
            )
        if found:
            return writing.update(access, sobject, found[0], values), False
        return writing.insert(access, sobject, values), True
    if not id:
        raise ApiError(
            "MISSING_ARGUMENT",
            f"Id not specified in {'an' if operation[0] in 'iu' else 'a'} {operation} call",
            fields=[],
        )
    if operation == "update":
        return writing.update(access, sobject, id, values), False
    found_id = writing.delete(access, sobject, id)
    if operation == "hardDelete":
        access.org.store.delete(VENDOR, sobject.name, found_id)
        access.org.store.put(VENDOR, "purged", sobject.name, found_id, {"at": access.org.now()})
    return found_id, False


# The results


def _load(call: Call) -> tuple[Json, Load]:
    job = jobs.job_of(call, "Ingest")
    load = _loads(call.org).get(job["id"])
    if load is None:
        raise ApiError("NOT_FOUND", "The requested resource does not exist", 404)
    if job["state"] == "Open":
        raise ApiError("INVALIDJOBSTATE", "The job is Open; it has no results yet")
    return job, load


def _written(job: Json, header: Sequence[str], lines: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    ending = jobs.ENDINGS[job["lineEnding"]]
    writer = csv.writer(
        out, delimiter=jobs.DELIMITERS[job["columnDelimiter"]], quoting=csv.QUOTE_ALL, lineterminator=ending
    )
    writer.writerow(header)
    writer.writerows(lines)
    return out.getvalue().encode()


def successes(call: Call) -> Result:
    """GET successfulResults: in no promised order, so not in that of the upload."""
    job, load = _load(call)
    lines = [(id, "true" if made else "false", *cells) for id, made, cells in reversed(load.saved)]
    return jobs.csv_response(_written(job, ("sf__Id", "sf__Created", *load.header), lines))


def failures(call: Call) -> Result:
    """GET failedResults."""
    job, load = _load(call)
    lines = [(id, why, *cells) for id, why, cells in load.failed]
    return jobs.csv_response(_written(job, ("sf__Id", "sf__Error", *load.header), lines))


def unprocessed(call: Call) -> Result:
    """GET unprocessedrecords: what a job that was aborted or failed did not get to."""
    job, load = _load(call)
    left = load.rows[load.done :] if jobs.ended(job) else []
    if jobs.ended(job) and load.body is not None:
        return jobs.csv_response(load.body)
    return jobs.csv_response(_written(job, load.header, left))
