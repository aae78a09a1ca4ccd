"""HubSpot fulfils the contract of connectors, over HTTP."""

from typing import Any, ClassVar

import requests
from support.contract import ConnectorContract
from support.contract_base import ADMIN, Org

from sales_consultant.connectors.base import Calls, Connector
from sales_consultant.connectors.http.transport import Transport
from sales_consultant.connectors.hubspot.api.client import HubSpotApi
from sales_consultant.connectors.hubspot.connector import HubSpotConnector

NAMES = {"amount": "amount"}


class TestHubSpot(ConnectorContract):
    """The contract on HubSpot."""

    crm: ClassVar[str] = "hubspot"
    push_path: ClassVar[str] = "/batch/update$"
    compared: ClassVar[tuple[str, str]] = ("amount", "dealstage")
    objects: ClassVar[tuple[str, ...]] = ("contacts", "companies", "deals")

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

    @staticmethod
    def _send(org: Org, method: str, path: str, body: Any) -> None:
        headers = {"Authorization": f"Bearer {ADMIN}"}
        answer = requests.request(method, org.sandbox.url + path, json=body, headers=headers, timeout=10)
        assert answer.ok, answer.text
