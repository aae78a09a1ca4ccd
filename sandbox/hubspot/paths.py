"""Every path of HubSpot's API that the sandbox answers, in both families: v3 or v4, and dated."""

from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sales_consultant.sandbox.hubspot.api import Handler, endpoint
from sales_consultant.sandbox.hubspot.marketing import campaigns, forms
from sales_consultant.sandbox.hubspot.objects import batches, linking, linking_v3, lists, objects
from sales_consultant.sandbox.hubspot.portal import VENDOR, Portal
from sales_consultant.sandbox.hubspot.settings import (
    account,
    currencies,
    legacy,
    oauth,
    pipelines,
    properties,
)

DATED = ("2026-03", "2026-09")
READ, WRITE = "crm.objects.{object}.read", "crm.objects.{object}.write"
SCHEMA_READ, SCHEMA_WRITE = "crm.schemas.{object}.read", "crm.schemas.{object}.write"


def routes(portal: Portal) -> list[Route]:
    """All routes. Where a path fits two, the more special one stands first."""

    async def page(request: Request) -> Response:
        portal.world.count(VENDOR, "authorize")
        return oauth.authorize(portal, request)

    return [
        Route("/oauth/authorize", page, methods=["GET"]),
        Route("/oauth/{hub:int}/authorize", page, methods=["GET"]),
        *(
            Route(path, endpoint(portal, handler, kind, **options), methods=[method])
            for path, method, handler, kind, options in _table()
        ),
    ]


def _table() -> Iterator[tuple[str, str, Handler, str, dict[str, Any]]]:
    for version in ("v3", *DATED):
        dated = version if version in DATED else ""
        yield from _objects(f"/crm/objects/{dated}" if dated else "/crm/v3/objects", version)
        yield from _links(dated)
        yield from _properties(f"/crm/properties/{dated}" if dated else "/crm/v3/properties", version)
        yield from _pipelines(f"/crm/pipelines/{dated}" if dated else "/crm/v3/pipelines", version)
        base = f"/crm/owners/{dated}" if dated else "/crm/v3/owners"
        scope = {"scope": "crm.objects.owners.read"}
        yield base, "GET", account.owners, "owners", scope
        yield base + "/{id}", "GET", account.owner, "owners", scope
        yield from _campaigns(f"/marketing/campaigns/{dated}" if dated else "/marketing/v3/campaigns")
        yield from _account(dated)
        yield from _currencies(f"/settings/currencies/{dated}" if dated else "/settings/v3/currencies")
        yield from _lists(f"/crm/lists/{dated}" if dated else "/crm/v3/lists")
        yield from _forms(f"/marketing/forms/{dated}" if dated else "/marketing/v3/forms")
    yield from _older()
    yield from _links_v3()
    for way in ("submit", "secure/submit"):
        path = "/submissions/v3/integration/" + way + "/{portal}/{form}"
        yield path, "POST", forms.submit, "forms", {"auth": False}
    yield (
        "/form-integrations/v1/submissions/forms/{form}",
        "GET",
        forms.submissions,
        "forms",
        {"scope": "forms"},
    )
    for version in ("v1", "v3", *DATED):
        base = f"/oauth/{version}"
        free = {"auth": False, "form": True}
        yield base + "/token", "POST", oauth.token, "token", free
        yield base + "/token/introspect", "POST", oauth.introspect, "token", free
        yield base + "/introspect", "POST", oauth.introspect, "token", free
        yield base + "/token/revoke", "POST", oauth.revoke, "token", free
        yield base + "/revoke", "POST", oauth.revoke, "token", free
        yield base + "/access-tokens/{token}", "GET", oauth.access_token, "token", {"auth": False}
        yield base + "/refresh-tokens/{token}", "GET", oauth.refresh_token, "token", {"auth": False}
        yield base + "/refresh-tokens/{token}", "DELETE", oauth.forget, "token", {"auth": False}


def _older() -> Iterator[tuple[str, str, Handler, str, dict[str, Any]]]:
    read = {"scope": SCHEMA_READ}
    for base in ("/properties/v1/{object}/properties", "/properties/v2/{object}/properties"):
        yield base, "GET", legacy.properties, "properties", read
        yield base + "/named/{name}", "GET", legacy.one_property, "properties", read
    # Some had their definitions under an API of their own.
    for version in ("v1", "v2"):
        yield "/{object}/" + version + "/properties", "GET", legacy.properties, "properties", read
    yield "/crm-pipelines/v1/pipelines/{object}", "GET", legacy.pipelines, "pipelines", {"scope": READ}


def _objects(base: str, version: str) -> Iterator[tuple[str, str, Handler, str, dict[str, Any]]]:
    many = base + "/{object}"
    one = many + "/{id}"
    read = {"version": version, "scope": READ}
    write = {"version": version, "scope": WRITE}
    yield many, "GET", objects.list_page, "list", read
    yield many, "POST", objects.create, "create", write
    yield many + "/search", "POST", objects.search, "search", {**read, "bucket": "search"}
    yield many + "/batch/read", "POST", batches.read, "batch_read", read
    yield many + "/batch/update", "POST", batches.update, "batch_update", write
    yield many + "/batch/create", "POST", batches.create, "batch_create", write
    yield many + "/batch/upsert", "POST", batches.upsert, "batch_upsert", write
    yield many + "/batch/archive", "POST", batches.archive, "batch_archive", write
    yield many + "/merge", "POST", objects.merge, "merge", write
    yield many + "/gdpr-delete", "POST", objects.erase, "erase", write
    yield one, "GET", objects.get, "read", read
    yield one, "PATCH", objects.patch, "update", write
    yield one, "DELETE", objects.delete, "archive", write
    links = one + "/associations/{to_object}"
    if version == "v3":
        named = links + "/{to_id}/{type}"
        yield links, "GET", linking_v3.single_list, "associations", read
        yield named, "PUT", linking_v3.put, "associate", write
        yield named, "DELETE", linking_v3.delete, "associate", write
        return
    yield links, "GET", linking.single_list, "associations", read
    yield links + "/{to_id}", "PUT", linking.put, "associate", write
    yield links + "/{to_id}", "DELETE", linking.delete, "associate", write
    yield (
        one + "/associations/default/{to_object}/{to_id}", "PUT", linking.put_default, "associate", write,
    )  # fmt: skip


def _links_v3() -> Iterator[tuple[str, str, Handler, str, dict[str, Any]]]:
    pair = "/crm/v3/associations/{from_object}/{to_object}"
    read: dict[str, Any] = {"scope": READ, "bucket": "associations"}
    write: dict[str, Any] = {"scope": WRITE, "bucket": "associations"}
    yield pair + "/batch/read", "POST", linking_v3.batch_read, "associations", read
    yield pair + "/batch/create", "POST", linking_v3.batch_create, "associate", write
    yield pair + "/batch/archive", "POST", linking_v3.batch_archive, "associate", write
    yield pair + "/types", "GET", linking_v3.types, "labels", {"scope": READ}


def _links(dated: str) -> Iterator[tuple[str, str, Handler, str, dict[str, Any]]]:
    pair = (f"/crm/associations/{dated}" if dated else "/crm/v4/associations") + "/{from_object}/{to_object}"
    read: dict[str, Any] = {"scope": READ, "bucket": "associations"}
    write: dict[str, Any] = {"scope": WRITE, "bucket": "associations"}
    yield pair + "/batch/read", "POST", linking.batch_read, "associations", read
    yield pair + "/batch/create", "POST", linking.batch_create, "associate", write
    yield pair + "/batch/archive", "POST", linking.batch_archive, "associate", write
    yield pair + "/batch/associate/default", "POST", linking.batch_default, "associate", write
    yield pair + "/labels", "GET", linking.list_labels, "labels", {"scope": READ}
    yield pair + "/labels", "POST", linking.create_label, "labels", {"scope": WRITE}
    yield pair + "/labels", "PUT", linking.rename_label, "labels", {"scope": WRITE}
    yield pair + "/labels/{type}", "DELETE", linking.remove_label, "labels", {"scope": WRITE}
    if not dated:
        one = "/crm/v4/objects/{object}/{id}/associations"
        yield one + "/{to_object}", "GET", linking.single_list, "associations", {"scope": READ}
        yield one + "/{to_object}/{to_id}", "PUT", linking.put, "associate", {"scope": WRITE}
        yield one + "/{to_object}/{to_id}", "DELETE", linking.delete, "associate", {"scope": WRITE}
        default = "/crm/v4/objects/{object}/{id}/associations/default/{to_object}/{to_id}"
        yield default, "PUT", linking.put_default, "associate", {"scope": WRITE}


def _properties(base: str, version: str) -> Iterator[tuple[str, str, Handler, str, dict[str, Any]]]:
    many = base + "/{object}"
    read = {"version": version, "scope": SCHEMA_READ}
    write = {"version": version, "scope": SCHEMA_WRITE}
    yield many, "GET", properties.list_all, "properties", read
    yield many, "POST", properties.create, "property_write", write
    yield many + "/batch/read", "POST", properties.batch_read, "properties", read
    yield many + "/batch/create", "POST", properties.batch_create, "property_write", write
    yield many + "/batch/archive", "POST", properties.batch_archive, "property_write", write
    yield many + "/groups", "GET", properties.list_groups, "groups", read
    yield many + "/groups", "POST", properties.create_group, "property_write", write
    yield many + "/groups/{name}", "GET", properties.get_group, "groups", read
    yield many + "/groups/{name}", "PATCH", properties.patch_group, "property_write", write
    yield many + "/groups/{name}", "DELETE", properties.archive_group, "property_write", write
    yield many + "/{name}", "GET", properties.get, "properties", read
    yield many + "/{name}", "PATCH", properties.patch, "property_write", write
    yield many + "/{name}", "DELETE", properties.archive, "property_write", write


def _pipelines(base: str, version: str) -> Iterator[tuple[str, str, Handler, str, dict[str, Any]]]:
    many = base + "/{object}"
    read, write = {"scope": READ, "version": version}, {"scope": WRITE, "version": version}
    yield many, "GET", pipelines.list_all, "pipelines", read
    yield many, "POST", pipelines.create, "pipeline_write", write
    yield many + "/{pipeline}", "GET", pipelines.get, "pipelines", read
    yield many + "/{pipeline}", "PATCH", pipelines.patch, "pipeline_write", write
    yield many + "/{pipeline}", "PUT", pipelines.replace, "pipeline_write", write
    yield many + "/{pipeline}", "DELETE", pipelines.remove, "pipeline_write", write
    yield many + "/{pipeline}/audit", "GET", pipelines.audit, "pipelines", read
    yield many + "/{pipeline}/stages", "GET", pipelines.stages, "pipelines", read
    yield many + "/{pipeline}/stages/{stage}", "GET", pipelines.get_stage, "pipelines", read
    for method in ("PATCH", "PUT"):
        yield many + "/{pipeline}/stages/{stage}", method, pipelines.change_stage, "pipeline_write", write
    yield many + "/{pipeline}/stages/{stage}", "DELETE", pipelines.remove_stage, "pipeline_write", write
    yield many + "/{pipeline}/stages", "POST", pipelines.create_stage, "pipeline_write", write


def _campaigns(base: str) -> Iterator[tuple[str, str, Handler, str, dict[str, Any]]]:
    scope = {"scope": "marketing.campaigns.read"}
    yield base, "GET", campaigns.list_page, "campaigns", scope
    yield base + "/batch/read", "POST", campaigns.batch_read, "campaigns", scope
    yield base + "/{campaign}", "GET", campaigns.get, "campaigns", scope
    yield base + "/{campaign}/reports/contacts/{touch}", "GET", campaigns.contacts, "campaign_contacts", scope


def _currencies(base: str) -> Iterator[tuple[str, str, Handler, str, dict[str, Any]]]:
    read, write = {"scope": "settings.currencies.read"}, {"scope": "settings.currencies.write"}
    yield base + "/company-currency", "GET", currencies.company, "currencies", read
    yield base + "/exchange-rates", "GET", currencies.list_page, "currencies", read
    yield base + "/exchange-rates", "POST", currencies.create, "currencies", write
    yield base + "/exchange-rates/current", "GET", currencies.current, "currencies", read
    yield base + "/exchange-rates/{id}", "GET", currencies.get, "currencies", read


def _lists(base: str) -> Iterator[tuple[str, str, Handler, str, dict[str, Any]]]:
    read, write = {"scope": "crm.lists.read"}, {"scope": "crm.lists.write"}
    one = base + "/{list}"
    yield base, "GET", lists.several, "lists", read
    yield base, "POST", lists.create, "lists", write
    yield base + "/search", "POST", lists.search, "lists", read
    yield base + "/object-type-id/{object}/name/{name}", "GET", lists.by_name, "lists", read
    yield base + "/records/{object}/{id}/memberships", "GET", lists.of_record, "lists", read
    yield one, "GET", lists.get, "lists", read
    yield one, "DELETE", lists.archive, "lists", write
    yield one + "/restore", "PUT", lists.restore, "lists", write
    yield one + "/update-list-name", "PUT", lists.rename, "lists", write
    yield one + "/memberships", "GET", lists.members, "lists", read
    yield one + "/memberships", "DELETE", lists.clear, "lists", write
    for way in ("add", "remove", "add-and-remove"):
        yield one + "/memberships/" + way, "PUT", lists.change_members, "lists", write


def _forms(base: str) -> Iterator[tuple[str, str, Handler, str, dict[str, Any]]]:
    scope = {"scope": "forms"}
    yield base, "GET", forms.list_all, "forms", scope
    yield base, "POST", forms.create, "forms", scope
    yield base + "/{form}", "GET", forms.get, "forms", scope


def _account(dated: str) -> Iterator[tuple[str, str, Handler, str, dict[str, Any]]]:
    info = f"/account-info/{dated or 'v3'}"
    limits = f"/crm/limits/{dated}" if dated else "/crm/v3/limits"
    schemas = f"/crm-object-schemas/{dated}/schemas" if dated else "/crm/v3/schemas"
    yield info + "/details", "GET", account.details, "account", {}
    yield info + "/api-usage/daily/private-apps", "GET", account.usage, "account", {}
    yield limits + "/records", "GET", account.record_limits, "limits", {}
    yield limits + "/custom-properties", "GET", account.property_limits, "limits", {}
    yield schemas, "GET", account.schemas, "schemas", {}
    yield schemas + "/{object}", "GET", account.schema, "schemas", {}
