"""The Metadata API in SOAP: describeMetadata, createMetadata and its kin, deploy and checkDeployStatus."""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response

from sales_consultant.sandbox.salesforce.access import Access, sessions
from sales_consultant.sandbox.salesforce.metadata import metadata
from sales_consultant.sandbox.salesforce.org import VENDOR, ApiError, Org

Json = dict[str, Any]
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_DESCRIBED = (
    ("CustomObject", "objects", "object", ("CustomField",)),
    ("PermissionSet", "permissionsets", "permissionset", ()),
)


async def answer(org: Org, request: Request) -> Response:
    """POST /services/Soap/m/NN."""
    org.world.count(VENDOR, "metadata")
    body = await request.body()
    with org.store.transaction():
        try:
            return _envelope(_answered(org, body))
        except ApiError as e:
            code = f"sf:{e.code}"
            fault = (
                f"<soapenv:Fault><faultcode>{code}</faultcode><faultstring>{escape(f'{e.code}: {e.message}')}</faultstring>"
                "</soapenv:Fault>"
            )
            return _envelope(fault, 500)


def _answered(org: Org, body: bytes) -> str:
    root = metadata.parse(body)
    session = next((n.text or "" for n in root.iter() if metadata.local(n) == "sessionId"), "")
    access = Access.of(org, sessions.user_of(org, session.strip()))
    inside = next((n for n in root if metadata.local(n) == "Body"), None)
    if inside is None or not len(inside):
        raise ApiError("INVALID_INPUT", "the envelope has no body")
    asked = inside[0]
    name = metadata.local(asked)
    work = _OPERATIONS.get(name)
    if work is None:
        raise ApiError(
            "INVALID_OPERATION", f"{name} is not known to the sandbox; it knows {', '.join(_OPERATIONS)}"
        )
    results = "".join(f"<result>{_xml(r)}</result>" for r in work(access, asked))
    return f'<{name}Response xmlns="http://soap.sforce.com/2006/04/metadata">{results}</{name}Response>'


def _envelope(body: str, status: int = 200) -> Response:
    text = (
        '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        f'xmlns:sf="http://soap.sforce.com/2006/04/metadata"><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>'
    )
    return Response(text, status, media_type="text/xml;charset=UTF-8")


def _xml(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(_tag(k, v) for k, v in value.items())
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else escape(str(value))


def _tag(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_tag(name, v) for v in value)
    return "" if value is None else f"<{name}>{_xml(value)}</{name}>"


def _describe(access: Access, asked: Element) -> list[Json]:
    listed = [
        {
            "childXmlNames": list(children),
            "directoryName": folder,
            "inFolder": False,
            "metaFile": False,
            "suffix": suffix,
            "xmlName": name,
        }
        for name, folder, suffix, children in _DESCRIBED
    ]
    more = {"organizationNamespace": "", "partialSaveAllowed": True, "testRequired": False}
    return [{"metadataObjects": listed, **more}]


def _each(access: Access, asked: Element, *, replace: bool) -> list[Json]:
    metadata.demand(access)
    results = []
    for node in asked:
        if metadata.local(node) != "metadata":
            continue
        body = metadata.plain(node)
        kind, name = str(node.get(_TYPE) or "").rpartition(":")[2], str(body.get("fullName") or "")
        result: Json = {"fullName": name, "success": True}
        try:
            with access.org.store.transaction():
                new = metadata.save(
                    access, kind, name, {k: v for k, v in body.items() if k != "fullName"}, replace=replace
                )
            result |= {"created": new} if replace else {}
        except ApiError as e:
            result |= {
                "success": False,
                "errors": [{"message": e.message, "statusCode": e.code, "fields": list(e.fields or ())}],
            }
        results.append(result)
    # Metadata API Developer Guide, createMetadata(): components of a call.
    if len(results) > 10:
        raise ApiError("LIMIT_EXCEEDED", "Only 10 components can be written in a call")
    return results


def _deploy(access: Access, asked: Element) -> list[Json]:
    given = {metadata.local(n).lower(): n for n in asked}
    try:
        data = base64.b64decode((given["zipfile"].text or "").strip(), validate=True)
    except (KeyError, binascii.Error):
        raise ApiError("INVALID_INPUT", "the zip file cannot be read") from None
    options = metadata.plain(given["deployoptions"]) if "deployoptions" in given else {}
    made = metadata.deploy(access, data, options if isinstance(options, dict) else {})
    return [{"id": made["id"], "done": False, "state": "Queued"}]


def _status(access: Access, asked: Element) -> list[Json]:
    given = metadata.plain(asked)
    result = metadata.status(access.org, str(given.get("asyncProcessId") or ""))
    return [result if given.get("includeDetails") else {k: v for k, v in result.items() if k != "details"}]


_OPERATIONS: Mapping[str, Callable[[Access, Element], list[Json]]] = {
    "describeMetadata": _describe,
    "createMetadata": lambda access, asked: _each(access, asked, replace=False),
    "updateMetadata": lambda access, asked: _each(access, asked, replace=True),
    "upsertMetadata": lambda access, asked: _each(access, asked, replace=True),
    "deploy": _deploy,
    "checkDeployStatus": _status,
}
