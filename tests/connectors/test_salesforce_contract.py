"""Salesforce fulfils the contract of connectors, over HTTP."""

from typing import Any, ClassVar

import requests
from support.contract import ConnectorContract
from support.contract_base import ADMIN, Org
from support.contract_tasks import TaskContract

from sales_consultant.config.sections import Connection
from sales_consultant.connectors.base import CLOSED, PRIORITY, STATUS, Connector, Task
from sales_consultant.connectors.salesforce.api.client import SalesforceApi
from sales_consultant.connectors.salesforce.connector import SalesforceConnector
from sales_consultant.connectors.salesforce.reading.schema import WRITTEN

NAMES = {"amount": "Amount"}


GERMAN = {
    "statuses": [["Nicht begonnen", False, True], ["In Arbeit", False, False], ["Erledigt", True, False]],
    "priorities": [["Hoch", True, False], ["Normal", False, True], ["Niedrig", False, False]],
}


class OnSalesforce:
    """How an org of Salesforce is opened and edited."""

    crm: ClassVar[str] = "salesforce"
    push_path: ClassVar[str] = "/composite/sobjects$"
    compared: ClassVar[tuple[str, str]] = ("Amount", "StageName")
    # An org without several currencies does not say which one it has.
    currency: ClassVar[str] = "XXX"
    objects: ClassVar[tuple[str, ...]] = ("contacts", "leads", "companies", "deals")
    task_path: ClassVar[str] = "/composite/sobjects$"
    task_kind: ClassVar[tuple[str, str]] = ("Task", "Subject")
    unknown_owner: ClassVar[str] = "005000000000000AAA"

    def open(self, url: str, token: str) -> Connector:
        api = SalesforceApi(Connection(crm="salesforce", url=url), token)
        api.transport.sleep = lambda seconds: None
        return SalesforceConnector(api)

    def without_goals(self, org: Org) -> str:
        org.control("options", forecasts=False)
        return ADMIN

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

    def id_field(self, org: Org) -> str:
        return "SC_Task_Id__c"

    def edit_task(self, org: Org, crm_id: str, subject: str) -> None:
        self._send(
            org, "PATCH", f"sobjects/Task/{crm_id}", {"Subject": subject, "ActivityDate": "2024-09-09"}
        )

    def no_tasks(self, org: Org) -> str:
        # What a user may do with tasks the sandbox does not tell apart: it is the field that this one does not see.
        objects = {name: ["Read", "Edit"] for name in WRITTEN.values()}
        org.control("users", token="a-token-without-tasks", objects=objects)
        return "a-token-without-tasks"

    @staticmethod
    def _send(org: Org, method: str, path: str, body: Any) -> None:
        url = f"{org.sandbox.url}/services/data/v62.0/{path}"
        answer = requests.request(
            method, url, json=body, headers={"Authorization": f"Bearer {ADMIN}"}, timeout=10
        )
        assert answer.ok, answer.text


class TestSalesforce(OnSalesforce, ConnectorContract, TaskContract):
    """The contract on Salesforce."""


class TestTasksOfAnotherLanguage(OnSalesforce, TaskContract):
    """The contract of tasks holds too where an org calls their statuses and priorities otherwise."""

    def set_up_tasks(self, org: Org) -> None:
        org.control("task_words", **GERMAN)

    def test_open_and_closed_are_the_org_s_own_words(self, tasked: Org) -> None:
        connector, deal, owner = self.deal(tasked)
        book = self.book(connector)
        (made,) = book.create([self.a_task(deal, owner)])
        (kept,) = self.kept(tasked)
        assert (kept["Status"], kept["IsClosed"], kept["Priority"]) == ("Nicht begonnen", False, "Hoch")
        list(book.change([Task("sc-1", made.crm_id, None, {STATUS: CLOSED, PRIORITY: "low"})]))
        (kept,) = self.kept(tasked)
        assert (kept["Status"], kept["IsClosed"], kept["Priority"]) == ("Erledigt", True, "Niedrig")
        (read,) = book.read([made.crm_id])
        assert (read.values[STATUS], read.values[PRIORITY]) == (CLOSED, "low")
        # What a person sets that is neither stays a word of theirs.
        self._send(tasked, "PATCH", f"sobjects/Task/{made.crm_id}", {"Status": "In Arbeit"})
        (read,) = book.read([made.crm_id])
        assert read.values[STATUS] == "in arbeit"
