"""Our fields are shown as people read them, also those that an earlier release made; what an admin changed stays."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from support.salesforce_org import Sf, company
from support.sandbox_company import CLOCK, FILES, Api, write_folder

from sales_consultant.config.fields.catalogue import FIELDS, Field, by_key, fields
from sales_consultant.config.fields.naming import Naming
from sales_consultant.config.sections import Connection
from sales_consultant.config.settings import Settings
from sales_consultant.connectors import open_connector
from sales_consultant.connectors.base import Calls, Change, ProvisionStep
from sales_consultant.connectors.http.transport import Transport
from sales_consultant.connectors.hubspot.api.client import HubSpotApi
from sales_consultant.connectors.hubspot.connector import HubSpotConnector
from sales_consultant.connectors.hubspot.setup.display import FORMATS
from sales_consultant.connectors.hubspot.setup.provision import definition
from sales_consultant.connectors.salesforce.setup.provision import metadata
from sales_consultant.sandbox.serving.server import Sandbox
from sales_consultant.sync.runtime.workspace import Workspace
from sales_consultant.sync.setup import provisioning

OBJECTS = ("contacts", "companies", "deals")
ALL = fields("all", OBJECTS)
Json = dict[str, Any]


def folder(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    made.mkdir()
    return made


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Api]:
    with Sandbox(data=write_folder(folder(tmp_path), FILES), clock=CLOCK, crms=("hubspot",)) as sandbox:
        yield Api(sandbox)


@pytest.fixture
def ws(portal: Api, tmp_path: Path) -> Iterator[Workspace]:
    with desk(portal, tmp_path / "state") as made:
        yield made


def desk(portal: Api, folder: Path) -> Workspace:
    settings = Settings.model_validate(
        {"connections": {"main": {"crm": "hubspot", "url": portal.sandbox.url}}, "write": {"set": "all"}}
    )
    connector = open_connector(settings.connections["main"], "t", settings.write)
    return Workspace(settings, "main", settings.connections["main"], folder, connector=connector)


def hubspot(portal: Api) -> HubSpotConnector:
    api = HubSpotApi(
        "t", url=portal.sandbox.url, transport=Transport(calls=Calls(), sleep=lambda seconds: None)
    )
    return HubSpotConnector(api, read="2026-03", write="2026-03")


def held(portal: Api, object: str) -> dict[str, Json]:
    found = portal.get(f"/crm/properties/2026-03/{object}").json()["results"]
    return {p["name"]: p for p in found if p["groupName"] == "sales_consultant"}


def made_before(field: Field, object: str) -> Json:
    """The property as earlier releases made it: no format, no order, nothing hidden, other labels."""
    body = definition(field, Naming(), object)
    body = {k: v for k, v in body.items() if k not in (*FORMATS, "hidden", "displayOrder")}
    if field.labels_before:
        body["label"] = f"Sales Consultant: {field.labels_before[0]}"
    if field.type == "enumeration":
        body["options"] = [{**o, "label": field.option_label_before(o["value"])} for o in body["options"]]
    return body


@pytest.fixture
def older(portal: Api) -> Api:
    """A portal that an earlier release provisioned."""
    for object, chosen in ALL.items():
        base = f"/crm/properties/2026-03/{object}"
        portal.post(f"{base}/groups", {"name": "sales_consultant", "label": "Sales Consultant"})
        for f in chosen:
            assert portal.post(base, made_before(f, object)).status_code == 201
    return portal


def as_people_read_them(portal: Api) -> None:
    deals, companies = held(portal, "deals"), held(portal, "companies")
    assert deals["sc_probability"]["numberDisplayHint"] == "percentage"
    for name in ("sc_expected_value",):
        assert deals[name]["showCurrencySymbol"] is True
        assert deals[name]["currencyPropertyName"] == "deal_currency_code", "not the company's symbol"
    assert companies["sc_value_12m"]["showCurrencySymbol"] is True
    assert "currencyPropertyName" not in companies["sc_value_12m"]
    assert {o["value"]: o["label"] for o in companies["sc_customer_tier"]["options"]} == {
        "1": "Tier 1", "2": "Tier 2", "3": "Tier 3",
    }  # fmt: skip
    assert companies["sc_churn_risk"]["label"] == "Sales Consultant: Churn risk (%)"
    assert {n for n, p in deals.items() if p["hidden"]} == {"sc_next_step_id", "sc_model"}
    order = [n for n, _ in sorted(deals.items(), key=lambda p: p[1]["displayOrder"])]
    assert order[:5] == ["sc_score", "sc_grade", "sc_top_reason", "sc_next_step", "sc_next_step_due"]
    assert not any(p["formField"] for p in deals.values())
    assert held(portal, "contacts")["sc_do_not_score"]["fieldType"] == "booleancheckbox"
    assert deals["sc_reasons"]["fieldType"] == "textarea" and deals["sc_next_step_due"]["type"] == "date"


def test_fresh_properties_are_shown_as_people_read_them(ws: Workspace, portal: Api) -> None:
    assert provisioning.provision(ws, dry=False).to_json()["refused"] == 0
    as_people_read_them(portal)
    again = provisioning.provision(ws, dry=False).to_json()
    assert (again["created"], again["changed"]) == (0, 0)


def test_properties_of_an_earlier_release_are_brought_up_to_date_once(ws: Workspace, older: Api) -> None:
    before = held(older, "deals")
    looked = provisioning.provision(ws, dry=True).to_json()
    assert (looked["created"], looked["refused"]) == (0, 0) and looked["changed"] > 30
    assert held(older, "deals") == before, "a dry run changes nothing"
    said = {s["name"]: s["text"] for s in looked["steps"] if s["object"] == "companies"}
    assert "labels 1 Tier 1" in said["sc_customer_tier"] and "its label" in said["sc_churn_risk"]
    assert provisioning.provision(ws, dry=False).to_json()["changed"] == looked["changed"]
    as_people_read_them(older)
    assert provisioning.provision(ws, dry=False).to_json()["changed"] == 0


def test_what_an_admin_set_by_hand_before_stays(ws: Workspace, older: Api) -> None:
    def by_hand(object: str, name: str, **body: Any) -> None:
        assert older.send("PATCH", f"/crm/properties/2026-03/{object}/{name}", body).status_code == 200

    by_hand("deals", "sc_probability", numberDisplayHint="unformatted")
    by_hand("deals", "sc_score", displayOrder=40)
    by_hand("companies", "sc_churn_risk", label="Risk of leaving")
    tiers = held(older, "companies")["sc_customer_tier"]["options"]
    by_hand(
        "companies",
        "sc_customer_tier",
        options=[{**o, "label": f"{o['value']}. class"} for o in tiers[:1]] + tiers[1:],
    )
    provisioning.provision(ws, dry=False)
    deals, companies = held(older, "deals"), held(older, "companies")
    assert deals["sc_probability"]["numberDisplayHint"] == "unformatted"
    assert deals["sc_score"]["displayOrder"] == 40
    assert companies["sc_churn_risk"]["label"] == "Risk of leaving"
    assert [o["label"] for o in companies["sc_customer_tier"]["options"]] == ["1. class", "Tier 2", "Tier 3"]


def test_what_an_admin_turns_back_afterwards_stays_too(ws: Workspace, portal: Api) -> None:
    """Turned back, a setting looks as if nobody had touched it; that it was settled before is remembered."""
    provisioning.provision(ws, dry=False)
    base = "/crm/properties/2026-03/deals"
    portal.send("PATCH", f"{base}/sc_model", {"hidden": False, "displayOrder": -1})
    portal.send("PATCH", f"{base}/sc_probability", {"numberDisplayHint": "formatted"})
    assert provisioning.provision(ws, dry=False).to_json()["changed"] == 0
    mine = held(portal, "deals")
    assert (mine["sc_model"]["hidden"], mine["sc_probability"]["numberDisplayHint"]) == (False, "formatted")
    # Taken away and made anew, they are shown as we mean it.
    provisioning.remove(ws)
    provisioning.provision(ws, dry=False)
    as_people_read_them(portal)


def test_a_property_that_an_admin_named_to_us_is_theirs_to_show(portal: Api) -> None:
    body = {
        "name": "likelihood",
        "label": "Likelihood",
        "type": "number",
        "fieldType": "number",
        "groupName": "dealinformation",
    }
    assert portal.post("/crm/properties/2026-03/deals", body).status_code == 201
    api = HubSpotApi("t", url=portal.sandbox.url)
    crm = HubSpotConnector(
        api, read="2026-03", write="2026-03", naming=Naming(names={"probability": "likelihood"})
    )
    crm.provision({"deals": (by_key("probability"),)}, dry=False)
    found = portal.get("/crm/properties/2026-03/deals/likelihood").json()
    assert (found["label"], found.get("numberDisplayHint"), found["displayOrder"]) == ("Likelihood", None, -1)


@pytest.mark.parametrize("times", [1, 2])
def test_an_api_that_does_not_take_formats_gets_the_field_without(portal: Api, times: int) -> None:
    mine = {"deals": (by_key("expected_value"),)}
    crm = hubspot(portal)
    portal.control(
        "faults",
        kind="status",
        status=400,
        policy="VALIDATION_ERROR",
        method="POST",
        path="properties/2026-03/deals$",
        times=times,
    )
    (_, step) = crm.provision(mine, dry=False)
    assert step.state == "created" and "Settings > Properties" in step.text
    found = held(portal, "deals")["sc_expected_value"]
    assert ("numberDisplayHint" in found, found.get("showCurrencySymbol")) == (
        False,
        True if times == 1 else None,
    )
    # And so where it is changed.
    portal.control(
        "faults",
        kind="status",
        status=400,
        policy="VALIDATION_ERROR",
        method="PATCH",
        path="properties/2026-03/deals",
        times=1,
    )
    (_, step) = crm.provision(mine, dry=False)
    assert step.state == "changed"


@pytest.mark.parametrize("field", FIELDS, ids=lambda f: f.key)
def test_labels_are_words(field: Field) -> None:
    for option in field.options:
        label = field.option_label(option)
        assert label[0].isupper() and not label.isdigit() and "_" not in label


# -- Salesforce ---------------------------------------------------------------------------------------------------


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Sf]:
    with company(tmp_path) as made:
        yield made


def older_field(org: Sf, field: Field) -> str:
    """A custom field of Account as an earlier release made it; its Tooling id."""
    body = metadata(field, Naming())
    if field.labels_before:
        body["label"] = f"SC {field.labels_before[0]}"
    if "valueSet" in body:
        for v in body["valueSet"]["valueSetDefinition"]["value"]:
            v["label"] = field.option_label_before(v["fullName"])
    name = f"Account.{Naming().salesforce(field.key)}"
    answer = org.post("tooling/sobjects/CustomField", {"FullName": name, "Metadata": body})
    assert answer.status_code == 201
    return str(answer.json()["id"])


def labels(org: Sf, name: str) -> list[str]:
    return [v["label"] for v in org.fields("Account")[name]["picklistValues"]]


def test_labels_of_an_earlier_release_are_brought_up_to_date_on_salesforce(org: Sf, tmp_path: Path) -> None:
    mine = {"companies": (by_key("churn_risk"), by_key("customer_tier"), by_key("segment"))}
    for f in mine["companies"]:
        older_field(org, f)
    crm = open_connector(Connection(crm="salesforce", url=org.sandbox.url), "t", Settings().write)

    def states(steps: list[ProvisionStep]) -> dict[str, str]:
        return {s.name: s.state for s in steps if s.kind == "field"}

    assert set(states(crm.provision(mine, dry=True)).values()) == {"would change", "exists"}
    done = states(crm.provision(mine, dry=False))
    assert done == {
        "Account.SC_Churn_Risk__c": "changed", "Account.SC_Customer_Tier__c": "changed", "Account.SC_Segment__c": "exists",
    }  # fmt: skip
    assert org.fields("Account")["SC_Churn_Risk__c"]["label"] == "SC Churn risk (%)"
    assert labels(org, "SC_Customer_Tier__c") == ["Tier 1", "Tier 2", "Tier 3"]
    assert set(states(crm.provision(mine, dry=False)).values()) == {"exists"}


def test_a_value_that_a_release_adds_comes_to_a_picklist_that_is_there(org: Sf) -> None:
    field_id = older_field(org, by_key("next_step_feedback"))
    meta = org.get(f"tooling/sobjects/CustomField/{field_id}").json()["Metadata"]
    held = meta["valueSet"]["valueSetDefinition"]["value"]
    meta["valueSet"]["valueSetDefinition"]["value"] = [v for v in held if v["fullName"] != "later"]
    org.patch(f"tooling/sobjects/CustomField/{field_id}", {"Metadata": meta})

    def values() -> list[str]:
        meta = org.get(f"tooling/sobjects/CustomField/{field_id}").json()["Metadata"]
        return [v["fullName"] for v in meta["valueSet"]["valueSetDefinition"]["value"]]

    assert "later" not in values()
    crm = open_connector(Connection(crm="salesforce", url=org.sandbox.url), "t", Settings().write)
    (step,) = [
        s
        for s in crm.provision({"companies": (by_key("next_step_feedback"),)}, dry=False)
        if s.kind == "field"
    ]
    assert step.state == "changed" and "adds later" in step.text
    assert "later" in values()


def test_labels_that_an_admin_gave_stay_on_salesforce(org: Sf) -> None:
    field_id = older_field(org, by_key("customer_tier"))
    meta = org.get(f"tooling/sobjects/CustomField/{field_id}").json()["Metadata"]
    meta["valueSet"]["valueSetDefinition"]["value"][0]["label"] = "Gold"
    org.patch(f"tooling/sobjects/CustomField/{field_id}", {"Metadata": meta})
    crm = open_connector(Connection(crm="salesforce", url=org.sandbox.url), "t", Settings().write)
    crm.provision({"companies": (by_key("customer_tier"),)}, dry=False)
    assert labels(org, "SC_Customer_Tier__c") == ["Gold", "Tier 2", "Tier 3"]


def test_what_only_programs_read_is_in_no_list_or_report_and_the_guide_leaves_it_off(org: Sf) -> None:
    crm = open_connector(Connection(crm="salesforce", url=org.sandbox.url), "t", Settings().write)
    crm.provision(ALL, dry=False)
    crm.extras(ALL, dry=False)
    held = org.get("ui-api/list-info/Opportunity/SC_My_Records_To_Work").json()
    assert not {"SC_Next_Step_Id__c", "SC_Model__c"} & set(held["displayColumns"])
    assert 'but for "SC Next step: id" and "SC Model"' in crm.guide()[0]


# -- what the pages show ------------------------------------------------------------------------------------------

DEAL = {
    "score": "71", "grade": "A", "probability": "0.9210", "expected_value": "169098.68", "next_step": "Call",
    "next_step_due": "2024-07-05", "next_step_id": "call:1", "model": "sales 1a2b", "trend": "rising",
    "reasons": "A meeting is planned: +12\nEverything else: +9",
}  # fmt: skip
COMPANY = {"value_12m": "1234567.5", "churn_risk": "0", "customer_tier": "1", "segment": "needs_attention"}


def page(url: str) -> str:
    answer = requests.get(url, timeout=10)
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
def test_a_page_shows_values_as_the_crm_would(tmp_path: Path, crm: Any) -> None:
    data = write_folder(folder(tmp_path), FILES)
    with Sandbox(data=data, clock=CLOCK, crms=(crm,)) as sandbox:
        made = open_connector(Connection(crm=crm, url=sandbox.url), "t", Settings().write)
        made.provision(fields("all", OBJECTS), dry=False)
        names = {"hubspot": ("deals", "companies"), "salesforce": ("Opportunity", "Account")}[crm]
        (deal, *_), (firm, *_) = ([r.id for r in sandbox.store.each(crm, n)] for n in names)
        changes = [Change("deals", deal, DEAL)], [Change("companies", firm, COMPANY)]
        for part in changes:
            assert {o.state for o in made.push(part, remember=lambda job: None)} == {"done"}
        told = page(f"{sandbox.url}/records/{crm}/{names[0]}/{deal}")
        other = page(f"{sandbox.url}/records/{crm}/{names[1]}/{firm}")
        made.close()
    # Without a table of currencies the org has one, and the portal's deals have their own.
    symbol = {"hubspot": "€", "salesforce": "$"}[crm]
    shown, _, kept = told.partition("Fields that the page leaves out")
    for text in (
        {"hubspot": "<dd>92.1%</dd>", "salesforce": "<dd>92.10%</dd>"}[crm], f"{symbol}169,098.68", "due 2024-07-05",
        "<li>A meeting is planned: +12</li>", "<li>Everything else: +9</li>", "Rising", f"{symbol}1,000.50",
    ):  # fmt: skip
        assert text in shown, text
    for text in ("call:1", "sales 1a2b"):
        assert text not in shown
        assert text in kept, "left out, and still there for who looks"
    for text in ("Tier 1", "Churn risk (%)</dt><dd>0</dd>", "1,234,567.50", "Needs attention"):
        assert text in other, text
