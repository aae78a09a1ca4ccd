"""Making our fields and taking them away, on both CRMs: nothing of anybody else's is touched."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from support.salesforce_org import Sf, company
from support.sandbox_company import CLOCK, FILES, Api, write_folder

from sales_consultant.config.errors import CrmUnavailableError
from sales_consultant.config.fields.catalogue import Field, fields
from sales_consultant.config.fields.naming import Naming
from sales_consultant.config.populations import Population
from sales_consultant.config.sections import Connection
from sales_consultant.config.settings import Settings
from sales_consultant.connectors import open_connector
from sales_consultant.connectors.base import Calls, ProvisionStep
from sales_consultant.connectors.http.transport import Transport
from sales_consultant.connectors.hubspot.api.client import HubSpotApi
from sales_consultant.connectors.hubspot.connector import HubSpotConnector
from sales_consultant.connectors.salesforce.api.client import SalesforceApi
from sales_consultant.connectors.salesforce.connector import SalesforceConnector
from sales_consultant.sandbox.serving.server import Sandbox
from sales_consultant.sync.runtime.workspace import Workspace
from sales_consultant.sync.setup import provisioning

OBJECTS = ("contacts", "leads", "companies", "deals")
OWN = Naming(
    prefix="fit",
    names={"grade": "our_grade"},
    labels={"score": "Fit points"},
    label="Fit",
    group="fit_group",
)


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Api]:
    with Sandbox(data=write_folder(tmp_path, FILES), clock=CLOCK, crms=("hubspot",)) as sandbox:
        yield Api(sandbox)


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Sf]:
    with company(tmp_path) as made:
        yield made


def hubspot(portal: Api, naming: Naming = OWN) -> HubSpotConnector:
    api = HubSpotApi(
        "t", url=portal.sandbox.url, transport=Transport(calls=Calls(), sleep=lambda seconds: None)
    )
    return HubSpotConnector(api, read="2026-03", write="2026-03", naming=naming)


def salesforce(org: Sf, token: str = "an-admins-token", naming: Naming = OWN) -> SalesforceConnector:
    return SalesforceConnector(
        SalesforceApi(Connection(crm="salesforce", url=org.sandbox.url), token), naming=naming
    )


def states(steps: list[ProvisionStep]) -> set[str]:
    return {s.state for s in steps}


# -- names --------------------------------------------------------------------------------------------------------


def test_every_name_label_and_group_is_the_admin_s_to_choose_on_hubspot(portal: Api) -> None:
    crm = hubspot(portal)
    assert states(crm.provision(fields("minimal", ["deals"]), dry=False)) == {"created"}
    held = {p["name"]: p for p in portal.get("/crm/v3/properties/deals").json()["results"]}
    assert held["fit_score"]["label"] == "Fit: Fit points"
    assert held["our_grade"]["groupName"] == "fit_group"
    assert not [n for n in held if n.startswith("sc_")]
    assert crm.unwritable("deals", fields("minimal", ["deals"])["deals"]) == {}


def test_every_name_and_label_is_the_admin_s_to_choose_on_salesforce(org: Sf) -> None:
    crm = salesforce(org)
    assert states(crm.provision(fields("minimal", ["deals"]), dry=False)) <= {"created", "exists"}
    held = org.fields("Opportunity")
    assert held["FIT_Score__c"]["label"] == "FIT Fit points"
    assert "our_grade__c" in held
    sets = {
        r["Name"]: r["Label"]
        for r in org.query("SELECT Name, Label FROM PermissionSet WHERE IsOwnedByProfile = false")
    }
    assert sets["FIT_Sales_Consultant_Writer"] == "Fit writer"
    assert crm.unwritable("deals", fields("minimal", ["deals"])["deals"]) == {}


def test_a_package_s_fields_are_looked_up_and_never_made(org: Sf) -> None:
    crm = salesforce(org, naming=Naming(namespace="acme"))
    assert crm.field_name("deals", fields("minimal", ["deals"])["deals"][0]) == "acme__SC_Score__c"
    steps = [s for s in crm.provision(fields("minimal", ["deals"]), dry=False) if s.kind == "field"]
    assert states(steps) == {"refused"}
    assert "the package acme does not bring it" in steps[0].text
    assert org.query("SELECT Id FROM FieldPermissions WHERE Field LIKE '%SC_Score%'") == []


# -- additive -----------------------------------------------------------------------------------------------------


def wider(chosen: tuple[Field, ...]) -> tuple[Field, ...]:
    return tuple(replace(f, options=(*f.options, "E")) if f.key == "grade" else f for f in chosen)


def test_a_new_value_is_added_and_a_new_meaning_told_on_hubspot(portal: Api) -> None:
    mine = fields("minimal", ["deals"])
    crm = hubspot(portal)
    crm.provision(mine, dry=False)
    portal.send("PATCH", "/crm/v3/properties/deals/fit_score", {"description": "Our own words."})
    more = {"deals": tuple(replace(f, help=f"{f.help} Deals: won.") for f in wider(mine["deals"]))}
    assert "would change" in states(crm.provision(more, dry=True))
    done = {s.name: s for s in crm.provision(more, dry=False)}
    assert "adds E" in done["our_grade"].text
    assert done["fit_score"].state == "exists", "an admin's own words are left"
    assert done["fit_next_step"].state == "changed"
    assert states(crm.provision(more, dry=False)) == {"exists"}
    assert states(crm.provision(mine, dry=False)) >= {"changed"}
    held = portal.get("/crm/v3/properties/deals/our_grade").json()
    assert [o["value"] for o in held["options"]] == ["A", "B", "C", "D", "E"]


def test_a_new_value_is_added_and_a_new_meaning_told_on_salesforce(org: Sf) -> None:
    mine = fields("minimal", ["deals"])
    crm = salesforce(org)
    crm.provision(mine, dry=False)
    more = {"deals": tuple(replace(f, help=f"{f.help} Deals: won.") for f in wider(mine["deals"]))}
    assert "would change" in states(crm.provision(more, dry=True))
    done = {s.name: s for s in crm.provision(more, dry=False)}
    assert done["Opportunity.our_grade__c"].text == "adds E, says what it means now"
    assert states(crm.provision(more, dry=False)) == {"exists"}
    assert org.fields("Opportunity")["FIT_Score__c"]["inlineHelpText"].endswith("Deals: won.")
    assert "E" in {v["value"] for v in org.fields("Opportunity")["our_grade__c"]["picklistValues"]}


def test_free_slots_are_counted_before_anything_is_made(portal: Api, org: Sf) -> None:
    portal.control("options", custom_property_limit=4)
    (step,) = hubspot(portal).provision(fields("minimal", ["deals"]), dry=False)
    assert (step.kind, step.state) == ("slots", "refused")
    assert "smaller" in step.text
    assert not [
        p for p in portal.get("/crm/v3/properties/deals").json()["results"] if p["name"].startswith("fit")
    ]
    # By the org's own word, whatever else is said; by the edition where it does not answer.
    crm = salesforce(org)
    org.control("options", custom_fields=40)
    held = len(crm.fields.held("Opportunity"))
    assert crm.fields.free_slots("Opportunity", 600) == 40 - held
    org.own_field("Opportunity.Another__c")
    assert crm.fields.free_slots("Opportunity", 600) == 39 - held
    org.control("faults", kind="status", status=400, path="tooling/query", times=2)
    assert crm.fields.free_slots("Opportunity", 1) == 499, "by the edition"
    assert crm.fields.free_slots("Opportunity", 600) == 0


# -- permissions --------------------------------------------------------------------------------------------------


def test_the_reader_sees_all_and_edits_only_what_people_fill_in(org: Sf) -> None:
    crm = salesforce(org)
    chosen = fields("standard", OBJECTS)
    crm.provision(chosen, dry=False)
    objects = {o: ["Read", "Edit"] for o in ("Contact", "Lead", "Account", "Opportunity")}
    org.user("rep", objects=objects, permission_sets=["FIT_Sales_Consultant_Reader"])
    rep = salesforce(org, "rep")
    for obj, mine in chosen.items():
        held = {f.name: f.writable for f in rep.describe(obj)}
        assert {f.key: held[rep.field_name(obj, f)] for f in mine} == {f.key: f.people_write for f in mine}
    org.user("stranger", objects=objects)
    assert not [f for f in salesforce(org, "stranger").describe("deals") if "FIT" in f.name]


def test_a_grant_that_was_lost_or_widened_is_mended_or_told(org: Sf) -> None:
    crm = salesforce(org)
    chosen = fields("minimal", ["deals"])
    crm.provision(chosen, dry=False)
    for role, edit in (("Writer", False), ("Reader", True)):
        (row,) = org.query(
            "SELECT Id FROM FieldPermissions WHERE Field = 'Opportunity.FIT_Score__c' AND "
            f"Parent.Name = 'FIT_Sales_Consultant_{role}'"
        )
        assert (
            org.patch(f"sobjects/FieldPermissions/{row['Id']}", {"PermissionsEdit": edit}).status_code == 204
        )
    steps = crm.provision(chosen, dry=False)
    assert "1 fields granted" in {s.text for s in steps}
    (told,) = [s for s in steps if s.state == "refused"]
    assert "may edit it, which only the writer should" in told.text


def test_people_are_given_the_reader_s_set_once(org: Sf) -> None:
    crm = salesforce(org)
    crm.provision(fields("minimal", ["deals"]), dry=False)
    who = org.values("SELECT Username FROM User WHERE IsActive = true")[0]
    assert states(crm.assign([who], dry=True)) == {"would create"}
    assert states(crm.assign([who, "nobody@example.org"], dry=False)) == {"created", "refused"}
    assert states(crm.assign([who], dry=False)) == {"exists"}


# -- on request, and away -----------------------------------------------------------------------------------------


def test_lists_and_reports_are_made_once_and_taken_away(org: Sf) -> None:
    crm, chosen = salesforce(org), fields("minimal", OBJECTS)
    assert states(crm.extras(chosen, dry=False)) == {"refused"}, "there are no scores to list yet"
    crm.provision(chosen, dry=False)
    assert states(crm.extras(chosen, dry=True)) == {"would create"}
    assert states(crm.extras(chosen, dry=False)) == {"created"}
    assert states(crm.extras(chosen, dry=False)) == {"exists"}
    held = org.get("ui-api/list-info/Opportunity/FIT_My_Records_To_Work").json()
    assert held["scope"] == {"apiName": "mine"}
    assert "FIT_Score__c" in held["displayColumns"]
    assert len(org.query("SELECT Id FROM Report")) == 4


@pytest.mark.slow
def test_everything_goes_away_and_nothing_of_anybody_else_s_on_salesforce(org: Sf) -> None:
    before = {o: set(org.fields(o)) for o in ("Contact", "Opportunity")}
    org.own_field("Contact.FIT_Score__c")
    crm, chosen = salesforce(org), fields("standard", OBJECTS)
    steps = crm.provision(chosen, dry=False)
    assert [s.name for s in steps if s.state == "refused" and s.kind == "field"] == ["Contact.FIT_Score__c"]
    crm.extras(chosen, dry=False)
    field_id = org.get(
        "tooling/query",
        q="SELECT Id FROM CustomField WHERE DeveloperName = 'FIT_Score' AND TableEnumOrId = 'Lead'",
    )
    values = {
        "MetadataComponentName": "ScoreRouter",
        "MetadataComponentType": "Flow",
        "RefMetadataComponentId": field_id.json()["records"][0]["Id"],
        "RefMetadataComponentType": "CustomField",
    }
    org.control("setup", sobject="MetadataComponentDependency", values=values)
    uses, words = crm.uses(chosen)
    assert [(u.object, u.field, u.kind, u.name) for u in uses] == [("leads", "score", "Flow", "ScoreRouter")]
    assert "reports" in words
    dry = crm.remove(chosen, dry=True)
    assert states(dry) == {"would remove", "left"}
    assert [s.name for s in dry if s.state == "left"] == ["Contact.FIT_Score__c"]
    assert states(crm.remove(chosen, dry=False)) == {"removed", "left"}
    assert {o: set(org.fields(o)) for o in before} == before
    assert org.query("SELECT Id FROM PermissionSet WHERE Name LIKE 'FIT_%'") == []
    assert org.query("SELECT Id FROM Report") == []
    assert states(crm.provision(chosen, dry=False)) >= {"created"}, "and comes back"


def test_everything_goes_away_and_nothing_of_anybody_else_s_on_hubspot(portal: Api) -> None:
    def names() -> set[str]:
        return {p["name"] for p in portal.get("/crm/v3/properties/deals").json()["results"]}

    before = names()
    crm, chosen = hubspot(portal), fields("standard", ["deals"])
    crm.provision(chosen, dry=False)
    theirs = {"name": "theirs", "label": "T", "type": "string", "fieldType": "text", "groupName": "fit_group"}
    assert portal.post("/crm/v3/properties/deals", theirs).status_code == 201
    uses, words = crm.uses(chosen)
    assert uses == []
    assert "does not tell" in words
    dry = crm.remove(chosen, dry=True)
    assert names() > before
    done = crm.remove(chosen, dry=False)
    assert [s.name for s in dry] == [s.name for s in done]
    assert names() == before | {"theirs"}
    assert [(s.kind, s.state) for s in done][-1] == ("group", "left")
    assert "theirs" in done[-1].text
    assert portal.send("DELETE", "/crm/v3/properties/deals/theirs").status_code == 204
    assert [(s.kind, s.state) for s in crm.remove(chosen, dry=False)] == [("group", "removed")]
    assert states(crm.provision(chosen, dry=False)) >= {"created"}, "and comes back"


@pytest.mark.parametrize(
    "path", ["/tooling/sobjects/CustomField$", "/sobjects/PermissionSet$", "/sobjects/FieldPermissions$"]
)
def test_a_lost_answer_ends_a_provision_that_the_next_one_finishes(
    org: Sf, tmp_path: Path, path: str
) -> None:
    settings = Settings(connections={"main": Connection(crm="salesforce", url=org.sandbox.url)})
    made = open_connector(settings.connections["main"], "t", settings.write)
    org.control("faults", kind="lost", path=path, times=1)
    with Workspace(settings, "main", settings.connections["main"], tmp_path / "s", connector=made) as ws:
        with pytest.raises(CrmUnavailableError, match="lost"):
            provisioning.provision(ws, dry=False)
        assert provisioning.provision(ws, dry=False).to_json()["refused"] == 0
        assert provisioning.provision(ws, dry=False).to_json()["created"] == 0
        assert made.unwritable("deals", [f for f in ws.fields["deals"] if not f.people_write]) == {}


# -- the use case -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
def test_help_names_the_event_and_what_was_written_is_forgotten(tmp_path: Path, crm: Any) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with Sandbox(data=write_folder(data, FILES), clock=CLOCK, crms=(crm,)) as sandbox:
        settings = Settings(
            connections={"main": Connection(crm=crm, url=sandbox.url)},
            populations={
                "new": Population(object="deals", event="won", label="New business"),
                "leads": Population(
                    object="contacts", event="converted", where={"source_object": "Lead"}, label="Leads"
                ),
            },
        )
        made = open_connector(settings.connections["main"], "t", settings.write)
        with Workspace(settings, "main", settings.connections["main"], tmp_path, connector=made) as ws:
            done = provisioning.provision(
                ws, dry=False, wishes=provisioning.ProvisionOptions(list_view=True)
            ).to_json()
            assert done["refused"] == 0
            assert len(done["by_hand"]) >= 2
            if crm == "salesforce":
                objects = {o: ["Read", "Edit"] for o in ("Contact", "Lead", "Account", "Opportunity")}
                sets = ["SC_Sales_Consultant_Reader"]
                Sf(sandbox).user("rep", objects=objects, permission_sets=sets)
                Sf(sandbox).user("stranger", objects=objects)
                seen = provisioning.provision(
                    ws, dry=False, wishes=provisioning.ProvisionOptions(reader_token="rep")
                ).to_json()
                assert seen["refused"] == 0
                assert [s["kind"] for s in seen["steps"]].count("verify") == 4
                seen = provisioning.provision(
                    ws, dry=False, wishes=provisioning.ProvisionOptions(reader_token="stranger")
                ).to_json()
                assert seen["refused"] > 20
            looked = provisioning.removal(ws).to_json()
            assert looked["would_remove"] >= 20
            if crm == "hubspot":
                held = requests.get(
                    f"{sandbox.url}/crm/v3/properties/contacts/sc_score",
                    headers={"Authorization": "Bearer t"},
                    timeout=10,
                ).json()
                assert "Leads: converted within 90 days." in held["description"]
            else:
                held = Sf(sandbox).fields("Opportunity")["SC_Score__c"]
                assert "New business: won." in held["inlineHelpText"]
            assert provisioning.provision(ws, dry=False).to_json()["created"] == 0
            assert provisioning.remove(ws).to_json()["removed"] == looked["would_remove"]
            assert provisioning.removal(ws).to_json()["would_remove"] == 0
