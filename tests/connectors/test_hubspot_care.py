"""What must not happen: a write taken for not applied, somebody else's field taken over, a killed pull that forgets."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import responses
from support.contract_base import ADMIN, pulled, rows
from support.sandbox_company import CLOCK, FILES, write_folder

from sales_consultant.config.errors import CrmUnavailableError
from sales_consultant.config.fields.catalogue import fields
from sales_consultant.connectors.base import Calls, Change
from sales_consultant.connectors.http.transport import Transport
from sales_consultant.connectors.hubspot.api.client import HubSpotApi
from sales_consultant.connectors.hubspot.connector import HubSpotConnector
from sales_consultant.sandbox.serving.server import Sandbox
from sales_consultant.sync.pull import pull
from sales_consultant.sync.stores.warehouse import Warehouse


def connector(url: str = "") -> HubSpotConnector:
    transport = Transport(calls=Calls(), sleep=lambda seconds: None)
    return HubSpotConnector(HubSpotApi(ADMIN, url=url, transport=transport), read="2026-03", write="2026-03")


@responses.activate
def test_a_gateway_that_gives_up_leaves_the_outcome_open() -> None:
    url = "https://api.hubapi.com/crm/objects/2026-03/contacts/batch/update"
    responses.post(url, status=504, body="<html>Gateway Timeout</html>")
    found = list(connector().push([Change("contacts", "1", {"score": "50"})], remember=lambda job: None))
    assert [o.state for o in found] == ["unknown"]
    assert len(responses.calls) == 1, "what may have been applied is read back, not sent again"


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    folder = tmp_path / "data"
    folder.mkdir()
    with Sandbox(data=write_folder(folder, FILES), clock=CLOCK, crms=("hubspot",)) as made:
        yield made


def test_somebody_else_s_property_of_our_name_and_type_is_left_alone(sandbox: Sandbox) -> None:
    body = {
        "name": "sc_score",
        "label": "Supply chain score",
        "type": "number",
        "fieldType": "number",
        "groupName": "dealinformation",
    }
    headers = {"Authorization": f"Bearer {ADMIN}"}
    answer = requests.post(f"{sandbox.url}/crm/v3/properties/deals", json=body, headers=headers, timeout=10)
    assert answer.ok, answer.text
    chosen = fields("minimal", ["deals"])
    steps = {s.name: s for s in connector(sandbox.url).provision(chosen, dry=False)}
    assert steps["sc_score"].state == "refused"
    assert steps["sc_grade"].state == "created"
    assert "somebody else" in connector(sandbox.url).unwritable("deals", chosen["deals"])["score"]


def test_a_killed_pull_is_ended_and_then_read_on(sandbox: Sandbox) -> None:
    crm = connector(sandbox.url)
    w = pulled(crm)
    until = crm.now()
    for stream in ("deals", "link_deals_contacts"):
        w.begin(stream, definition=crm.definition(stream), since=until - 1000, until=until)
    sandbox.clock.advance(7200)
    record_id = rows(w, "SELECT id FROM deals WHERE name = 'Beta tills'")[0][0]
    headers = {"Authorization": f"Bearer {ADMIN}"}
    address = f"{sandbox.url}/crm/v3/objects/deals/{record_id}"
    assert requests.patch(address, json={"properties": {"amount": "99"}}, headers=headers, timeout=10).ok
    pull(crm, w, until=crm.now())
    assert [str(a) for (a,) in rows(w, f"SELECT amount FROM deals WHERE id = '{record_id}'")] == ["99.00"]


def test_an_erased_record_is_noticed_by_the_next_whole_pull(sandbox: Sandbox) -> None:
    crm = connector(sandbox.url)
    w = pulled(crm)
    record_id = rows(w, "SELECT id FROM contacts WHERE email = 'quy@beta.example'")[0][0]
    sandbox.clock.advance(60)
    body = {"object": "contacts", "id": record_id}
    assert requests.post(f"{sandbox.url}/_sandbox/purge", json=body, timeout=10).ok
    done = pull(crm, w, until=crm.now(), full=True)
    assert done.vanished == 1
    assert rows(w, f"SELECT deleted FROM contacts WHERE id = '{record_id}'") == [(True,)]


def test_a_merged_record_is_not_planned(sandbox: Sandbox) -> None:
    crm = connector(sandbox.url)
    crm.provision(fields("minimal", ["contacts"]), dry=False)
    w = pulled(crm)
    ids = [r[0] for r in rows(w, "SELECT id FROM contacts ORDER BY id")][:2]
    sandbox.clock.advance(60)
    body = {"object": "contacts", "primary": ids[0], "other": ids[1]}
    assert requests.post(f"{sandbox.url}/_sandbox/merge", json=body, timeout=10).ok
    pulled(crm, w)
    table, condition = crm.raw("contacts")
    left = {r[0] for r in rows(w, f"SELECT id FROM {table} WHERE {condition}")}
    assert not left & set(ids)


def test_lost_answers_on_a_read_are_the_crm_s_trouble(sandbox: Sandbox) -> None:
    body = {"kind": "lost", "path": ".*", "times": 50}
    assert requests.post(f"{sandbox.url}/_sandbox/faults", json=body, timeout=10).ok
    with pytest.raises(CrmUnavailableError):
        connector(sandbox.url).identity()


def test_a_warehouse_that_was_never_pulled_says_so() -> None:
    assert Warehouse(None).empty
