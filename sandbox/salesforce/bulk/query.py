"""Bulk 2.0 queries: a job whose rows are those of the moment it was made, read a page at a time."""

import csv
import io
from typing import Any

from sales_consultant.sandbox.salesforce.access import Access
from sales_consultant.sandbox.salesforce.api import Call, Result
from sales_consultant.sandbox.salesforce.bulk import jobs
from sales_consultant.sandbox.salesforce.org import QUERY_JOBS, QUERY_MB, VENDOR, ApiError, Meter, Org
from sales_consultant.sandbox.salesforce.query import Plan, plan
from sales_consultant.sandbox.salesforce.records import render
from sales_consultant.sandbox.store import Record

Json = dict[str, Any]
# Rows of a part where a client names no number: Salesforce chooses by size, here it is the same for all. Addresses of
# parts in an answer: Bulk API 2.0 Developer Guide, resultPages.
PAGE = 50_000
PAGES_SHOWN = 5
_COLUMNS = "id, seq, properties, created, modified, archived, archived_at"


def _plan(text: str, access: Access, operation: str) -> Plan:
    made = plan.plan(text, access, deleted=operation == "queryAll")
    if made.below:
        raise ApiError("API_ERROR", "Nested queries are not supported in Bulk API 2.0 queries")
    if made.query.aggregated or made.query.offset:
        raise ApiError(
            "API_ERROR",
            "GROUP BY, OFFSET and aggregate functions such as COUNT() are not supported in Bulk API 2.0 queries",
        )
    return made


def create(call: Call) -> Result:
    """POST jobs/query."""
    body = call.object()
    operation = body.get("operation")
    if operation not in ("query", "queryAll"):
        raise ApiError("INVALIDJOB", f"InvalidJob : Invalid operation: {operation}")
    made = _plan(str(body.get("query") or ""), call.access, operation)
    Meter.of(call.org).spend(QUERY_JOBS)
    job = jobs.make(
        call,
        "Query",
        body,
        {"operation": operation, "object": made.sobject, "state": "UploadComplete", "query": body["query"]},
    )
    job["readyAt"] = call.org.clock.now_ms() + 1000 * float(call.org.options["job_seconds"])
    _materialise(call.org, job, made)
    return 200, jobs.shown(job, brief=True)


def _materialise(org: Org, job: Json, made: Plan) -> None:
    statement, row = made.compiler.statement(), made.compiler.row
    limit = "" if made.query.limit is None else f" LIMIT {made.query.limit}"
    columns = ", ".join(f"{row}.{c.strip()}" for c in _COLUMNS.split(","))
    order = statement.order.removeprefix(" ")
    org.store.write(
        f"INSERT INTO salesforce_results SELECT ?, row_number() OVER ({order}) - 1, {columns} FROM records {row} "
        f"WHERE {statement.where}{statement.order}{limit}",
        (job["id"], *statement.parameters),
    )


def _job(call: Call) -> Json:
    job = jobs.job_of(call, "Query")
    if job["state"] in ("UploadComplete", "InProgress"):
        if call.org.clock.now_ms() < job["readyAt"]:
            jobs.move(call.org, job, "InProgress")
        else:
            jobs.move(
                call.org,
                job,
                "JobComplete",
                numberRecordsProcessed=_rows(call.org, job),
                totalProcessingTime=100,
            )
    return job


def _rows(org: Org, job: Json) -> int:
    return int(org.store.rows("SELECT count(*) FROM salesforce_results WHERE job = ?", (job["id"],))[0][0])


def read(call: Call) -> Result:
    """GET jobs/query/ID."""
    return 200, jobs.shown(_job(call))


def change(call: Call) -> Result:
    """PATCH jobs/query/ID: only to abort it."""
    job = jobs.job_of(call, "Query")
    if call.object().get("state") != "Aborted":
        raise ApiError("INVALIDJOB", "InvalidJob : state must be Aborted")
    if jobs.ended(job):
        raise ApiError("INVALIDJOBSTATE", f"Aborting a job that is {job['state']} is not allowed")
    jobs.move(call.org, job, "Aborted")
    return 200, jobs.shown(job)


def remove(call: Call) -> Result:
    """DELETE jobs/query/ID, with its results."""
    job = _job(call)
    if not jobs.ended(job):
        raise ApiError("INVALIDJOBSTATE", "Deleting a job that is not at its end is not allowed")
    call.org.store.write("DELETE FROM salesforce_results WHERE job = ?", (job["id"],))
    call.org.store.drop(VENDOR, "job", "", job["id"])
    jobs.jobs(call.org).pop(job["id"])
    return 204, None


def _complete(call: Call) -> Json:
    job = _job(call)
    if job["state"] != "JobComplete":
        raise ApiError(
            "INVALIDJOBSTATE", f"The job is {job['state']}; its results are there when it is JobComplete"
        )
    return job


def _size(call: Call) -> int:
    try:
        # A judgement: Salesforce names no highest maxRecords; more would only cost memory here.
        return max(1, min(250_000, int(call.text("maxRecords") or PAGE)))
    except ValueError:
        raise ApiError("INVALID_PARAMETER_VALUE", "maxRecords must be a whole number") from None


def results(call: Call) -> Result:
    """GET jobs/query/ID/results: CSV with the header on every page, and where the next one begins."""
    job = _complete(call)
    start, size = jobs.place(call.text("locator") if call.text("locator") != "null" else ""), _size(call)
    sql = f"SELECT {_COLUMNS} FROM salesforce_results WHERE job = ? AND n >= ? ORDER BY n LIMIT ?"
    records = [Record(*r) for r in call.org.store.rows(sql, (job["id"], start, size))]
    made = _plan(job["query"], call.access, job["operation"])
    end = start + len(records)
    headers = {
        "Sforce-NumberOfRecords": str(len(records)),
        "Sforce-Locator": jobs.locator(end) if end < _rows(call.org, job) else "null",
    }
    text = _csv(call, made, records, job)
    Meter.of(call.org).spend(QUERY_MB, len(text) / 2**20)
    return jobs.csv_response(text, headers)


def _csv(call: Call, made: Plan, records: list[Record], job: Json) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(
        out,
        delimiter=jobs.DELIMITERS[job["columnDelimiter"]],
        quoting=csv.QUOTE_ALL,
        lineterminator=jobs.ENDINGS[job["lineEnding"]],
    )
    steps = [made.compiler.steps(i.path) for i in made.items]
    kinds = [made.compiler.column(i.path).field for i in made.items]
    own = [len(s) == 1 for s in steps]
    names = [f.name if one else ".".join(s) for f, one, s in zip(kinds, own, steps, strict=True)]
    writer.writerow(names)
    if all(own):
        getters = [(render.getter(call.org, made.sobject, f), f.type) for f in kinds]
        for record in records:
            values = record.values()
            writer.writerow([render.cell(t, get(record, values)) for get, t in getters])
    else:
        for row in render.rows(call.org, made.shape, records, call.version):
            writer.writerow([render.cell(f.type, _at(row, s)) for f, s in zip(kinds, steps, strict=True)])
    return out.getvalue().encode()


def _at(row: Any, names: list[str]) -> Any:
    for name in names:
        if row is None:
            return None
        row = (
            row.get(name)
            if name in row
            else next((v for k, v in row.items() if k.lower() == name.lower()), None)
        )
    return row


def pages(call: Call) -> Result:
    """GET jobs/query/ID/resultPages: addresses of up to five pages at once."""
    job = _complete(call)
    total, size = _rows(call.org, job), _size(call)
    start = jobs.place(call.text("locator"))
    starts = list(range(start, max(total, 1), size))
    shown, rest = starts[:PAGES_SHOWN], starts[PAGES_SHOWN:]
    base = call.next_url(f"jobs/query/{job['id']}")
    answer: Json = {
        "resultPages": [
            {"resultUrl": f"{base}/results?locator={jobs.locator(s)}&maxRecords={size}"} for s in shown
        ],
        "done": not rest,
    }
    if rest:
        answer["nextRecordsUrl"] = f"{base}/resultPages?locator={jobs.locator(rest[0])}&maxRecords={size}"
    return 200, answer
