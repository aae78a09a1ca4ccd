"""What `check` says of a HubSpot portal: each scope and property that is needed, what is spent, and where to click."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from sales_consultant.config.errors import AccessError, SalesConsultantError
from sales_consultant.config.fields.catalogue import Field
from sales_consultant.connectors.base import FieldInfo, Finding, FindingState, Identity, field_findings
from sales_consultant.connectors.hubspot.api import HubSpotApi, HubSpotRefusalError, Paths
from sales_consultant.connectors.hubspot.reading import (
    ACTIVITIES,
    GOALS,
    GOALS_SCOPE,
    OBJECTS,
    SALES_LEADS,
    api_type,
)
from sales_consultant.connectors.hubspot.setup.provision import Provisioner

_READ = {
    "contacts": "crm.objects.contacts.read",
    "companies": "crm.objects.companies.read",
    "deals": "crm.objects.deals.read",
    "line_items": "crm.objects.line_items.read",
    "products": "crm.objects.products.read",
    SALES_LEADS: "crm.objects.leads.read",
    **dict.fromkeys(ACTIVITIES, "crm.objects.contacts.read"),
}
# Without these the rest still works.
_OPTIONAL = (SALES_LEADS,)
_WHERE = "HubSpot: Development > Keys > Service keys (or the app's Auth tab), add the scope {}."
# From this share of the day's calls on `check` warns. A judgement: a tenth leaves time to see who spends them.
_SPENT = 0.9
OTHER_SYNC = "Salesforce sync"
# How the properties begin that HubSpot's Salesforce integration makes and fills.
_SYNCED = ("salesforce", "hs_salesforce")


class _Connector(Protocol):
    provisioner: Provisioner

    def identity(self) -> Identity: ...
    def describe(self, object: str) -> list[FieldInfo]: ...
    def unwritable(self, object: str, fields: Sequence[Field]) -> dict[str, str]: ...
    def unmade(self, object: str, fields: Sequence[Field]) -> set[str]: ...


def findings(
    api: HubSpotApi, paths: Paths, connector: _Connector, fields: Mapping[str, Sequence[Field]]
) -> list[Finding]:
    """One line a thing; a missing one does not stop the others. A wrong token does: AccessError."""
    who = connector.identity()
    listed = [Finding("token", "ok", f"answers as portal {who.id} ({who.kind}), {who.name}")]
    for object_type in OBJECTS:
        scope = _READ.get(object_type, f"crm.objects.{object_type}.read")
        named = api_type(object_type)
        one = _try(api, f"read {named}", "GET", paths.objects(named), scope)
        listed.append(_softened(one) if object_type in _OPTIONAL else one)
    listed.append(_try(api, "read owners", "GET", paths.owners(), "crm.objects.owners.read"))
    listed.append(_try(api, "read deal pipelines", "GET", paths.pipelines("deals"), "crm.objects.deals.read"))
    listed.append(
        _softened(_try(api, "read campaigns", "GET", paths.campaigns(), "marketing.campaigns.read"))
    )
    goals = _try(api, "read goals", "GET", paths.objects(GOALS), GOALS_SCOPE)
    listed.append(_softened(goals, "not available; reports know no targets but those of a file"))
    rates = _try(api, "read exchange rates", "GET", paths.rates(), "settings.currencies.read")
    listed.append(
        _softened(rates, "not available; amounts of other currencies keep the rates read last, or none")
    )
    for obj, chosen in fields.items():
        if obj != "leads":
            listed += _writable(api, paths, connector, obj, chosen)
    listed += _limits(api, paths)
    listed.append(_other_sync(api, paths, connector))
    return listed


def _softened(finding: Finding, text: str = "not available; features from it are left out") -> Finding:
    if finding.state != "missing":
        return finding
    return Finding(finding.subject, "warning", text, finding.action)


def _writable(
    api: HubSpotApi, paths: Paths, connector: _Connector, obj: str, chosen: Sequence[Field]
) -> list[Finding]:
    # An empty batch changes nothing and tells a missing scope (403) from a permitted call (400).
    scope = f"crm.objects.{obj}.write"
    reported = [_try(api, f"write {obj}", "POST", paths.batch(obj, "update"), scope, {"inputs": []})]
    missing = _unwritable(connector, obj, chosen)
    if not missing:
        return reported
    unmade = set() if "*" in missing else connector.unmade(obj, chosen)
    mend = "Settings > Properties: free the name, or choose another one in the settings ([write] and names)."
    reported += field_findings(obj, missing, unmade, make="sales-consultant provision", mend=mend)
    if not unmade:
        return reported
    # A property without a name is refused whoever asks; who may not make one is refused before.
    scope = f"crm.schemas.{obj}.write"
    asked = _try(api, f"make properties of {obj}", "POST", paths.properties(obj), scope, {})
    reported.append(asked)
    free = connector.provisioner.free_slots(obj)
    if free is not None:
        state: FindingState = "ok" if free >= len(unmade) else "missing"
        action = "" if state == "ok" else 'Archive properties nobody uses, or choose [write] set = "minimal".'
        text = f"{free} custom properties may still be made"
        reported.append(Finding(f"property slots on {obj}", state, text, action))
    return reported


def _unwritable(connector: _Connector, obj: str, chosen: Sequence[Field]) -> dict[str, str]:
    try:
        return connector.unwritable(obj, chosen)
    except AccessError as e:
        return {"*": e.message}


def _limits(api: HubSpotApi, paths: Paths) -> list[Finding]:
    used = api.daily
    if used is None:
        try:
            rows = api.get(paths.usage()).get("results", ())
            used = next(((int(r["currentUsage"]), int(r["usageLimit"])) for r in rows), None)
        except (SalesConsultantError, KeyError, TypeError, ValueError):
            used = None
    if not used:
        return [Finding("daily limit", "ok", "HubSpot states none for this token")]
    state: FindingState = "ok" if used[0] < _SPENT * used[1] else "warning"
    action = (
        "" if state == "ok" else "HubSpot: Development > Monitoring > API call usage shows who spends them."
    )
    return [Finding("daily limit", state, f"{used[0]:,} of {used[1]:,} calls used today", action)]


def salesforce_signs(api: HubSpotApi, paths: Paths, connector: _Connector) -> list[str]:
    """What tells that HubSpot's own Salesforce integration is at work: its properties, and records that have them."""
    signs = []
    for obj in ("contacts", "companies", "deals"):
        try:
            marked = [f.name for f in connector.describe(obj) if f.name.lower().startswith(_SYNCED)]
            if not marked:
                continue
            # An id of the other side is the surest: the others may be left from a sync that ended.
            marked.sort(key=lambda n: (not n.endswith("id"), n))
            body = {
                "filterGroups": [{"filters": [{"propertyName": marked[0], "operator": "HAS_PROPERTY"}]}],
                "limit": 1,
            }
            total = int(api.post(paths.search(obj), body).get("total") or 0)
        except (SalesConsultantError, TypeError, ValueError):
            continue
        if total:
            signs.append(f"{total:,} {obj} have {marked[0]}")
    return signs


def _other_sync(api: HubSpotApi, paths: Paths, connector: _Connector) -> Finding:
    signs = salesforce_signs(api, paths, connector)
    if not signs:
        return Finding(OTHER_SYNC, "ok", "no sign of HubSpot's own sync with Salesforce")
    where = "Where both are written, name one: [write] master = (the connection)."
    return Finding(OTHER_SYNC, "warning", f"Salesforce syncs with this portal ({'; '.join(signs)})", where)


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
        if "missing_scopes" not in e.details:
            # The account, or a firewall: no scope helps.
            return Finding(subject, "missing", e.message, e.action)
        named = ", ".join(e.details["missing_scopes"]) or scope
        return Finding(subject, "missing", f"missing scope {named}", _WHERE.format(named))
    except HubSpotRefusalError as e:
        if e.status != 400:
            return Finding(subject, "missing", e.message)
    except SalesConsultantError as e:
        return Finding(subject, "warning", e.message, e.action)
    return Finding(subject, "ok", f"permitted ({scope})")
