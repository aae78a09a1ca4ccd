"""What `check` tells an admin: everything that is there, each thing that is missing, and where to click."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.salesforce_org import Sf, company
from support.sandbox_company import FILES, Api, write_folder

from sales_consultant.config.errors import ConfigError
from sales_consultant.config.fields.catalogue import fields
from sales_consultant.config.schedules import Schedule
from sales_consultant.config.sections import Connection, Write
from sales_consultant.config.settings import Settings
from sales_consultant.connectors import open_connector
from sales_consultant.connectors.base import Finding
from sales_consultant.connectors.hubspot.api.sign_in import OPTIONAL_SCOPES, SCOPES
from sales_consultant.connectors.salesforce.api.client import SalesforceApi
from sales_consultant.connectors.salesforce.connector import SalesforceConnector
from sales_consultant.sandbox.serving.server import Sandbox
from sales_consultant.sync.runtime.workspace import Workspace
from sales_consultant.sync.service import schedule_findings
from sales_consultant.sync.setup import check as checking
from sales_consultant.sync.setup import refuse_without_master

OBJECTS = ("contacts", "leads", "companies", "deals")
CLOCK = "2024-06-01T00:00:00Z"


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Sf]:
    folder = tmp_path / "org"
    folder.mkdir()
    with company(folder) as made:
        yield made


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Api]:
    folder = tmp_path / "portal"
    folder.mkdir()
    with Sandbox(data=write_folder(folder, FILES), clock=CLOCK, crms=("hubspot",)) as sandbox:
        yield Api(sandbox)


def salesforce(org: Sf, token: str = "an-admins-token") -> SalesforceConnector:
    return SalesforceConnector(SalesforceApi(Connection(crm="salesforce", url=org.sandbox.url), token))


def found(crm: Any, objects: tuple[str, ...] = OBJECTS) -> dict[str, Finding]:
    return {f.subject: f for f in crm.check(fields("minimal", objects))}


def weak(org: Sf, **more: Any) -> SalesforceConnector:
    """A user who reads all objects and is no admin."""
    objects = {o: ["Read"] for o in ("Account", "Contact", "Lead", "Opportunity", "Product2", "Campaign")}
    org.user("a-weak-users-token", **{"objects": objects, "rights": ["ViewSetup"], **more})
    return salesforce(org, "a-weak-users-token")


# -- rows ---------------------------------------------------------------------------------------------------------


def test_no_row_is_hidden_where_all_may_read_or_the_user_sees_all(org: Sf) -> None:
    assert salesforce(org).hidden_rows() == {}
    org.control(
        "sharing",
        Account="Read",
        Contact="ControlledByParent",
        Lead="ReadWrite",
        Opportunity="Read",
        Campaign="Read",
    )
    assert weak(org).hidden_rows() == {}


def test_rows_that_sharing_may_hide_are_named_with_what_hangs_on_them(org: Sf) -> None:
    org.control(
        "sharing",
        Account="Private",
        Contact="ControlledByParent",
        Lead="Read",
        Opportunity="Private",
        Campaign="Read",
    )
    crm = weak(org)
    hidden = crm.hidden_rows()
    assert {"companies", "contacts", "deals", "activities"} <= set(hidden)
    assert "leads" not in hidden
    assert "View All Records on Account" in hidden["companies"]
    told = found(crm)
    assert told["rows of deals"].state == "warning"
    assert "View All Records on Opportunity" in told["rows of deals"].action


def test_view_all_on_the_objects_brings_certainty_back(org: Sf) -> None:
    org.control(
        "sharing",
        Account="Private",
        Contact="Private",
        Lead="Private",
        Opportunity="Private",
        Campaign="Private",
    )
    crm = weak(org)
    assert len(crm.hidden_rows()) >= 5
    set_id = org.create("PermissionSet", Name="Sees_All", Label="Sees all")
    user = crm.user()["user_id"]
    for name in ("Account", "Contact", "Lead", "Opportunity", "Campaign"):
        grant = {
            "ParentId": set_id,
            "SobjectType": name,
            "PermissionsRead": True,
            "PermissionsViewAllRecords": True,
        }
        org.create("ObjectPermissions", **grant)
    org.create("PermissionSetAssignment", AssigneeId=user, PermissionSetId=set_id)
    assert crm.hidden_rows() == {}


def test_who_may_not_see_its_own_rights_is_never_sure(org: Sf) -> None:
    hidden = weak(org, rights=[]).hidden_rows()
    assert "View Setup" in hidden["contacts"]


# -- what is there, what is missing -------------------------------------------------------------------------------


def test_salesforce_names_user_rights_slots_and_what_runs_along(org: Sf) -> None:
    condition = "SC_Score__c > 1000"
    org.control("rule", kind="trigger", object="Contact", name="Router", when="after")
    org.control("rule", kind="flow", object="Contact", name="Welcome")
    org.control("rule", kind="workflow", object="Opportunity", name="Old")
    org.control("rule", kind="flow", object="Lead", name="Asleep", active=False)
    told = found(salesforce(org))
    assert "System Administrator" in told["run-as user"].text
    assert "Router" in told["runs along on Contact"].text
    assert "1 active flows (Welcome)" in told["runs along on Contact"].text
    assert "Object Manager > Contact" in told["runs along on Contact"].action
    assert "Old" in told["runs along on Opportunity"].text
    assert "runs along on Lead" not in told
    assert told["fields on contacts"].state == "next"
    assert told["field slots on contacts"].state == "ok"
    assert "of 5,000,000" in told["calls in 24 hours"].text
    salesforce(org).provision(fields("minimal", OBJECTS), dry=False)
    org.control("rule", kind="validation", object="Lead", name="Sane", error_if=condition)
    told = found(salesforce(org))
    assert "Sane" in told["runs along on Lead"].text
    assert not [f for f in told.values() if f.state == "missing"]


def test_a_field_that_is_there_and_hidden_is_refused_and_no_next_step(org: Sf) -> None:
    """The first of two others: describe shows neither a field that is not there nor one that is hidden."""
    salesforce(org).provision(fields("minimal", OBJECTS), dry=False)
    objects = {o: ["Read", "Edit"] for o in ("Account", "Contact", "Lead", "Opportunity")}
    told = found(weak(org, objects=objects, rights=["ViewSetup", "CustomizeApplication"]))
    assert told["fields on contacts"].state == "missing"
    assert "Permission Sets" in told["fields on contacts"].action


def test_somebody_else_s_property_of_our_name_is_refused_and_no_next_step(portal: Api) -> None:
    """The second: of one object two properties, one still to be made and one of somebody else."""
    body = {
        "name": "sc_score",
        "label": "S",
        "type": "number",
        "fieldType": "number",
        "groupName": "dealinformation",
    }
    assert portal.post("/crm/v3/properties/deals", body).status_code == 201
    crm = open_connector(Connection(crm="hubspot", url=portal.sandbox.url), "t", Write())
    told = found(crm, ("deals",))
    assert told["field score on deals"].state == "missing"
    assert told["fields on deals"].state == "next"


def test_salesforce_names_what_a_weak_user_lacks(org: Sf) -> None:
    salesforce(org).provision(fields("minimal", OBJECTS), dry=False)
    told = found(weak(org, rights=[], objects={"Account": ["Read"], "Contact": ["Read"]}))
    assert told["read Opportunity"].state == "missing"
    assert "Read on Opportunity" in told["read Opportunity"].action
    assert told["write contacts"].state == "missing"
    assert "Edit on Contact" in told["write contacts"].action
    assert told["read Campaign"].state == "warning"
    assert told["provision"].state == "warning"
    assert told["runs along"].state == "warning"


def test_salesforce_names_quotas_that_are_not_seen_or_not_all(org: Sf) -> None:
    crm = salesforce(org)
    assert found(crm)["read ForecastingQuota"].state == "ok"
    who = crm.user()["user_id"]
    sets = "SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = '{}'"
    for held in org.values(sets.format(who)):
        org.patch(f"sobjects/PermissionSet/{held}", {"PermissionsViewAllForecasts": False})
    told = found(salesforce(org))["read ForecastingQuota"]
    assert (told.state, "file" in told.text, "View All Forecasts" in told.action) == ("warning", True, True)
    org.patch(f"sobjects/User/{who}", {"ForecastEnabled": True})
    told = found(salesforce(org))["read ForecastingQuota"]
    assert told.state == "warning"
    assert "only quotas of this user" in told.text


def test_hubspot_names_scopes_slots_and_the_day_s_calls(portal: Api) -> None:
    portal.control("options", custom_property_limit=5)
    portal.control("limits", limits="professional")
    without = ["crm.schemas.deals.write", "crm.objects.companies.write", "crm.objects.owners.read"]
    without += ["settings.currencies.read", "crm.objects.goals.read"]
    portal.control("users", token="weak", without=without)
    settings = Connection(crm="hubspot", url=portal.sandbox.url)
    crm = open_connector(settings, "weak", Write())
    told = found(crm, ("contacts", "companies", "deals"))
    assert told["write companies"].state == "missing"
    assert "crm.objects.companies.write" in told["write companies"].text
    assert "Service keys" in told["write companies"].action
    assert told["make properties of deals"].state == "missing"
    assert told["make properties of contacts"].state == "ok"
    assert told["property slots on deals"].state == "missing"
    assert told["read owners"].state == "missing"
    assert told["read exchange rates"].state == "warning"
    assert "settings.currencies.read" in told["read exchange rates"].action
    assert told["read goals"].state == "warning"
    assert "crm.objects.goals.read" in told["read goals"].action
    assert "calls used today" in told["daily limit"].text
    made = {p["name"] for p in portal.get("/crm/v3/properties/contacts").json()["results"]}
    assert "" not in made
    crm.close()


def test_hubspot_s_scopes_are_the_same_wherever_they_are_asked_for(portal: Api) -> None:
    """What `check` looks for, the sign-in by browser asks for and the tutorial names."""
    crm = open_connector(Connection(crm="hubspot", url=portal.sandbox.url), "an-admins-token", Write())
    told = found(crm, ("contacts", "companies", "deals"))
    crm.close()
    permitted = [f.text.removeprefix("permitted (") for f in told.values()]
    needed = {t.removesuffix(")") for t in permitted if t.endswith(")") and "." in t and " " not in t}
    assert len(needed) > 12 and "settings.currencies.read" in needed
    assert needed <= {*SCOPES, *OPTIONAL_SCOPES}
    tutorial = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text(encoding="utf-8")
    assert [s for s in sorted(needed) if f"`{s}`" not in tutorial] == []


# -- versions, the other CRM, the report --------------------------------------------------------------------------


def place(
    tmp_path: Path, url: str, crm: Any = "hubspot", *, master: str = "", both: bool = False
) -> Workspace:
    connections = {"main": Connection(crm=crm, url=url)}
    if both:
        connections["other"] = Connection(crm="hubspot" if crm == "salesforce" else "salesforce", url=url)
    settings = Settings(connections=connections, write=Write(master=master))
    made = open_connector(connections["main"], "t", settings.write)
    return Workspace(settings, "main", connections["main"], tmp_path / "state", connector=made)


@pytest.mark.parametrize(
    ("now", "state"), [("2027-06-01", "ok"), ("2027-07-15", "warning"), ("2027-10-01", "missing")]
)
def test_the_end_of_a_version_is_told_ninety_days_before(tmp_path: Path, now: str, state: str) -> None:
    with (
        Sandbox(data=_empty(tmp_path), clock=f"{now}T00:00:00Z", crms=("hubspot",)) as sandbox,
        place(tmp_path, sandbox.url) as ws,
    ):
        told = {f["subject"]: f for f in checking.check(ws, None).to_json()["findings"]}
    assert told["API version for writing"]["state"] == state
    assert "2027-09-30" in told["API version for writing"]["text"] or state == "ok"


def test_a_schedule_that_cannot_run_is_missing_something(portal: Api, tmp_path: Path) -> None:
    with place(tmp_path, portal.sandbox.url) as ws:
        schedules = {
            "odd": Schedule(cron="61 * * * *", connection="main"),
            "daily": Schedule(cron="0 5 * * *"),
        }
        found = checking.check(ws, None, schedule_findings(schedules))
        told = {f["subject"]: f for f in found.to_json()["findings"]}
    assert told["schedule odd"]["state"] == "missing" and "61" in told["schedule odd"]["text"]
    assert "schedule daily" not in told


def _empty(tmp_path: Path) -> Path:
    (tmp_path / "empty").mkdir()
    return tmp_path / "empty"


def test_a_sync_between_the_crms_is_seen_on_hubspot_and_needs_a_master(portal: Api, tmp_path: Path) -> None:
    with place(tmp_path, portal.sandbox.url, both=True) as ws:
        refuse_without_master(ws)
    body = {
        "name": "salesforcecontactid",
        "label": "Salesforce Contact ID",
        "type": "string",
        "fieldType": "text",
    }
    portal.post("/crm/v3/properties/contacts", {**body, "groupName": "contactinformation"})
    with place(tmp_path, portal.sandbox.url, both=True) as ws:
        refuse_without_master(ws)
    record = portal.id("contacts", "p1")
    portal.send(
        "PATCH", f"/crm/v3/objects/contacts/{record}", {"properties": {"salesforcecontactid": "003A"}}
    )
    with place(tmp_path, portal.sandbox.url, both=True) as ws:
        with pytest.raises(ConfigError, match="sync with each other") as e:
            refuse_without_master(ws)
        assert e.value.code == 2
        assert "master" in e.value.action
        told = {f["subject"]: f for f in checking.check(ws, None).to_json()["findings"]}
        assert told["master"]["state"] == "missing"
        assert told["Salesforce sync"]["state"] == "warning"
    with place(tmp_path, portal.sandbox.url, both=True, master="main") as ws:
        refuse_without_master(ws)
    with (
        place(tmp_path, portal.sandbox.url, both=True, master="other") as ws,
        pytest.raises(ConfigError, match='"other" is the one that is written'),
    ):
        refuse_without_master(ws)
    with place(tmp_path, portal.sandbox.url) as ws:
        refuse_without_master(ws)


def test_hubspot_s_package_is_seen_on_salesforce(org: Sf) -> None:
    assert salesforce(org).other_sync() == []
    package = org.control("setup", sobject="SubscriberPackage", values={"Name": "HubSpot Integration"})["id"]
    org.control("setup", sobject="InstalledSubscriberPackage", values={"SubscriberPackageId": package})
    assert salesforce(org).other_sync() == ["its package"]
    org.control("setup", sobject="ConnectedApplication", values={"Name": "HubSpot"})
    org.own_field("Contact.HubSpot_Score__c")
    org.grant("Sees", "Contact.HubSpot_Score__c")
    assert salesforce(org).other_sync() == ["its fields on Contact", "its package", "its connected app"]


def test_a_master_that_is_no_connection_is_refused() -> None:
    with pytest.raises(ValueError, match="no connection"):
        Settings(connections={"main": Connection(crm="hubspot")}, write=Write(master="mian"))


PLANTED = (
    "pia@",
    "Ünal",
    "Acme",
    "acme.example",
    "Österberg",
    "1000.5",
    "Beta",
    "Sandbox Company",
    "integration@",
)


@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
def test_a_live_report_says_what_held_and_nothing_of_the_customer(tmp_path: Path, crm: Any) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    with Sandbox(data=write_folder(folder, FILES), clock=CLOCK, crms=(crm,)) as sandbox:
        if crm == "hubspot":
            Api(sandbox).control("limits", limits="professional")
        with place(tmp_path, sandbox.url, crm) as ws:
            calls = ws.connector.calls.by_kind.get("write", 0)
            document = checking.check(ws, tmp_path / "report.json").to_json()
            who = ws.identity
            assert ws.connector.calls.by_kind.get("write", 0) - calls < 12
        if crm == "hubspot":
            ids = [r["id"] for r in Api(sandbox).get("/crm/v3/objects/contacts").json()["results"]]
        else:
            ids = Sf(sandbox).values("SELECT Id FROM Contact")
    text = (tmp_path / "report.json").read_text(encoding="utf-8")
    for value in (*PLANTED, *ids, who.id):
        assert value not in text, value
    body = json.loads(text)
    held = {a["name"]: a for a in body["assumptions"]}
    assert not [a for a in body["assumptions"] if "not answered" in a["seen"]], held
    assert len(body["findings"]) == len(document["findings"])
    if crm == "hubspot":
        assert held["JSON type of toObjectId"]["held"] is True
        assert held["status of a batch read of ids that are not there"]["seen"] == "207"
        assert held["objectWriteTraceId"]["held"] is not None
        assert held["limit headers on a list"]["held"] is True
        assert held["limit headers on a search"]["held"] is True
    else:
        assert held["SystemModstamp's precision"]["seen"] == "seconds"
        assert held["Sforce-Locator on the last page"]["held"] is True
        assert held["an error of a collection"]["held"] is True
        assert held["a query on EntityLimit"]["held"] is True
