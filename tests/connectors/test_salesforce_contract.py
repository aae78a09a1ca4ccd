"""Salesforce fulfils the contract of connectors, over HTTP."""

from typing import Any, ClassVar

import requests
from support.contract import ConnectorContract
from support.contract_base import ADMIN, Org

from sales_consultant.config.sections import Connection
from sales_consultant.connectors.base import Connector
from sales_consultant.connectors.salesforce.api.client import SalesforceApi
from sales_consultant.connectors.salesforce.connector import SalesforceConnector
from sales_consultant.connectors.salesforce.reading.schema import WRITTEN

NAMES = {"amount": "Amount"}


class TestSalesforce(ConnectorContract):
    """The contract on Salesforce."""

    crm: ClassVar[str] = "salesforce"
    push_path: ClassVar[str] = "/composite/sobjects$"
    compared: ClassVar[tuple[str, str]] = ("Amount", "StageName")
    # An org without several currencies does not say which one it has.
    currency: ClassVar[str] = "XXX"
    objects: ClassVar[tuple[str, ...]] = ("contacts", "leads", "companies", "deals")

    def open(self, url: str, token: str) -> Connector:
        api = SalesforceApi(Connection(crm="salesforce", url=url), token)
        api.transport.sleep = lambda seconds: None
        return SalesforceConnector(api)

    def edit(self, org: Org, object: str, record_id: str, **values: Any) -> None:
        body = {NAMES[k]: float(v) for k, v in values.items()}
        self._send(org, "PATCH", f"sobjects/{WRITTEN[object]}/{record_id}", body)

    def archive(self, org: Org, object: str, record_id: str) -> None:
        self._send(org, "DELETE", f"sobjects/{WRITTEN[object]}/{record_id}", None)

    def read_only(self, org: Org) -> str:
        objects = {name: ["Read"] for name in (*WRITTEN.values(), "Product2", "Campaign")}
        org.control(
            "users",
            token="a-readers-token",
            objects=objects,
            fields={f"{o}.external_id__c": "read" for o in ("Contact", "Lead", "Account", "Opportunity")},
            permission_sets=["SC_Sales_Consultant_Reader"],
        )
        return "a-readers-token"

    @staticmethod
    def _send(org: Org, method: str, path: str, body: Any) -> None:
        url = f"{org.sandbox.url}/services/data/v62.0/{path}"
        answer = requests.request(
            method, url, json=body, headers={"Authorization": f"Bearer {ADMIN}"}, timeout=10
        )
        assert answer.ok, answer.text
