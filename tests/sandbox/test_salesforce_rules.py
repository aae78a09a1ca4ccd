"""What an admin set up around writes: rules, triggers, flows, locks, inactive users, currencies with dated rates."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.salesforce_org import Sf, company
from support.sandbox_company import FILES


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Sf]:
    with company(tmp_path) as sf:
        yield sf


def _rule(org: Sf) -> None:
    org.control(
        "rule", object="Opportunity", name="Offers_Need_Amounts", error_if="StageName = 'offer' AND Amount = null",
        message="An offer needs an amount.", field="Amount",
    )  # fmt: skip


def test_a_validation_rule_refuses_a_write_because_of_another_field(org: Sf) -> None:
    deals = [org.id("Opportunity", d) for d in ("d1", "d2")]
    _rule(org)
    answer = org.patch(f"sobjects/Opportunity/{deals[1]}", {"NextStep": "call"})
    assert answer.json() == [
        {
            "message": "An offer needs an amount.",
            "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "fields": ["Amount"],
        }
    ]
    assert org.values(f"SELECT NextStep FROM Opportunity WHERE Id = '{deals[1]}'") == [None]
    job = org.ingest("Opportunity", "update", f"Id,NextStep\n{deals[0]},x\n{deals[1]},x\n")
    (failed,) = org.table(f"jobs/ingest/{job}/failedResults")
    assert failed["sf__Error"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION:An offer needs an amount.:Amount--"
    rows = [{"attributes": {"type": "Opportunity"}, "Id": i, "NextStep": "y"} for i in deals]
    results = org.patch("composite/sobjects", {"allOrNone": False, "records": rows}).json()
    assert [r["success"] for r in results] == [True, False]
    assert org.patch(f"sobjects/Opportunity/{deals[1]}", {"NextStep": "call", "Amount": 5}).status_code == 204


def test_a_rule_binds_new_records_too_until_it_is_switched_off(org: Sf) -> None:
    _rule(org)
    new = {"Name": "New", "StageName": "offer", "CloseDate": "2024-09-01"}
    assert org.post("sobjects/Opportunity", new).json()[0]["errorCode"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    found = (
        "SELECT ValidationName, Active, ErrorMessage, EntityDefinition.QualifiedApiName FROM ValidationRule"
    )
    (row,) = org.get(
        "tooling/query", q=f"{found} WHERE EntityDefinition.QualifiedApiName = 'Opportunity'"
    ).json()["records"]
    assert (row["ValidationName"], row["Active"]) == ("Offers_Need_Amounts", True)
    assert row["EntityDefinition"]["QualifiedApiName"] == "Opportunity"
    org.control(
        "rule", object="Opportunity", name="Offers_Need_Amounts", active=False, error_if="Amount = null"
    )
    assert org.post("sobjects/Opportunity", new).status_code == 201
    assert (
        org.get("tooling/query", q="SELECT Active FROM ValidationRule").json()["records"][0]["Active"]
        is False
    )


def test_a_trigger_refuses_in_its_own_words(org: Sf) -> None:
    org.control(
        "rule",
        kind="trigger",
        object="Contact",
        name="Guard",
        when="before",
        error_if="Title = 'CTO'",
        message="No.",
    )
    answer = org.patch(f"sobjects/Contact/{org.id('Contact', 'p1')}", {"Department": "x"})
    assert answer.json()[0]["errorCode"] == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    assert answer.json()[0]["message"] == "Guard: execution of BeforeUpdate\n\ncaused by: No."


def test_triggers_flows_and_workflow_rules_can_be_listed(org: Sf) -> None:
    for kind, active in (("trigger", True), ("flow", True), ("workflow", True)):
        org.control("rule", kind=kind, object="Contact", name=f"A_{kind}", active=active)
    org.control("rule", kind="flow", object="Lead", name="Old_flow", active=False)
    triggers = "SELECT Name, TableEnumOrId, UsageAfterUpdate FROM ApexTrigger WHERE Status = 'Active' AND TableEnumOrId = 'Contact'"
    assert org.query(triggers) == [
        {"Name": "A_trigger", "TableEnumOrId": "Contact", "UsageAfterUpdate": True}
    ]
    assert org.get("tooling/query", q=triggers).json()["totalSize"] == 1
    flows = (
        "SELECT ApiName, TriggerType, TriggerObjectOrEvent.QualifiedApiName, ActiveVersionId FROM FlowDefinitionView "
        "WHERE IsActive = true AND TriggerObjectOrEventId IN ('Contact', 'Lead')"
    )
    (flow,) = org.query(flows)
    assert (flow["ApiName"], flow["TriggerType"]) == ("A_flow", "RecordAfterSave")
    assert flow["TriggerObjectOrEvent"]["QualifiedApiName"] == "Contact"
    rules = org.get("tooling/query", q="SELECT Name, TableEnumOrId FROM WorkflowRule").json()["records"]
    assert [r["Name"] for r in rules] == ["A_workflow"]
    weak = org.user("weak", objects={"Contact": ["Read"]})
    assert weak.error("SELECT Name FROM ApexTrigger")["errorCode"] == "INVALID_TYPE"


def test_a_record_that_waits_for_approval_is_locked(org: Sf) -> None:
    deal = org.id("Opportunity", "d1")
    weak = org.user("weak", objects={"Opportunity": ["Read", "Edit"]})
    org.control("lock", ids=[deal])
    refused = weak.patch(f"sobjects/Opportunity/{deal}", {"NextStep": "x"})
    assert refused.json() == [
        {"message": "the entity is locked for editing", "errorCode": "ENTITY_IS_LOCKED", "fields": []}
    ]
    assert org.patch(f"sobjects/Opportunity/{deal}", {"NextStep": "x"}).status_code == 204
    org.control("lock", ids=[deal], even_admins=True)
    job = org.ingest("Opportunity", "update", f"Id,NextStep\n{deal},y\n")
    assert org.table(f"jobs/ingest/{job}/failedResults")[0]["sf__Error"].startswith("ENTITY_IS_LOCKED:")
    org.control("lock", ids=[deal], locked=False)
    assert weak.patch(f"sobjects/Opportunity/{deal}", {"NextStep": "z"}).status_code == 204


def test_an_inactive_user_keeps_what_it_owns_and_gets_nothing_new(org: Sf) -> None:
    contact = org.id("Contact", "p1")
    (owner,) = org.values(f"SELECT OwnerId FROM Contact WHERE Id = '{contact}'")
    org.control("deactivate", ids=[owner])
    assert org.values(f"SELECT Owner.IsActive FROM Contact WHERE Id = '{contact}'")[0]["IsActive"] is False
    assert org.patch(f"sobjects/Contact/{contact}", {"Title": "x"}).status_code == 204
    answer = org.patch(f"sobjects/Contact/{org.id('Contact', 'p2')}", {"OwnerId": owner})
    assert answer.json()[0]["errorCode"] == "INACTIVE_OWNER_OR_USER"


def test_dated_rates_and_amounts_that_change_their_currency(tmp_path: Path) -> None:
    with company(tmp_path, {**FILES, "currencies": "code,rate\nEUR,1\nUSD,1.1\n"}) as org:
        assert org.error("SELECT IsoCode FROM DatedConversionRate")["errorCode"] == "INVALID_TYPE"
        org.control("dated_rates", rates=[
            {"code": "USD", "rate": 1.2, "start": "2024-03-01"}, {"code": "USD", "rate": 1.1, "start": "2024-01-01"},
        ])  # fmt: skip
        rows = org.query(
            "SELECT IsoCode, ConversionRate, StartDate, NextStartDate FROM DatedConversionRate ORDER BY StartDate"
        )
        assert [(r["ConversionRate"], r["StartDate"], r["NextStartDate"]) for r in rows] == [
            (1.1, "2024-01-01", "2024-03-01"), (1.2, "2024-03-01", "9999-12-31"),
        ]  # fmt: skip
        deal = org.id("Opportunity", "d1")
        assert org.patch(f"sobjects/Opportunity/{deal}", {"CurrencyIsoCode": "USD"}).status_code == 204
        assert org.values(f"SELECT Amount FROM Opportunity WHERE Id = '{deal}'") == [1100.55]


@pytest.mark.parametrize(
    ("action", "body", "word"),
    [
        ("rule", {"object": "Contact", "name": "x"}, "error_if"),
        ("rule", {"object": "Contact", "name": "x", "error_if": "Nothing = 1"}, "Nothing"),
        ("rule", {"kind": "spell", "object": "Contact", "name": "x"}, "kind"),
        ("lock", {"ids": ["x"]}, "id"),
        ("deactivate", {"ids": ["x"]}, "user"),
        ("dated_rates", {"rates": []}, "currency"),
    ],
)
def test_what_cannot_be_set_up_is_said(org: Sf, action: str, body: dict[str, object], word: str) -> None:
    answer = org.session.post(f"{org.sandbox.url}/_sandbox/{action}", json=body, timeout=10)
    assert answer.status_code == 400 and word in answer.json()["error"]
