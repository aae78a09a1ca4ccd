"""A field that is computed from fields of ours is told apart, so that no model learns from its own scores."""

from pathlib import Path

from support.salesforce_org import company
from support.sandbox_company import CLOCK, FILES, Api, write_folder
from support.worlds import NOW, World

from sales_consultant.config.fields.catalogue import fields
from sales_consultant.config.fields.naming import Naming
from sales_consultant.config.populations import FeatureSettings
from sales_consultant.config.sections import Connection
from sales_consultant.connectors.base import Calls, Connector
from sales_consultant.connectors.http.transport import Transport
from sales_consultant.connectors.hubspot.api.client import HubSpotApi
from sales_consultant.connectors.hubspot.connector import HubSpotConnector
from sales_consultant.connectors.salesforce.api.client import SalesforceApi
from sales_consultant.connectors.salesforce.connector import SalesforceConnector
from sales_consultant.sandbox.serving.server import Sandbox
from sales_consultant.scoring.features.crm_fields import candidates
from sales_consultant.sync.pull import pull
from sales_consultant.sync.stores.warehouse import Warehouse


def known(connector: Connector) -> dict[str, str]:
    """How each custom field of contacts is known after a pull."""
    warehouse = Warehouse(None)
    pull(connector, warehouse, until=connector.now())
    rows = warehouse.con.execute(
        "SELECT name, known FROM fields WHERE object = 'contacts' AND custom"
    ).fetchall()
    warehouse.close()
    return dict(rows)


def test_on_hubspot(tmp_path: Path) -> None:
    with Sandbox(data=write_folder(tmp_path, FILES), clock=CLOCK, crms=("hubspot",)) as sandbox:
        crm = Api(sandbox)
        api = HubSpotApi("t", url=sandbox.url, transport=Transport(calls=Calls(), sleep=lambda seconds: None))
        connector = HubSpotConnector(api, read="2026-03", write="2026-03", naming=Naming())
        connector.provision(fields("minimal", ["contacts"]), dry=False)
        for name, formula in (("doubled", "sc_score * 2"), ("honest", "num_notes * 2")):
            body = {"name": name, "label": name, "type": "number", "groupName": "contactinformation"}
            calculated = {"fieldType": "calculation_equation", "calculationFormula": formula}
            assert crm.post("/crm/v3/properties/contacts", body | calculated).status_code == 201
        refused = crm.post(
            "/crm/v3/properties/contacts", body | {"name": "empty", "fieldType": "calculation_equation"}
        )
        assert refused.status_code == 400
        found = known(connector)
        assert connector.tasks is not None
        connector.tasks.provision(dry=False)
        connector.forget()
        with_tasks = known(connector)
        connector.close()
    assert found["doubled"] == with_tasks["doubled"] == "over_ours"
    assert found["honest"] != "over_ours"
    # Once tasks of ours may be there, what HubSpot counts of activities counts them too.
    assert with_tasks["honest"] == "over_ours"


def test_on_salesforce(tmp_path: Path) -> None:
    with company(tmp_path) as org:
        connection = Connection(crm="salesforce", url=org.sandbox.url)
        connector = SalesforceConnector(SalesforceApi(connection, "an-admins-token"), naming=Naming())
        connector.provision(fields("minimal", ["contacts"]), dry=False)
        number = {"type": "Number", "precision": 6, "scale": 0}
        formulas = {"Doubled": "SC_Score__c * 2", "Honest": "1 + 1", "Quiet": "TODAY() - LastActivityDate"}
        for name, formula in formulas.items():
            org.own_field(f"Contact.{name}__c", {**number, "label": name, "formula": formula})
        org.grant("Seen", *(f"Contact.{n}__c" for n in formulas), edit=False)
        found = known(connector)
        assert connector.tasks is not None
        connector.tasks.provision(dry=False)
        connector.forget()
        with_tasks = known(connector)
        connector.close()
    assert found["Doubled__c"] == with_tasks["Doubled__c"] == "over_ours"
    assert found["Honest__c"] == with_tasks["Honest__c"] == "current"
    # Once tasks of ours may be there, what Salesforce dates by activities is dated by them too.
    assert (found["Quiet__c"], with_tasks["Quiet__c"]) == ("current", "over_ours")


def test_nobody_learns_from_it() -> None:
    world = World()
    world.add("deals", id="d1", created_at=NOW, c_paper=4.0)
    row = {"type": "number", "custom": True, "calculated": True, "ours": False}
    world.add(
        "fields",
        object="deals",
        column_name="c_paper",
        name="c_paper",
        label="Paper",
        known="over_ours",
        **row,
    )
    used, dropped = candidates(world.connection(), "deals", FeatureSettings())
    assert [(d.column, d.kind) for d in dropped] == [("deals.c_paper", "over_ours")]
    assert "from its own scores" in dropped[0].evidence
    assert "c_paper" not in {f.column for f in used}
