"""metadata/deployRequest: a zip is deployed by a multipart form, and its result read."""

from email import policy
from email.parser import BytesParser

from sales_consultant.sandbox.salesforce.api import Call, Result
from sales_consultant.sandbox.salesforce.api import parse as parse_json
from sales_consultant.sandbox.salesforce.metadata import metadata
from sales_consultant.sandbox.salesforce.org import ApiError


def _parts(call: Call) -> dict[str, bytes]:
    """The parts of the form by name."""
    kind = call.request.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        raise ApiError("INVALID_INPUT", "send multipart/form-data with the parts json and file", 415)
    head = f"MIME-Version: 1.0\r\nContent-Type: {kind}\r\n\r\n".encode()
    found = {}
    for part in BytesParser(policy=policy.HTTP).parsebytes(head + call.body).iter_parts():
        body = part.get_payload(decode=True)
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, str) and isinstance(body, bytes):
            found[name] = body
    return found


def create(call: Call) -> Result:
    """POST metadata/deployRequest."""
    parts = _parts(call)
    if "file" not in parts:
        raise ApiError("INVALID_INPUT", "the form has no part named file")
    body = parse_json(parts["json"]) if "json" in parts else {}
    options = body.get("deployOptions") or {}
    result = metadata.deploy(call.access, parts["file"], options)
    return 201, {"id": result["id"], "deployOptions": options, "deployResult": {**result, "details": None}}


def read(call: Call) -> Result:
    """GET metadata/deployRequest/ID; details only where they are asked for."""
    result = metadata.status(call.org, call.param("id"))
    full = call.text("includeDetails").lower() == "true"
    shown = result if full else {**result, "details": None}
    return 200, {"id": result["id"], "deployResult": shown}
