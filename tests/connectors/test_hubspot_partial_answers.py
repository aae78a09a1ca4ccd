"""An answer of 207 is a part of one: what it leaves out with an error is asked again, and never taken for gone."""

import json
from typing import Any

import pytest
import requests
from histories.hubspot_world import HubSpotWorld
from requests.adapters import HTTPAdapter

from sales_consultant.config.errors import CrmUnavailableError
from sales_consultant.config.fields.catalogue import fields
from sales_consultant.connectors.base import Connector
from sales_consultant.sync.pull import pull
from sales_consultant.sync.pull.pull import Pulled

CONTACTS, LINKS = "/contacts/batch/read", "/contacts/companies/batch/read"


class Partial(HTTPAdapter):
    """The first answers to matching calls leave out their last record; `named`: say which one that is."""

    def __init__(self, inner: HTTPAdapter, path: str, *, times: int, named: bool) -> None:
        super().__init__()
        self.inner, self.path, self.times, self.named = inner, path, times, named
        self.asked: list[int] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        response = self.inner.send(request, *args, **kwargs)
        if not str(request.url).endswith(self.path):
            return response
        self.asked.append(len(json.loads(request.body or b"{}")["inputs"]))
        body = response.json()
        if self.times and body["results"]:
            self.times -= 1
            left_out = body["results"].pop()
            id = str(left_out.get("id") or left_out["from"]["id"])
            error = {"status": "error", "category": "INTERNAL_ERROR", "message": "Something broke"}
            body["errors"] = [
                *body.get("errors", ()),
                {**error, "context": {"ids": [id]} if self.named else {}},
            ]
            body["numErrors"] = len(body["errors"])
            response.status_code = 207
            response._content = json.dumps(body).encode()
        return response

    def close(self) -> None:
        """The adapter inside is others' too."""


def partial(world: HubSpotWorld, path: str, times: int, named: bool = True) -> tuple[Connector, Partial]:
    connector = world.connector("", False)
    adapter = Partial(world.sandbox.adapter, path, times=times, named=named)
    world.session(connector).mount("http://", adapter)
    return connector, adapter


def pulled(world: HubSpotWorld, connector: Connector) -> Pulled:
    try:
        return pull(connector, world.warehouse, until=connector.now())
    finally:
        connector.close()


def people(world: HubSpotWorld, count: int) -> list[str]:
    path = "/crm/v3/objects/contacts"
    made = [world.sandbox.call("POST", path, {"properties": {"firstname": "A"}})["id"] for _ in range(count)]
    world.sandbox.clock.advance(3600)
    return made


def count(world: HubSpotWorld, table: str) -> int:
    return int(world.warehouse.number(f"SELECT count(*) FROM {table}") or 0)


@pytest.mark.parametrize("named", [True, False])
def test_a_record_that_could_not_be_read_is_asked_again(world: HubSpotWorld, named: bool) -> None:
    people(world, 2)
    pulled(world, world.connector("", False))
    people(world, 5)
    connector, adapter = partial(world, CONTACTS, 1, named)
    pulled(world, connector)
    assert adapter.asked == [5, 1] and count(world, "raw_contacts") == 7


def test_a_record_that_stays_unread_holds_the_watermark(world: HubSpotWorld) -> None:
    people(world, 2)
    pulled(world, world.connector("", False))
    before = world.warehouse.state("contacts").watermark
    last = people(world, 3)[-1]
    with pytest.raises(CrmUnavailableError, match=f"but for {last}: INTERNAL_ERROR Something broke"):
        pulled(world, partial(world, CONTACTS, 99)[0])
    assert world.warehouse.state("contacts").watermark == before
    pulled(world, world.connector("", False))
    assert count(world, "raw_contacts") == 5


def test_links_that_could_not_be_read_stay(world: HubSpotWorld) -> None:
    company = world.sandbox.call("POST", "/crm/v3/objects/companies", {"properties": {"name": "X"}})["id"]
    ids = people(world, 4)
    for id in ids[:3]:
        world.sandbox.call("PUT", f"/crm/v4/objects/contacts/{id}/associations/default/companies/{company}")
    pulled(world, world.connector("", False))
    for id in ids:
        world.sandbox.call("PATCH", f"/crm/v3/objects/contacts/{id}", {"properties": {"firstname": "B"}})
    world.sandbox.clock.advance(3600)
    with pytest.raises(CrmUnavailableError):
        pulled(world, partial(world, LINKS, 99)[0])
    assert count(world, "raw_link_contacts_companies") == 3
    connector, adapter = partial(world, LINKS, 1)
    pulled(world, connector)
    assert adapter.asked[:2] == [4, 1] and count(world, "raw_link_contacts_companies") == 3


def test_a_record_that_could_not_be_read_back_is_not_told_to_be_gone(world: HubSpotWorld) -> None:
    ids = people(world, 2)
    connector, _ = partial(world, CONTACTS, 1)
    chosen = fields("minimal", ["contacts"])["contacts"]
    assert [h.found for h in connector.read_back("contacts", [*ids, "77"], chosen)] == [True, True, False]
    connector.close()
