"""HubSpot fulfils the contract of connectors, over HTTP."""

from typing import Any, ClassVar

import requests
from support.contract import ConnectorContract
from support.contract_base import ADMIN, Org
from support.contract_tasks import TaskContract

from sales_consultant.connectors.base import Calls, Connector
from sales_consultant.connectors.http.transport import Transport
from sales_consultant.connectors.hubspot.api.client import HubSpotApi
from sales_consultant.connectors.hubspot.connector import HubSpotConnector

NAMES = {"amount": "amount"}


class TestHubSpot(ConnectorContract, TaskContract):
    """The contract on HubSpot."""

    crm: ClassVar[str] = "hubspot"
    push_path: ClassVar[str] = "/batch/update$"
    compared: ClassVar[tuple[str, str]] = ("amount", "dealstage")
    objects: ClassVar[tuple[str, ...]] = ("contacts", "companies", "deals")
    task_path: ClassVar[str] = "/tasks/batch/create$"
    task_kind: ClassVar[tuple[str, str]] = ("tasks", "hs_task_subject")

    def open(self, url: str, token: str) -> Connector:
        transport = Transport(calls=Calls(), sleep=lambda seconds: None)
        return HubSpotConnector(
            HubSpotApi(token, url=url, transport=transport), read="2026-03", write="2026-03"
        )

    def edit(self, org: Org, object: str, record_id: str, **values: Any) -> None:
        body = {"properties": {NAMES[k]: v for k, v in values.items()}}
        self._send(org, "PATCH", f"/crm/v3/objects/{object}/{record_id}", body)

    def archive(self, org: Org, object: str, record_id: str) -> None:
        self._send(org, "DELETE", f"/crm/v3/objects/{object}/{record_id}", None)

    def read_only(self, org: Org) -> str:
        writing = [f"crm.objects.{o}.write" for o in self.objects] + [
            f"crm.schemas.{o}.write" for o in self.objects
        ]
        org.control("users", token="a-readers-token", without=writing)
        return "a-readers-token"

    def without_goals(self, org: Org) -> str:
        org.control("users", token="a-token-without-goals", without=["crm.objects.goals.read"])
        return "a-token-without-goals"

    def id_field(self, org: Org) -> str:
        return "sc_task_id"

    def edit_task(self, org: Org, crm_id: str, subject: str) -> None:
        body = {"properties": {"hs_task_subject": subject, "hs_timestamp": "2024-09-09T10:00:00Z"}}
        self._send(org, "PATCH", f"/crm/v3/objects/tasks/{crm_id}", body)

    def no_tasks(self, org: Org) -> str:
        org.control("users", token="a-token-without-tasks", without=["crm.objects.contacts.write"])
        return "a-token-without-tasks"

    @staticmethod
    def _send(org: Org, method: str, path: str, body: Any) -> None:
        headers = {"Authorization": f"Bearer {ADMIN}"}
        answer = requests.request(method, org.sandbox.url + path, json=body, headers=headers, timeout=10)
        assert answer.ok, answer.text
