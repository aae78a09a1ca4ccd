"""Both CRMs take every text that we make, at the length that they count, and give it back as it was."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.contract_base import ADMIN
from support.salesforce_org import company
from support.sandbox_company import CLOCK, FILES, Api, write_folder

from sales_consultant.config.fields.canon import written
from sales_consultant.config.fields.catalogue import by_key, fields
from sales_consultant.config.fields.naming import Naming
from sales_consultant.config.sections import Connection
from sales_consultant.connectors.base import Calls, Change
from sales_consultant.connectors.http.transport import Transport
from sales_consultant.connectors.hubspot.api.client import HubSpotApi
from sales_consultant.connectors.hubspot.connector import HubSpotConnector
from sales_consultant.connectors.salesforce.api.client import SalesforceApi
from sales_consultant.connectors.salesforce.connector import SalesforceConnector
from sales_consultant.sandbox.serving.server import Sandbox

# Labels of forty signs are eighty units.
LONG = Naming(labels={"score": "𠮟" * 60, "grade": "x" * 38 + "👍🏽"}, label="👍" * 40)
CRMS = ("hubspot", "salesforce")
KEYS = ("top_reason", "next_step", "reasons", "model", "next_step_reason", "probability")
VALUES = st.fixed_dictionaries(
    {
        **{k: st.text(st.sampled_from("ab 👍𠮟é\u0301\u200d🇩🇪\n"), max_size=700) for k in KEYS[:-1]},
        "probability": st.sampled_from([0, 1, 0.99999, 1e-9, 0.5]),
    }
)


@pytest.fixture(scope="module")
def crms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[Any, str]]]:
    folder = write_folder(tmp_path_factory.mktemp("portal"), FILES)
    with (
        Sandbox(data=folder, clock=CLOCK, crms=("hubspot",)) as sandbox,
        company(tmp_path_factory.mktemp("org")) as org,
    ):
        transport = Transport(calls=Calls(), sleep=lambda seconds: None)
        hubspot = HubSpotConnector(
            HubSpotApi(ADMIN, url=sandbox.url, transport=transport), read="2026-03", write="2026-03", naming=LONG
        )  # fmt: skip
        salesforce = SalesforceConnector(
            SalesforceApi(Connection(crm="salesforce", url=org.sandbox.url), ADMIN), naming=LONG
        )
        for crm in (hubspot, salesforce):
            steps = crm.provision(fields("all", ["deals"]), dry=False)
            assert {s.state for s in steps} <= {"created", "granted", "exists", "verified"}, steps
        salesforce.user()
        made = Api(sandbox).post("/crm/v3/objects/deals", {"properties": {"dealname": "D"}}).json()["id"]
        (deal, *_) = org.values("SELECT Id FROM Opportunity")
        yield {"hubspot": (hubspot, made), "salesforce": (salesforce, str(deal))}


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(values=VALUES)
@example(values={**dict.fromkeys(KEYS, "👍" * 600), "probability": 1})
@example(values={**dict.fromkeys(KEYS, "👨\u200d👩\u200d👧\u200d👦 \n" * 90), "probability": 0})
def test_what_we_write_is_taken_and_settles(
    crms: dict[str, tuple[Any, str]], values: dict[str, object]
) -> None:
    wanted = {k: written(by_key(k), v) for k, v in values.items()}
    for crm, record in crms.values():
        change = Change("deals", record, wanted)
        (outcome,) = crm.push([change], remember=lambda job: None)
        assert outcome.state == "done", outcome
        (held,) = crm.read_back("deals", [record], [by_key(k) for k in KEYS])
        assert {k: held.values.get(k) for k in KEYS} == wanted


def test_salesforce_shows_a_hundredth_of_a_percent_and_never_a_hundred(tmp_path: Path) -> None:
    with company(tmp_path) as org:
        crm = SalesforceConnector(SalesforceApi(Connection(crm="salesforce", url=org.sandbox.url), ADMIN))
        crm.user()
        crm.provision(fields("standard", ["deals"]), dry=False)
        (deal, *_) = org.values("SELECT Id FROM Opportunity")
        for p, shown in ((1, 99.99), (0, 0.01)):
            change = Change("deals", str(deal), {"probability": written(by_key("probability"), p)})
            assert [o.state for o in crm.push([change], remember=lambda job: None)] == ["done"]
            assert org.values(f"SELECT SC_Probability__c FROM Opportunity WHERE Id = '{deal}'") == [shown]


def test_the_sandboxes_count_utf_16_units(tmp_path: Path) -> None:
    with company(tmp_path) as org:
        (deal, *_) = org.values("SELECT Id FROM Opportunity")
        for size, status in ((60, 204), (61, 400)):
            # An opportunity's name has room for 120 units: sixty signs of two.
            answer = org.patch(f"sobjects/Opportunity/{deal}", {"Name": "👍" * size})
            assert answer.status_code == status
        assert answer.json()[0]["errorCode"] == "STRING_TOO_LONG"
    with Sandbox(crms=("hubspot",)) as sandbox:
        portal = Api(sandbox)
        for size, status in ((32_768, 201), (32_769, 400)):
            body = {"properties": {"dealname": "👍" * size}}
            assert portal.post("/crm/v3/objects/deals", body).status_code == status
