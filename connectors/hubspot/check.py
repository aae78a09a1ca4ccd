"""What `check` says of a HubSpot portal: each scope and property that is needed, and where to add it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from sales_consultant.config.catalogue import Field
from sales_consultant.config.errors import AccessError, SalesConsultantError
from sales_consultant.connectors.base import Finding, Identity, field_findings
from sales_consultant.connectors.hubspot.client import HubSpotApi, HubSpotRefusalError
from sales_consultant.connectors.hubspot.paths import Paths
from sales_consultant.connectors.hubspot.schema import ACTIVITIES, OBJECTS

_READ = {
    "contacts": "crm.objects.contacts.read",
    "companies": "crm.objects.companies.read",
    "deals": "crm.objects.deals.read",
    "line_items": "crm.objects.line_items.read",
    "products": "crm.objects.products.read",
    **dict.fromkeys(ACTIVITIES, "crm.objects.contacts.read"),
}
_WHERE = "HubSpot: Development > Keys > Service keys (or the app's Auth tab), add the scope {}."


class _Connector(Protocol):
    def identity(self) -> Identity: ...
    def unwritable(self, object: str, fields: Sequence[Field]) -> dict[str, str]: ...


def findings(
    api: HubSpotApi, paths: Paths, connector: _Connector, fields: Mapping[str, Sequence[Field]]
) -> list[Finding]:
    """One line a thing; a missing one does not stop the others. A wrong token does: AccessError."""
    who = connector.identity()
    found = [Finding("token", "ok", f"answers as portal {who.id} ({who.kind}), {who.name}")]
    for object_type in OBJECTS:
        found.append(_try(api, f"read {object_type}", "GET", paths.objects(object_type), _READ[object_type]))
    found.append(_try(api, "read owners", "GET", paths.owners(), "crm.objects.owners.read"))
    found.append(_try(api, "read deal pipelines", "GET", paths.pipelines("deals"), "crm.objects.deals.read"))
    campaigns = _try(api, "read campaigns", "GET", paths.campaigns(), "marketing.campaigns.read")
    if campaigns.state == "missing":
        campaigns = Finding(
            campaigns.subject, "warning", "not available; campaign features are left out", campaigns.action
        )
    found.append(campaigns)
    for obj, chosen in fields.items():
        if obj == "leads":
            continue
        # An empty batch changes nothing and tells a missing scope (403) from a permitted call (400).
        found.append(
            _try(
                api,
                f"write {obj}",
                "POST",
                paths.batch(obj, "update"),
                f"crm.objects.{obj}.write",
                {"inputs": []},
            )
        )
        found += field_findings(obj, _unwritable(connector, obj, chosen), "Run: sales-consultant provision")
    used = api.daily
    if used:
        state = "ok" if used[0] < 0.9 * used[1] else "warning"
        found.append(Finding("daily limit", state, f"{used[0]:,} of {used[1]:,} calls used today"))  # type: ignore[arg-type]
    return found


def _unwritable(connector: _Connector, obj: str, chosen: Sequence[Field]) -> dict[str, str]:
    try:
        return connector.unwritable(obj, chosen)
    except AccessError as e:
        return {"*": e.message}


def _try(
    api: HubSpotApi,
    subject: str,
    method: str,
    path: str,
    scope: str,
    body: Mapping[str, object] | None = None,
) -> Finding:
    query = {"limit": 1} if method == "GET" else None
    try:
        api.call(method, path, query=query, body=body)
    except AccessError as e:
        named = ", ".join(e.details.get("missing_scopes", ())) or scope
        return Finding(subject, "missing", f"missing scope {named}", _WHERE.format(named))
    except HubSpotRefusalError as e:
        if e.status != 400:
            return Finding(subject, "missing", e.message)
    except SalesConsultantError as e:
        return Finding(subject, "warning", e.message, e.action)
    return Finding(subject, "ok", f"permitted ({scope})")
