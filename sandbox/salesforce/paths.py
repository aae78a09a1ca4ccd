"""Which path leads to which handler."""

from collections.abc import Awaitable, Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sales_consultant.sandbox.salesforce.api import Call, Handler, Result, endpoint
from sales_consultant.sandbox.salesforce.auth import auth
from sales_consultant.sandbox.salesforce.bulk import ingest, jobs
from sales_consultant.sandbox.salesforce.bulk import query as bulk_query
from sales_consultant.sandbox.salesforce.metadata import rest, soap, tooling
from sales_consultant.sandbox.salesforce.org import ApiError, Org, refused
from sales_consultant.sandbox.salesforce.query import finding, query
from sales_consultant.sandbox.salesforce.rest import batches, composite, layouts, resources, rows, shown, tree

Endpoint = Callable[[Request], Awaitable[Response]]
# Method, path below /services/data/vNN.0, handler, and the name that its calls are counted under.
DATA: tuple[tuple[str, str, Handler, str], ...] = (
    ("GET", "", resources.listing, "resources"),
    ("GET", "/limits", resources.limits, "limits"),
    ("GET", "/sobjects", resources.sobjects, "describe"),
    ("GET", "/sobjects/{sobject}", resources.sobject_info, "describe"),
    ("GET", "/sobjects/{sobject}/describe", resources.describe, "describe"),
    ("GET", "/sobjects/{sobject}/describe/layouts", layouts.describe, "describe"),
    ("GET", "/sobjects/{sobject}/describe/layouts/{id}", layouts.describe, "describe"),
    ("GET", "/sobjects/{sobject}/updated", resources.updated, "updated"),
    ("GET", "/sobjects/{sobject}/deleted", resources.deleted, "deleted"),
    ("POST", "/sobjects/{sobject}", rows.create, "create"),
    ("GET", "/sobjects/{sobject}/{id}", rows.read, "read"),
    ("PATCH", "/sobjects/{sobject}/{id}", rows.change, "update"),
    ("DELETE", "/sobjects/{sobject}/{id}", rows.remove, "delete"),
    ("GET", "/sobjects/{sobject}/{field}/{value}", rows.read_external, "read"),
    ("PATCH", "/sobjects/{sobject}/{field}/{value}", rows.upsert, "upsert"),
    ("GET", "/query", query.run, "query"),
    ("GET", "/query/{locator}", query.more, "query"),
    ("GET", "/search", finding.search, "search"),
    ("GET", "/parameterizedSearch", finding.parameterized, "search"),
    ("POST", "/parameterizedSearch", finding.parameterized, "search"),
    ("GET", "/recent", finding.recent, "recent"),
    ("GET", "/tabs", layouts.tabs, "describe"),
    ("GET", "/queryAll", partial(query.run, deleted=True), "query"),
    ("GET", "/queryAll/{locator}", query.more, "query"),
    ("POST", "/composite/sobjects", batches.create, "collections"),
    ("PATCH", "/composite/sobjects", batches.change, "collections"),
    ("DELETE", "/composite/sobjects", batches.remove, "collections"),
    ("GET", "/composite/sobjects/{sobject}", batches.read, "collections"),
    ("POST", "/composite/sobjects/{sobject}", batches.read, "collections"),
    ("PATCH", "/composite/sobjects/{sobject}/{field}", batches.upsert, "collections"),
    ("POST", "/composite/tree/{sobject}", tree.create, "tree"),
    ("POST", "/ui-api/list-info/{sobject}", shown.make_list, "ui"),
    ("GET", "/ui-api/list-info/{sobject}/{name}", shown.read_list, "ui"),
    ("DELETE", "/ui-api/list-info/{sobject}/{name}", shown.drop_list, "ui"),
    ("POST", "/analytics/reports", shown.make_report, "analytics"),
    ("DELETE", "/analytics/reports/{id}", shown.drop_report, "analytics"),
    ("POST", "/metadata/deployRequest", rest.create, "metadata"),
    ("GET", "/metadata/deployRequest/{id}", rest.read, "metadata"),
    ("GET", "/tooling/query", partial(query.run, tooling=True), "tooling"),
    ("GET", "/tooling/query/{locator}", partial(query.more, tooling=True), "tooling"),
    ("GET", "/tooling/sobjects/{sobject}/describe", partial(resources.describe, tooling=True), "tooling"),
    ("POST", "/tooling/sobjects/{sobject}", tooling.create, "tooling"),
    ("GET", "/tooling/sobjects/{sobject}/{id}", tooling.read, "tooling"),
    ("PATCH", "/tooling/sobjects/{sobject}/{id}", tooling.change, "tooling"),
    ("DELETE", "/tooling/sobjects/{sobject}/{id}", tooling.remove, "tooling"),
)
_TAKES: tuple[tuple[str, str, Handler, str], ...] = (
    ("POST", "/composite", composite.handler(lambda: DATA), "composite"),
    ("POST", "/composite/batch", composite.batch(lambda: DATA), "composite"),
    ("POST", "/composite/graph", composite.graphs(lambda: DATA), "composite"),
    ("GET", "/jobs/query", jobs.listed, "bulk query"),
    ("POST", "/jobs/query", bulk_query.create, "bulk query"),
    ("GET", "/jobs/query/{id}", bulk_query.read, "bulk query"),
    ("PATCH", "/jobs/query/{id}", bulk_query.change, "bulk query"),
    ("DELETE", "/jobs/query/{id}", bulk_query.remove, "bulk query"),
    ("GET", "/jobs/query/{id}/results", bulk_query.results, "bulk results"),
    ("GET", "/jobs/query/{id}/resultPages", bulk_query.pages, "bulk query"),
    ("GET", "/jobs/ingest", jobs.listed, "bulk ingest"),
    ("POST", "/jobs/ingest", ingest.create, "bulk ingest"),
    ("GET", "/jobs/ingest/{id}", ingest.read, "bulk ingest"),
    ("PATCH", "/jobs/ingest/{id}", ingest.change, "bulk ingest"),
    ("DELETE", "/jobs/ingest/{id}", ingest.remove, "bulk ingest"),
    ("PUT", "/jobs/ingest/{id}/batches", ingest.upload, "bulk ingest"),
    ("GET", "/jobs/ingest/{id}/successfulResults", ingest.successes, "bulk ingest"),
    ("GET", "/jobs/ingest/{id}/failedResults", ingest.failures, "bulk ingest"),
    ("GET", "/jobs/ingest/{id}/successfulresults", ingest.successes, "bulk ingest"),
    ("GET", "/jobs/ingest/{id}/failedresults", ingest.failures, "bulk ingest"),
    ("GET", "/jobs/ingest/{id}/unprocessedrecords", ingest.unprocessed, "bulk ingest"),
    ("GET", "/jobs/ingest/{id}/unprocessedRecords", ingest.unprocessed, "bulk ingest"),
)


def routes(org: Org) -> list[Route]:
    """All endpoints."""
    found: dict[str, dict[str, Endpoint]] = {}

    def add(method: str, path: str, made: Endpoint) -> None:
        found.setdefault(path, {})[method] = made

    for method, path, handler, kind in (*_TAKES, *DATA):
        add(method, "/services/data/{version}" + path, endpoint(org, handler, kind, before=ingest.work))
    add("GET", "/services/data", endpoint(org, resources.versions, "versions", auth=False))
    for method in ("GET", "POST"):
        add(method, "/services/oauth2/userinfo", endpoint(org, auth.userinfo, "identity", counted=False))
        add(method, "/id/{org}/{user}", endpoint(org, auth.identity, "identity", counted=False))
    add("POST", "/services/oauth2/token", partial(auth.token, org))
    add("POST", "/services/oauth2/introspect", partial(auth.introspect, org))
    for method in ("GET", "POST"):
        add(method, "/services/oauth2/revoke", partial(auth.revoke, org))

    async def page(request: Request) -> Response:
        return auth.authorize(org, request)

    add("GET", "/services/oauth2/authorize", page)
    for path in ("/services/Soap/u/{version}", "/services/Soap/u/{version}/{org}"):
        add("POST", path, partial(auth.soap_login, org))
    for path in ("/services/Soap/m/{version}", "/services/Soap/m/{version}/{org}"):
        add("POST", path, partial(soap.answer, org))
    listed = [Route(path, _by_method(by), methods=[*by]) for path, by in found.items()]

    def lost(call: Call) -> Result:
        raise ApiError("NOT_FOUND", "The requested resource does not exist", 404)

    every = ["GET", "POST", "PATCH", "PUT", "DELETE"]
    return [
        *listed,
        Route("/services/data/{version}/{rest:path}", endpoint(org, lost, "unknown"), methods=every),
    ]


def _by_method(found: dict[str, Endpoint]) -> Endpoint:
    async def answer(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        # Old clients that cannot send PATCH say so in the query.
        if method == "POST" and request.query_params.get("_HttpMethod", "").upper() in found:
            method = request.query_params["_HttpMethod"].upper()
        made = found.get(method)
        if made is None:
            text = f"HTTP Method '{method}' not allowed. Allowed are {','.join(found)}"
            return refused(ApiError("METHOD_NOT_ALLOWED", text, 405))
        return await made(request)

    return answer
