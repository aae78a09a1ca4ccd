"""What `check` says of a Salesforce org: who runs, what is seen, what may be written, what runs along, what is spent."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sales_consultant.config.errors import SalesConsultantError
from sales_consultant.config.fields.catalogue import Field
from sales_consultant.config.language.articles import a
from sales_consultant.connectors.base import FieldInfo, Finding, FindingState, Identity, field_findings
from sales_consultant.connectors.salesforce.api import SalesforceApi, quoted
from sales_consultant.connectors.salesforce.reading import QUOTAS, STANDARD, WRITTEN
from sales_consultant.connectors.salesforce.setup.automation import runs_along
from sales_consultant.connectors.salesforce.setup.provision import Fields

_LIMITS = {
    "DailyApiRequests": "calls in 24 hours",
    "DailyBulkV2QueryJobs": "Bulk query jobs in 24 hours",
    "DailyBulkApiBatches": "Bulk batches in 24 hours",
    "DailyBulkV2QueryFileStorageMB": "MB of Bulk results in 24 hours",
}
# From this share of the day's calls on `check` warns. A judgement: a tenth leaves time to see who spends them.
_SPENT = 0.9
# What only provisioning needs.
_SETUP = "Setup > Permission Sets > (the run-as user's) > System Permissions"


class _Connector(Protocol):
    fields: Fields

    def identity(self) -> Identity: ...
    def user(self) -> dict[str, Any]: ...
    def describe(self, object: str) -> list[FieldInfo]: ...
    def unwritable(self, object: str, fields: Sequence[Field]) -> dict[str, str]: ...
    def unmade(self, object: str, fields: Sequence[Field]) -> set[str]: ...
    def hidden_rows(self) -> Mapping[str, str]: ...


def findings(
    api: SalesforceApi, connector: _Connector, fields: Mapping[str, Sequence[Field]], writer: str
) -> list[Finding]:
    """One line a thing; `writer` is the name of the permission set that lets us write."""
    who = connector.identity()
    listed = [Finding("sign-in", "ok", f"org {who.id} ({who.kind}), {who.name}"), _run_as(api, connector)]
    listed += _offered(api)
    listed += [_readable(connector, name) for name in STANDARD]
    listed.append(_quotas(api, connector))
    hidden = connector.hidden_rows()
    for name, why in hidden.items():
        text, _, action = why.partition(": ")
        listed.append(Finding(f"rows of {name}", "warning", text, f"{action[:1].upper()}{action[1:]}."))
    if not hidden:
        listed.append(Finding("rows", "ok", "no sharing hides records from this user"))
    for obj, chosen in fields.items():
        listed += _writable(api, connector, obj, chosen, writer)
    listed += runs_along(api, sorted({WRITTEN[o] for o in fields}))
    listed += _limits(api)
    listed += _setup(api)
    listed.append(_other_sync(api, connector))
    return listed


def _run_as(api: SalesforceApi, connector: _Connector) -> Finding:
    user = connector.user()
    name = str(user.get("preferred_username") or user.get("user_id"))
    try:
        rows = api.query(f"SELECT Profile.Name FROM User WHERE Id = {quoted(str(user['user_id']))}")
        profile = str((rows[0].get("Profile") or {})["Name"])
    except (SalesConsultantError, LookupError):
        return Finding("run-as user", "ok", name)
    return Finding("run-as user", "ok", f"{name}, profile {profile}")


def _offered(api: SalesforceApi) -> list[Finding]:
    """Whether the org still offers the version in use: the list of versions is the first to tell its end."""
    try:
        versions = sorted(float(v["version"]) for v in api.call("/services/data"))
    except (SalesConsultantError, LookupError, TypeError, ValueError):
        return []
    mine = float(api.version)
    if not versions or mine not in versions:
        text = f"the org does not offer version {api.version}"
        return [
            Finding(
                "API version offered", "missing", text, "Set read_version in the settings to a newer one."
            )
        ]
    return [
        Finding("API version offered", "ok", f"{api.version}, of {versions[0]:.1f} to {versions[-1]:.1f}")
    ]


def _readable(connector: _Connector, name: str) -> Finding:
    optional = name.endswith("History") or name.startswith("Campaign") or name == "DatedConversionRate"
    state: FindingState = "warning" if optional else "missing"
    try:
        described = connector.describe(name)
    except SalesConsultantError as e:
        return Finding(f"read {name}", state, e.message, e.action)
    if described:
        return Finding(f"read {name}", "ok", f"{len(described)} fields visible")
    text = "not visible to this user" + ("; features from it are left out" if optional else "")
    return Finding(f"read {name}", state, text, f"Give the user Read on {name} (Setup > Permission Sets).")


def _quotas(api: SalesforceApi, connector: _Connector) -> Finding:
    found = _readable(connector, QUOTAS)
    where = "Setup > Permission Sets > (the run-as user's) > System Permissions > View All Forecasts."
    if found.state != "ok":
        text = "not visible to this user; reports know no targets but those of a file"
        return Finding(
            found.subject, "warning", text, f"Setup > Forecasts Settings turns quotas on; then {where}"
        )
    soql = (
        "SELECT PermissionSet.PermissionsViewAllForecasts FROM PermissionSetAssignment "
        f"WHERE AssigneeId = {quoted(str(connector.user()['user_id']))}"
    )
    try:
        every = any(
            (r.get("PermissionSet") or {}).get("PermissionsViewAllForecasts") for r in api.query(soql)
        )
    except SalesConsultantError:
        return found
    if every:
        return found
    return Finding(found.subject, "warning", "only quotas of this user and of their people are seen", where)


def _writable(
    api: SalesforceApi, connector: _Connector, obj: str, chosen: Sequence[Field], writer: str
) -> list[Finding]:
    sobject = WRITTEN[obj]
    reported = []
    try:
        if not api.call(f"sobjects/{sobject}/describe").get("updateable", True):
            where = f"Give the run-as user Edit on {sobject} (Setup > Permission Sets > Object Settings)."
            reported.append(
                Finding(f"write {obj}", "missing", f"this user may not edit any {sobject}", where)
            )
        else:
            reported.append(Finding(f"write {obj}", "ok", f"this user may edit {a(sobject)}"))
    except SalesConsultantError:
        # That the object cannot be seen was said already.
        return reported
    missing = connector.unwritable(obj, chosen)
    unmade = connector.unmade(obj, chosen) if missing else set()
    reported += field_findings(
        obj,
        missing,
        unmade,
        make="sales-consultant provision",
        mend=f"sales-consultant provision, or assign Setup > Permission Sets > {writer} to the run-as user",
    )
    if unmade:
        reported += _slots(connector, obj, len(unmade))
    return reported


def _slots(connector: _Connector, obj: str, needed: int) -> list[Finding]:
    try:
        free = connector.fields.free_slots(WRITTEN[obj], len(connector.fields.held(WRITTEN[obj])))
    except SalesConsultantError:
        return []
    if free is None:
        return []
    state: FindingState = "ok" if free >= needed else "missing"
    action = "" if state == "ok" else 'Delete custom fields nobody uses, or choose [write] set = "minimal".'
    return [Finding(f"field slots on {obj}", state, f"{free} custom fields may still be made", action)]


# -- limits, setup, the other sync ---------------------------------------------------------------------------------


def _limits(api: SalesforceApi) -> list[Finding]:
    try:
        limits = api.call("limits")
    except SalesConsultantError as e:
        return [Finding("limits", "warning", e.message, e.action)]
    reported = []
    for name, words in _LIMITS.items():
        if name not in limits:
            continue
        most, left = int(limits[name]["Max"]), int(limits[name]["Remaining"])
        state: FindingState = "ok" if most - left < _SPENT * most else "warning"
        action = "" if state == "ok" else "Setup > Company Information shows who spends them."
        reported.append(Finding(words, state, f"{most - left:,} of {most:,} {words} are spent", action))
    return reported


def _setup(api: SalesforceApi) -> list[Finding]:
    """What provisioning needs beside writing: asked for by reading what it would write."""
    try:
        api.query("SELECT Id FROM PermissionSet LIMIT 1")
        api.tooling("SELECT Id FROM CustomField LIMIT 1")
    except SalesConsultantError:
        text = "this user may not look at fields and permission sets; another admin must run provision"
        where = f"{_SETUP} > Customize Application, Manage Profiles and Permission Sets."
        return [Finding("provision", "warning", text, where)]
    return [Finding("provision", "ok", "this user may look at fields and permission sets")]


def _other_sync(api: SalesforceApi, connector: _Connector) -> Finding:
    signs = hubspot_signs(api, connector)
    if not signs:
        return Finding(OTHER_SYNC, "ok", "no sign of HubSpot's own sync with Salesforce")
    where = "Where both are written, name one: [write] master = (the connection)."
    return Finding(OTHER_SYNC, "warning", f"HubSpot syncs with this org ({', '.join(signs)})", where)


OTHER_SYNC = "HubSpot sync"


def hubspot_signs(api: SalesforceApi, connector: _Connector) -> list[str]:
    """What tells that HubSpot's own integration is at work here; each question may be refused and then tells nothing."""
    signs = []
    for obj in ("contacts", "leads"):
        try:
            if any(f.name.lower().startswith("hubspot") for f in connector.describe(obj)):
                signs.append(f"its fields on {WRITTEN[obj]}")
        except SalesConsultantError:
            continue
    questions = (
        (
            "its package",
            True,
            "SELECT SubscriberPackage.Name FROM InstalledSubscriberPackage",
            ("SubscriberPackage", "Name"),
        ),
        ("its connected app", False, "SELECT Name FROM ConnectedApplication", ("Name",)),
        (
            "its user",
            False,
            "SELECT Username FROM User WHERE IsActive = true AND Username LIKE '%hubspot%'",
            ("Username",),
        ),
    )
    for words, tooling, soql, path in questions:
        try:
            rows = api.tooling(soql) if tooling else api.query(soql)
        except SalesConsultantError:
            continue
        if any("hubspot" in _at(r, path).lower() for r in rows):
            signs.append(words)
    return signs


def _at(row: Mapping[str, Any], path: Sequence[str]) -> str:
    value: Any = row
    for name in path:
        value = (value or {}).get(name)
    return str(value or "")
