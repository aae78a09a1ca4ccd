"""Bulk 2.0 jobs: their description, their states, and the work that is done a slice at a time.

A job goes on with every call that reaches the org, as if a worker ran beside it: a client that stops asking does not
stop its job.
"""

import base64
import binascii
from typing import Any

from starlette.responses import Response

from sales_consultant.sandbox.clock import DAY_MS
from sales_consultant.sandbox.salesforce.api import Call, Result
from sales_consultant.sandbox.salesforce.org import VENDOR, ApiError, Org, ids, stamp

Json = dict[str, Any]
DELIMITERS = {"COMMA": ",", "TAB": "\t", "SEMICOLON": ";", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"}
ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
# Bulk API 2.0 Developer Guide, Limits: jobs that have ended are deleted after seven days.
KEPT_MS = 7 * DAY_MS
_ENDED = ("JobComplete", "Failed", "Aborted")


def make(call: Call, kind: str, body: Json, more: Json) -> Json:
    """A new job of the kind Query or Ingest. Raises ApiError INVALIDJOB for a delimiter or line ending that is none."""
    org = call.org
    delimiter, ending = body.get("columnDelimiter") or "COMMA", body.get("lineEnding") or "LF"
    if delimiter not in DELIMITERS:
        raise ApiError("INVALIDJOB", f"InvalidJob : Invalid columnDelimiter: {delimiter}")
    if ending not in ENDINGS:
        raise ApiError("INVALIDJOB", f"InvalidJob : Invalid lineEnding: {ending}")
    if body.get("contentType", "CSV") != "CSV":
        raise ApiError("INVALIDJOB", "InvalidJob : Bulk API 2.0 supports CSV only")
    now = stamp(org.now())
    job = {
        "id": ids.make("Job", org.new_ids("Job")),
        "createdById": call.access.user_id,
        "createdDate": now,
        "systemModstamp": now,
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(call.version[1:]),
        "jobType": f"V2{kind}",
        "lineEnding": ending,
        "columnDelimiter": delimiter,
        "numberRecordsProcessed": 0,
        "numberRecordsFailed": 0,
        "retries": 0,
        "totalProcessingTime": 0,
        "readyAt": 0,
        **more,
    }
    keep(org, job)
    org.world.count(VENDOR, f"bulk {kind.lower()} job")
    return job


def keep(org: Org, job: Json) -> None:
    """Hold a job's description."""
    org.store.put(VENDOR, "job", "", job["id"], job)
    jobs(org)[job["id"]] = job


def jobs(org: Org) -> dict[str, Json]:
    """All jobs by id."""
    if "jobs" not in org.memory:
        org.memory["jobs"] = org.store.documents(VENDOR, "job", "")
    found: dict[str, Json] = org.memory["jobs"]
    return found


def job_of(call: Call, kind: str) -> Json:
    """The job that the path names. Raises ApiError 404, or 409 for another version than the job's."""
    id = ids.full(call.param("id")) or ""
    job = jobs(call.org).get(id)
    if job is None or job["jobType"] != f"V2{kind}" or job["createdById"] != call.access.user_id:
        raise ApiError("NOT_FOUND", "The requested resource does not exist", 404)
    if f"v{job['apiVersion']}" != call.version:
        raise ApiError("INVALIDVERSION", f"The job was made with API version {job['apiVersion']}", 409)
    return job


def shown(job: Json, *, brief: bool = False) -> Json:
    """A job as the API tells it; the answer to its making holds no counts."""
    hidden = {"query", "readyAt"} | (
        {"numberRecordsProcessed", "numberRecordsFailed", "retries", "totalProcessingTime", "jobType"}
        if brief
        else set()
    )
    if job["jobType"] == "V2Query":
        hidden |= {"numberRecordsFailed"}
    return {k: v for k, v in job.items() if k not in hidden}


def move(org: Org, job: Json, state: str, **more: Any) -> None:
    """Change a job's state."""
    job.update(state=state, systemModstamp=stamp(org.now()), **more)
    keep(org, job)


def listed(call: Call) -> Result:
    """GET jobs/query or jobs/ingest: everybody's jobs, 1,000 at a time and in no promised order."""
    path = "query" if "/jobs/query" in call.request.url.path else "ingest"
    kind = call.text("jobType") or f"V2{path.capitalize()}"
    if kind not in ("Classic", "BigObjectIngest", "V2Query", "V2Ingest"):
        raise ApiError("INVALID_PARAMETER_VALUE", f"jobType is not valid: {kind}")
    found = [j for j in reversed(jobs(call.org).values()) if j["jobType"] == kind]
    if call.text("isPkChunkingEnabled").lower() == "true":
        # Only jobs of the older Bulk API are chunked by key.
        found = []
    start, size = place(call.text("queryLocator")), int(call.org.options["jobs_page"])
    done = start + size >= len(found)
    more = call.next_url(f"jobs/{path}?jobType={kind}&queryLocator={locator(start + size)}")
    shown_here = [shown(j) for j in found[start : start + size]]
    return 200, {"done": done, "nextRecordsUrl": None if done else more, "records": shown_here}


def ended(job: Json) -> bool:
    """Whether nothing will change any more."""
    return job["state"] in _ENDED


def locator(start: int) -> str:
    """Where a page of results begins, as an opaque text."""
    return base64.urlsafe_b64encode(f"row:{start}".encode()).decode().rstrip("=")


def place(text: str) -> int:
    """The inverse of `locator`. Raises ApiError."""
    if not text:
        return 0
    try:
        name, _, number = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(":")
        if name == "row":
            return int(number)
    except (binascii.Error, ValueError):
        pass
    raise ApiError("INVALID_QUERY_LOCATOR", f"invalid query locator: {text}")


def csv_response(body: bytes, headers: dict[str, str] | None = None) -> Response:
    """CSV without a character set in its type, as Salesforce sends it."""
    return Response(body, headers={"content-type": "text/csv", **(headers or {})})
