"""A connection whose language changes: what we named is named anew, what people named stays."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.salesforce_org import Sf, company
from support.sandbox_company import CLOCK, FILES, Api, write_folder

from sales_consultant.config.fields.catalogue import by_key, fields
from sales_consultant.config.language.translation import Language
from sales_consultant.config.populations import Population
from sales_consultant.config.sections import Connection
from sales_consultant.config.settings import Settings
from sales_consultant.connectors import open_connector
from sales_consultant.sandbox.serving.server import Sandbox
from sales_consultant.sync.runtime.workspace import Workspace
from sales_consultant.sync.setup import provisioning

POPULATIONS = {
    "new": Population(
        object="deals", event="won", where={"pipeline": "sales"}, label="New business", horizon_days=90
    )
}


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Api]:
    (tmp_path / "data").mkdir()
    with Sandbox(data=write_folder(tmp_path / "data", FILES), clock=CLOCK, crms=("hubspot",)) as sandbox:
        yield Api(sandbox)


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Sf]:
    with company(tmp_path) as made:
        yield made


def changed(url: str, crm: str, folder: Path, language: Language) -> int:
    """Provision a connection in a language; how many things were changed."""
    settings = Settings.model_validate(
        {"connections": {"main": {"crm": crm, "url": url, "language": language}}, "write": {"set": "all"}}
    )
    connection = settings.connections["main"]
    connector = open_connector(connection, "t", settings.write)
    with Workspace(settings, "main", connection, folder, connector=connector) as ws:
        done = provisioning.provision(ws, dry=False).to_json()
        assert done["refused"] == 0
        return int(done["changed"])


def hubspot_names(portal: Api, object: str) -> dict[str, tuple[str, dict[str, str]]]:
    """Label and option labels by the name of a property."""
    found = portal.get(f"/crm/properties/2026-03/{object}").json()["results"]
    return {
        p["name"]: (p["label"], {o["value"]: o["label"] for o in p.get("options") or ()})
        for p in found
        if p["groupName"] == "sales_consultant"
    }


def test_labels_on_hubspot_follow_the_language_there_and_back(portal: Api, tmp_path: Path) -> None:
    url, folder = portal.sandbox.url, tmp_path / "state"
    changed(url, "hubspot", folder, "en")
    english = {o: hubspot_names(portal, o) for o in ("deals", "companies", "contacts")}
    assert changed(url, "hubspot", folder, "zh") > 30
    deals, contacts = hubspot_names(portal, "deals"), hubspot_names(portal, "contacts")
    assert deals["sc_score"][0] == "Sales Consultant: 评分"
    assert deals["sc_next_step_priority"][1] == {"high": "高", "medium": "中", "low": "低"}
    assert contacts["sc_do_not_score"][1] == {"true": "是", "false": "否"}
    assert changed(url, "hubspot", folder, "zh") == 0
    assert changed(url, "hubspot", folder, "en") > 30
    assert {o: hubspot_names(portal, o) for o in english} == english


def test_labels_that_an_admin_gave_on_hubspot_stay_in_every_language(portal: Api, tmp_path: Path) -> None:
    url, folder = portal.sandbox.url, tmp_path / "state"
    changed(url, "hubspot", folder, "en")
    base = "/crm/properties/2026-03/deals"
    held = portal.get(f"{base}/sc_next_step_priority").json()["options"]
    options = [{**o, "label": "Urgent"} if o["value"] == "high" else o for o in held]
    portal.send("PATCH", f"{base}/sc_next_step_priority", {"options": options})
    portal.send("PATCH", f"{base}/sc_score", {"label": "Our score"})
    changed(url, "hubspot", folder, "zh")
    deals = hubspot_names(portal, "deals")
    assert deals["sc_score"][0] == "Our score"
    assert deals["sc_next_step_priority"][1] == {"high": "Urgent", "medium": "中", "low": "低"}
    # An admin who turns one back in the same language has the last word.
    portal.send("PATCH", f"{base}/sc_grade", {"label": "Sales Consultant: Grade"})
    assert changed(url, "hubspot", folder, "zh") == 0


def salesforce_names(org: Sf) -> dict[str, tuple[str, list[str]]]:
    return {
        n: (f["label"], [v["label"] for v in f["picklistValues"]])
        for n, f in org.fields("Account").items()
        if n.startswith("SC_")
    }


def test_labels_on_salesforce_follow_the_language_there_and_back(org: Sf) -> None:
    chosen = {"companies": fields("all", ["companies"])["companies"]}

    def provision(language: Language) -> set[str]:
        connection = Connection(crm="salesforce", url=org.sandbox.url, language=language)
        steps = open_connector(connection, "t", Settings().write).provision(chosen, dry=False)
        return {s.state for s in steps if s.kind == "field"}

    provision("en")
    english = salesforce_names(org)
    provision("zh")
    chinese = salesforce_names(org)
    assert chinese["SC_Next_Step_Priority__c"] == ("SC 下一步：优先级", ["高", "中", "低"])
    assert provision("zh") == {"exists"}
    provision("en")
    assert salesforce_names(org) == english


def test_labels_that_an_admin_gave_on_salesforce_stay_in_every_language(org: Sf) -> None:
    chosen = {"companies": (by_key("customer_tier"), by_key("segment"))}

    def provision(language: Language) -> None:
        connection = Connection(crm="salesforce", url=org.sandbox.url, language=language)
        open_connector(connection, "t", Settings().write).provision(chosen, dry=False)

    provision("en")
    rows = org.get(
        "tooling/query", q="SELECT Id FROM CustomField WHERE DeveloperName = 'SC_Customer_Tier'"
    ).json()["records"]
    path = f"tooling/sobjects/CustomField/{rows[0]['Id']}"
    meta = org.get(path).json()["Metadata"]
    meta["label"] = "Class"
    meta["valueSet"]["valueSetDefinition"]["value"][0]["label"] = "Gold"
    org.patch(path, {"Metadata": meta})
    provision("zh")
    assert salesforce_names(org)["SC_Customer_Tier__c"] == ("Class", ["Gold", "2级", "3级"])


def test_help_with_the_events_of_the_settings_is_in_one_language() -> None:
    chosen = {"deals": fields("minimal", ["deals"])["deals"]}

    def helped(language: Language) -> str:
        return next(f.help for f in provisioning.explained(chosen, POPULATIONS, language)["deals"])

    assert helped("en") == (
        "50 is average, 10 points more double the odds. New business: won within 90 days."
    )
    assert helped("zh").endswith("New business：90天内赢单。") and helped("zh").startswith("50 为平均水平")
