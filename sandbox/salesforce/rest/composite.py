"""composite and composite/batch: several calls in one, the later ones may name what the earlier answered."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path

from sales_consultant.sandbox.salesforce.api import Call, Handler, Result
from sales_consultant.sandbox.salesforce.org import ApiError

Json = dict[str, Any]
# REST API Developer Guide, Composite (requests, and queries or collections among them) and Composite Graph Limits.
MOST = 25
HEAVY = 5
MOST_GRAPHS, MOST_NODES = 75, 500
# A further page of a query counts as one, also where its address comes from an earlier answer.
_HEAVY = re.compile(r"/(query|queryAll|composite/sobjects)\b|nextRecordsUrl\}")
_IN_GRAPH = re.compile(r"/sobjects/\w+(/|$)")
_REFERENCE = re.compile(r"@\{([^}]+)\}")
Table = tuple[tuple[str, str, Handler, str], ...]


class _HaltError(Exception):
    """allOrNone: one call failed, none is kept."""


def _request(
    call: Call, method: str, url: str, body: Any, table: Table
) -> tuple[int, Any, Mapping[str, str]]:
    parts = urlsplit(url)
    found = re.match(r"/?(?:services/data/)?(v\d\d?\.0)(/.*)?$", parts.path)
    if found is None:
        return 404, [ApiError("NOT_FOUND", "The requested resource does not exist").body()], {}
    version, path = found[1], (found[2] or "").rstrip("/")
    for allowed, pattern, handler, _ in table:
        match = compile_path(pattern)[0].match(path)
        if match is None or allowed != method:
            continue
        scope = {
            **call.request.scope, "path": f"/services/data/{version}{path}", "query_string": parts.query.encode(),
            "path_params": {**match.groupdict(), "version": version}, "method": method,
        }  # fmt: skip
        sent = orjson.dumps(body) if body is not None else b""
        try:
            with call.org.store.transaction():
                result = handler(Call(call.org, Request(scope), call.access, sent, version))
        except ApiError as e:
            return e.status, [e.body()], {}
        if isinstance(result, Response):
            return result.status_code, bytes(result.body).decode(), {}
        status, content = result
        location = (
            {"Location": f"/services/data/{version}{path}/{content['id']}"}
            if status == 201 and "id" in content
            else {}
        )
        return status, content, location
    return 404, [ApiError("NOT_FOUND", "The requested resource does not exist").body()], {}


def _filled(value: Any, answers: Mapping[str, Any]) -> Any:
    """A value with @{reference.path} replaced by what the reference's answer holds. Raises ApiError."""
    if isinstance(value, dict):
        return {k: _filled(v, answers) for k, v in value.items()}
    if isinstance(value, list):
        return [_filled(v, answers) for v in value]
    if not isinstance(value, str):
        return value

    def held(found: re.Match[str]) -> str:
        at: Any = answers
        for step in re.findall(r"\w+", found[1]):
            try:
                at = at[int(step)] if isinstance(at, list) else at[step]
            except (KeyError, IndexError, ValueError, TypeError):
                raise ApiError(
                    "PROCESSING_HALTED", f"Invalid reference specified. No value for {found[1]} found"
                ) from None
        return str(at)

    return _REFERENCE.sub(held, value)


def handler(table: Callable[[], Table]) -> Handler:
    """POST composite."""

    def answer(call: Call) -> Result:
        body = call.object()
        parts = body.get("compositeRequest")
        if not isinstance(parts, list) or not parts or not all(isinstance(p, dict) for p in parts):
            raise ApiError("INVALID_INPUT", "compositeRequest must be a list of requests")
        if len(parts) > MOST:
            raise ApiError("LIMIT_EXCEEDED", f"The composite request holds more than {MOST} subrequests")
        heavy = [p for p in parts if _HEAVY.search(str(p.get("url")))]
        if len(heavy) > HEAVY:
            raise ApiError(
                "LIMIT_EXCEEDED", f"The composite request holds more than {HEAVY} queries and collections"
            )
        names = [p.get("referenceId") for p in parts]
        if not all(names) or len(set(names)) < len(names):
            raise ApiError("INVALID_INPUT", "every subrequest needs a referenceId of its own")
        results = _together(call, parts, table(), whole=bool(body.get("allOrNone")))
        return 200, {"compositeResponse": results}

    return answer


def _together(call: Call, parts: list[Json], table: Table, *, whole: bool) -> list[Json]:
    """What became of each; `whole`: where one failed, none is kept."""
    results: list[Json] = []
    try:
        with call.org.store.transaction():
            _run(call, parts, table, results)
            if whole and any(r["httpStatusCode"] >= 400 for r in results):
                raise _HaltError
    except _HaltError:
        call.org.changed()
        undone = ApiError(
            "PROCESSING_HALTED",
            "The transaction was rolled back since another operation in the same transaction failed.",
        )
        results = [
            r if r["httpStatusCode"] >= 400 else {**r, "body": [undone.body()], "httpStatusCode": 400}
            for r in results
        ]
    return results


def graphs(table: Callable[[], Table]) -> Handler:
    """POST composite/graph: each graph is kept whole or not at all, whatever becomes of the others."""

    def answer(call: Call) -> Result:
        listed = call.object().get("graphs")
        if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_GRAPHS:
            raise ApiError("INVALID_INPUT", f"graphs must be a list of 1 to {MOST_GRAPHS} graphs")
        if sum(len(g.get("compositeRequest") or ()) for g in listed) > MOST_NODES:
            raise ApiError("LIMIT_EXCEEDED", f"The graphs hold more than {MOST_NODES} nodes")
        found: list[Json] = []
        for graph in listed:
            parts = graph.get("compositeRequest") or []
            odd = next((p for p in parts if not _IN_GRAPH.search(str(p.get("url")))), None)
            if odd is not None:
                raise ApiError("INVALID_INPUT", f"A graph takes sobjects only, not {odd.get('url')}")
            results = _together(call, parts, table(), whole=True)
            found.append(
                {
                    "graphId": graph.get("graphId"),
                    "graphResponse": {"compositeResponse": results},
                    "isSuccessful": all(r["httpStatusCode"] < 400 for r in results),
                }
            )
        return 200, {"graphs": found}

    return answer


def _run(call: Call, parts: list[Json], table: Table, results: list[Json]) -> None:
    answers: dict[str, Any] = {}
    for part in parts:
        name = str(part["referenceId"])
        try:
            url, body = _filled(str(part.get("url")), answers), _filled(part.get("body"), answers)
            status, content, headers = _request(call, str(part.get("method", "")).upper(), url, body, table)
        except ApiError as e:
            status, content, headers = e.status, [e.body()], {}
        if status < 400:
            answers[name] = content
        results.append(
            {"body": content, "httpHeaders": dict(headers), "httpStatusCode": status, "referenceId": name}
        )


def batch(table: Callable[[], Table]) -> Handler:
    """POST composite/batch."""

    def answer(call: Call) -> Result:
        body = call.object()
        parts = body.get("batchRequests")
        if not isinstance(parts, list) or not 1 <= len(parts) <= MOST:
            raise ApiError("INVALID_BATCH_REQUEST", f"batchRequests must hold 1 to {MOST} requests")
        results: list[Json] = []
        for part in parts:
            if results and body.get("haltOnError") and results[-1]["statusCode"] >= 400:
                halted = ApiError("BATCH_PROCESSING_HALTED", "Batch processing halted per request")
                results.append({"statusCode": 412, "result": [halted.body()]})
                continue
            method = str(part.get("method", "")).upper()
            status, content, _ = _request(call, method, str(part.get("url")), part.get("richInput"), table())
            results.append({"statusCode": status, "result": content})
        return 200, {"hasErrors": any(r["statusCode"] >= 400 for r in results), "results": results}

    return answer
