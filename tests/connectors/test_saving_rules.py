"""What an org's own rules make of our updates: an alert is no refusal, a block is one with a reason, owners stay."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.salesforce_org import Sf, company

from sales_consultant.config.fields.catalogue import fields
from sales_consultant.config.sections import Connection
from sales_consultant.connectors.base import Change, Outcome
from sales_consultant.connectors.salesforce.api.client import SalesforceApi
from sales_consultant.connectors.salesforce.connector import SalesforceConnector

TWINS, MANY = 6, 230


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Sf]:
    with company(tmp_path) as sf:
        connector(sf).provision(fields("minimal", ("contacts", "leads")), dry=False)
        yield sf


def connector(sf: Sf) -> SalesforceConnector:
    api = SalesforceApi(Connection(crm="salesforce", url=sf.sandbox.url), "an-admins-token")
    api.transport.sleep = lambda _: None
    return SalesforceConnector(api, sleep=lambda _: None)


def contacts(sf: Sf, count: int, twins: int) -> list[str]:
    """So many contacts, of which some have one e-mail address."""
    rows = [
        {
            "attributes": {"type": "Contact"},
            "LastName": f"N{n}",
            "Email": "twin@x.example" if n < twins else f"n{n}@x.example",
        }
        for n in range(count)
    ]
    for start in range(0, count, 200):
        assert sf.post("composite/sobjects", {"allOrNone": True, "records": rows[start : start + 200]}).ok
    return [str(i) for i in sf.values("SELECT Id FROM Contact WHERE LastName LIKE 'N%' ORDER BY Id")]


def push(sf: Sf, ids: list[str], object: str = "contacts") -> dict[str, Outcome]:
    found = list(
        connector(sf).push([Change(object, i, {"score": "50"}) for i in ids], remember=lambda _: None)
    )
    assert sorted(o.record_id for o in found) == sorted(ids), "one outcome each"
    return {o.record_id: o for o in found}


@pytest.mark.parametrize("count", [20, MANY], ids=["collections", "bulk"])
def test_a_rule_that_only_alerts_refuses_nothing(org: Sf, count: int) -> None:
    ids = contacts(org, count, TWINS)
    org.control("duplicates", object="Contact", name="Same_mail", fields=["Email"], does="alert")
    found = push(org, ids)
    assert {o.state for o in found.values()} == {"done"}
    assert set(org.values("SELECT SC_Score__c FROM Contact WHERE LastName LIKE 'N%'")) == {50.0}


@pytest.mark.parametrize("count", [20, MANY], ids=["collections", "bulk"])
def test_a_rule_that_blocks_is_a_dead_letter_that_can_be_read(org: Sf, count: int) -> None:
    ids = contacts(org, count, TWINS)
    org.control("duplicates", object="Contact", name="Same_mail", fields=["Email"], does="block")
    found = push(org, ids)
    dead = [o for o in found.values() if o.state == "dead"]
    assert len(dead) == TWINS
    assert {(o.code, o.message) for o in dead} == {("DUPLICATES_DETECTED", "Use one of these records?")}
    assert {o.state for o in found.values()} == {"done", "dead"}


def test_a_job_that_is_found_again_leaves_alerts_to_the_next_run(org: Sf) -> None:
    ids = contacts(org, MANY, TWINS)
    org.control("duplicates", object="Contact", name="Same_mail", fields=["Email"], does="alert")
    jobs: list[str] = []
    crm, changes = connector(org), [Change("contacts", i, {"score": "50"}) for i in ids]
    next(iter(crm.push(changes, remember=jobs.append)))
    found = {o.record_id: o for o in connector(org).resume(jobs[-1], changes)}
    assert [o.code for o in found.values() if o.state == "retry"] == ["DUPLICATES_DETECTED"] * TWINS


@pytest.mark.parametrize("count", [20, MANY], ids=["collections", "bulk"])
def test_an_assignment_rule_gives_no_lead_of_ours_away(org: Sf, count: int) -> None:
    """The first of two others of the kind: REST runs the active rule on every update that does not say otherwise."""
    rows = [{"attributes": {"type": "Lead"}, "LastName": f"L{n}", "Company": f"C{n}"} for n in range(count)]
    for start in range(0, count, 200):
        assert org.post("composite/sobjects", {"allOrNone": True, "records": rows[start : start + 200]}).ok
    where = "FROM Lead WHERE LastName LIKE 'L%'"
    ids = [str(i) for i in org.values(f"SELECT Id {where}")]
    owners = org.values(f"SELECT OwnerId {where} ORDER BY Id")
    other = next(i for i in org.values("SELECT Id FROM User WHERE IsActive = true") if i not in owners)
    org.control("assignment", object="Lead", owner=other)
    assert {o.state for o in push(org, ids, "leads").values()} == {"done"}
    assert org.values(f"SELECT OwnerId {where} ORDER BY Id") == owners
    # What a call without the header does.
    assert org.patch(f"sobjects/Lead/{ids[0]}", {"Company": "Other"}).status_code == 204
    assert org.values(f"SELECT OwnerId FROM Lead WHERE Id = '{ids[0]}'") == [other]


def test_a_rule_on_another_field_of_another_object_is_told_apart(org: Sf) -> None:
    """The second: two rules at once, of which one only alerts; the reason is of the one that blocks."""
    ids = contacts(org, 8, 4)
    org.control("duplicates", object="Contact", name="A", fields=["Email"], does="alert", message="alike")
    org.control(
        "duplicates", object="Contact", name="B", fields=["LastName", "Email"], does="block", message="same"
    )
    assert {o.state for o in push(org, ids).values()} == {"done"}
    answer = org.patch(f"sobjects/Contact/{ids[1]}", {"LastName": "N0"})
    error = answer.json()[0]
    assert (answer.status_code, error["errorCode"], error["message"]) == (400, "DUPLICATES_DETECTED", "alike")
    assert error["duplicateResult"]["allowSave"] is True
    headers = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
    again = org.send("PATCH", f"sobjects/Contact/{ids[1]}", {"LastName": "N0"}, headers=headers)
    assert again.json()[0]["message"] == "same"
    assert again.json()[0]["duplicateResult"]["allowSave"] is False
