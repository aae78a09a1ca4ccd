"""Writes: what is checked, what follows, and records that were deleted, merged or converted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.salesforce_org import Sf, company

FIELDS: dict[str, dict[str, Any]] = {
    "SC_Score__c": {"label": "SC Score", "type": "Number", "precision": 3, "scale": 0},
    "SC_Probability__c": {"label": "SC Probability", "type": "Percent", "precision": 5, "scale": 2},
    "SC_Grade__c": {
        "label": "SC Grade",
        "type": "Picklist",
        "valueSet": {
            "restricted": True,
            "valueSetDefinition": {"value": [{"fullName": g, "label": g, "default": False} for g in "ABCD"]},
        },
    },
    "SC_Top_Reason__c": {"label": "SC Top reason", "type": "Text", "length": 20},
    "SC_Due__c": {"label": "SC Due", "type": "Date"},
    "SC_Scored_At__c": {"label": "SC Scored at", "type": "DateTime"},
    "SC_Do_Not_Score__c": {"label": "SC Do not score", "type": "Checkbox", "defaultValue": "false"},
}


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Sf]:
    with company(tmp_path) as sf:
        for name, meta in FIELDS.items():
            sf.own_field(f"Contact.{name}", meta)
        sf.grant("Writer", *(f"Contact.{n}" for n in FIELDS))
        yield sf


def change(
    org: Sf, *records: dict[str, Any], whole: bool = False, sobject: str = "Contact"
) -> list[dict[str, Any]]:
    body = {"allOrNone": whole, "records": [{"attributes": {"type": sobject}, **r} for r in records]}
    answer = org.patch("composite/sobjects", body)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


@pytest.mark.parametrize(
    ("given", "held"),
    [
        ({"SC_Score__c": 71}, 71.0),
        ({"SC_Score__c": "71.4"}, 71.0),
        ({"SC_Probability__c": 61.235}, 61.24),
        ({"SC_Grade__c": "a"}, "A"),
        ({"SC_Grade__c": None}, None),
        ({"SC_Top_Reason__c": ""}, None),
        ({"SC_Due__c": "2024-07-01"}, "2024-07-01"),
        ({"SC_Scored_At__c": "2024-06-01T02:00:00.500+02:00"}, "2024-06-01T00:00:00.000+0000"),
        ({"SC_Do_Not_Score__c": "true"}, True),
        ({"SC_Do_Not_Score__c": None}, False),
    ],
)
def test_values_are_kept_as_salesforce_keeps_them(org: Sf, given: dict[str, Any], held: Any) -> None:
    (result,) = change(org, {"id": org.id("Contact", "p1"), **given})
    assert result["success"], result
    (name,) = given
    (value,) = org.values(f"SELECT {name} FROM Contact WHERE external_id__c = 'p1'")
    assert value == held
    assert type(value) is type(held)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"SC_Score__c": 1000}, "NUMBER_OUTSIDE_VALID_RANGE"),
        ({"SC_Score__c": "many"}, "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ({"SC_Score__c": True}, "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ({"SC_Grade__c": "E"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"SC_Top_Reason__c": "x" * 21}, "STRING_TOO_LONG"),
        ({"SC_Due__c": "tomorrow"}, "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ({"SC_Scored_At__c": 5}, "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ({"SC_Do_Not_Score__c": "maybe"}, "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ({"OwnerId": "somebody"}, "MALFORMED_ID"),
        ({"OwnerId": "003000000000001"}, "MALFORMED_ID"),
        ({"OwnerId": "005000000000001"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"LastName": None}, "REQUIRED_FIELD_MISSING"),
        ({"Email": "nobody"}, "INVALID_EMAIL_ADDRESS"),
        ({"CreatedDate": "2024-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
    ],
)
def test_values_that_are_refused(org: Sf, given: dict[str, Any], code: str) -> None:
    good, bad = change(
        org, {"id": org.id("Contact", "p2"), "SC_Score__c": 9}, {"id": org.id("Contact", "p1"), **given}
    )
    assert good["success"]
    assert not bad["success"]
    (error,) = bad["errors"]
    assert error["statusCode"] == code
    assert error["fields"] == list(given) or code == "INVALID_CROSS_REFERENCE_KEY"


def test_results_come_in_order_and_all_or_none_keeps_nothing(org: Sf) -> None:
    p1, p2 = org.id("Contact", "p1"), org.id("Contact", "p2")
    results = change(
        org,
        {"id": p1, "SC_Score__c": 1},
        {"id": "003Qw0000000099AAA"},
        {"id": p2[:15], "SC_Score__c": 2},
        {"id": p1},
    )
    assert [r["success"] for r in results] == [True, False, True, False]
    assert [r.get("id") for r in results] == [p1, None, p2, None]
    assert results[3]["errors"][0]["statusCode"] == "DUPLICATE_VALUE"
    undone = change(org, {"id": p1, "SC_Score__c": 7}, {"id": p2, "SC_Score__c": 7000}, whole=True)
    assert [r["errors"][0]["statusCode"] for r in undone] == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "NUMBER_OUTSIDE_VALID_RANGE",
    ]
    assert org.values("SELECT SC_Score__c FROM Contact ORDER BY Id") == [1, 2]


def test_a_call_as_a_whole_is_refused(org: Sf) -> None:
    p1 = org.id("Contact", "p1")
    record = {"attributes": {"type": "Contact"}, "id": p1}
    for records, code in (
        ([record] * 201, "EXCEEDED_MAX_SIZE_REQUEST"),
        ([{**record, "Nope__c": 1}], "INVALID_FIELD"),
        ([{"id": p1}], "INVALID_INPUT"),
        ([{**record, "attributes": {"type": "Nothing"}}], "INVALID_TYPE"),
        ([], "INVALID_INPUT"),
        ([{**record, "attributes": {"type": t}} for t in ("Contact", "Lead") * 6], "INVALID_INPUT"),
    ):
        answer = org.patch("composite/sobjects", {"records": records})
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)
    broken = org.send("PATCH", "composite/sobjects", data=b"{", headers={"Content-Type": "application/json"})
    assert broken.json()[0]["errorCode"] == "JSON_PARSER_ERROR"


def test_every_write_moves_the_stamps(org: Sf) -> None:
    asked = "SELECT SystemModstamp, LastModifiedDate, CreatedDate FROM Contact WHERE external_id__c = 'p1'"
    before = org.query(asked)[0]
    org.control("clock", advance=60)
    change(org, {"id": org.id("Contact", "p1"), "SC_Score__c": 5})
    after = org.query(asked)[0]
    assert after["SystemModstamp"] == after["LastModifiedDate"] > before["SystemModstamp"]
    assert after["SystemModstamp"].startswith("2024-06-01T00:01:")
    assert after["SystemModstamp"].endswith(".000+0000")
    assert after["CreatedDate"] == before["CreatedDate"]


def test_an_opportunity_moves_on_and_leaves_its_history(org: Sf) -> None:
    deal = org.id("Opportunity", "d2")
    org.control("clock", advance=3600)
    assert org.patch(f"sobjects/Opportunity/{deal}", {"StageName": "won", "Amount": 200}).status_code == 204
    (held,) = org.query(
        f"SELECT IsWon, IsClosed, Probability, ExpectedRevenue FROM Opportunity WHERE Id = '{deal}'"
    )
    assert held == {"IsWon": True, "IsClosed": True, "Probability": 100, "ExpectedRevenue": 200}
    rows = org.query(
        f"SELECT StageName, Amount, CreatedDate, SystemModstamp FROM OpportunityHistory WHERE OpportunityId = '{deal}' ORDER BY CreatedDate"
    )
    assert [(r["StageName"], r["Amount"]) for r in rows] == [("new", None), ("offer", None), ("won", 200)]
    assert rows[1]["SystemModstamp"] == rows[2]["CreatedDate"]
    org.patch(f"sobjects/Opportunity/{deal}", {"NextStep": "call"})
    assert org.values(f"SELECT COUNT(Id) FROM OpportunityHistory WHERE OpportunityId = '{deal}'") == [3]


def test_a_tracked_field_leaves_its_history(org: Sf) -> None:
    contact = org.id("Contact", "p1")
    org.patch(f"sobjects/Contact/{contact}", {"page_views__c": 13, "Title": "CEO"})
    rows = org.query(
        f"SELECT Field, OldValue, NewValue FROM ContactHistory WHERE ContactId = '{contact}' ORDER BY Id"
    )
    assert rows == [
        {"Field": "page_views__c", "OldValue": None, "NewValue": 3},
        {"Field": "page_views__c", "OldValue": 3, "NewValue": 12},
        {"Field": "page_views__c", "OldValue": 12, "NewValue": 13},
    ]


def test_deleted_records_wait_in_the_bin_and_are_purged(org: Sf) -> None:
    contact = org.id("Contact", "p1")
    assert org.send("DELETE", f"sobjects/Contact/{contact}").status_code == 204
    assert org.get(f"sobjects/Contact/{contact}").status_code == 404
    assert org.values("SELECT external_id__c FROM Contact") == ["p2"]
    rows = org.query("SELECT external_id__c, IsDeleted FROM Contact ORDER BY Id", "queryAll")
    assert [r["IsDeleted"] for r in rows] == [True, False]
    assert change(org, {"id": contact, "SC_Score__c": 1})[0]["errors"][0]["statusCode"] == "ENTITY_IS_DELETED"
    window = {"start": "2024-05-30T00:00:00Z", "end": "2024-06-01T00:02:00Z"}
    assert [r["id"] for r in org.get("sobjects/Contact/deleted", **window).json()["deletedRecords"]] == [
        contact
    ]
    assert org.control("purge", crm="salesforce") == {"purged": 1}
    assert org.values("SELECT external_id__c FROM Contact", "queryAll") == ["p2"]
    assert [r["id"] for r in org.get("sobjects/Contact/deleted", **window).json()["deletedRecords"]] == [
        contact
    ]
    assert (
        org.get("sobjects/Contact/deleted", start="2024-01-01T00:00:00Z", end="2024-05-30T00:00:00Z").json()[
            0
        ]["errorCode"]
        == "INVALID_REPLICATION_DATE"
    )


def test_updated_names_what_changed_in_a_window(org: Sf) -> None:
    contact = org.id("Contact", "p2")
    change(org, {"id": contact, "SC_Score__c": 1})
    answer = org.get(
        "sobjects/Contact/updated", start="2024-06-01T00:00:00Z", end="2024-06-01T00:05:00Z"
    ).json()
    assert answer["ids"] == [contact]
    assert answer["latestDateCovered"] == "2024-06-01T00:00:00.000+0000"


def test_a_merge_leaves_the_loser_with_its_master(org: Sf) -> None:
    p1, p2 = org.id("Contact", "p1"), org.id("Contact", "p2")
    org.control("merge", crm="salesforce", master=p2, losers=[p1])
    (gone,) = org.query(
        "SELECT Id, MasterRecordId FROM Contact WHERE IsDeleted = true AND MasterRecordId != null", "queryAll"
    )
    assert gone == {"Id": p1, "MasterRecordId": p2}
    assert set(
        org.values("SELECT WhoId FROM Task WHERE WhoId != null AND Subject IN ('First call', 'Re: offer')")
    ) == {p2}
    (kept,) = org.query("SELECT Title, Email, external_id__c FROM Contact")
    assert kept == {"Title": "CTO", "Email": "quy@beta.example", "external_id__c": "p2"}


def test_a_converted_lead_is_left_alone(org: Sf) -> None:
    converted, lead = org.id("Lead", "l1"), org.id("Lead", "l2")
    assert (
        change(org, {"id": converted, "Title": "x"}, sobject="Lead")[0]["errors"][0]["statusCode"]
        == "CANNOT_UPDATE_CONVERTED_LEAD"
    )
    made = org.control("convert", crm="salesforce", lead=lead)
    (held,) = org.query(
        f"SELECT IsConverted, ConvertedDate, ConvertedContactId, ConvertedOpportunityId, Status FROM Lead WHERE Id = '{lead}'"
    )
    assert held == {
        "IsConverted": True,
        "ConvertedDate": "2024-06-01",
        "ConvertedContactId": made["contact"],
        "ConvertedOpportunityId": made["opportunity"],
        "Status": "Closed - Converted",
    }
    assert org.values("SELECT WhoId FROM Task WHERE Subject = 'Pricing'") == [made["contact"]]
    assert org.values(f"SELECT Field FROM LeadHistory WHERE LeadId = '{lead}'") == ["leadConverted"]


def test_a_late_commit_is_stamped_with_its_beginning(org: Sf) -> None:
    p1 = org.id("Contact", "p1")
    org.control("late", crm="salesforce", object="Contact", id=p1, values={"Title": "late"}, seconds=300)
    new = org.control(
        "late", crm="salesforce", object="Contact", values={"LastName": "Newcomer"}, seconds=600
    )
    rows = org.query("SELECT LastName, SystemModstamp FROM Contact ORDER BY SystemModstamp DESC LIMIT 2")
    assert rows[0]["SystemModstamp"].startswith("2024-05-31T23:55:")
    assert rows[1] == {"LastName": "Newcomer", "SystemModstamp": new["SystemModstamp"]}


def test_single_records_can_be_made_to_fail(org: Sf) -> None:
    p1 = org.id("Contact", "p1")
    org.control("row_errors", crm="salesforce", ids=[p1], times=2)
    for code in ("UNABLE_TO_LOCK_ROW", "UNABLE_TO_LOCK_ROW", None):
        (result,) = change(org, {"id": p1, "SC_Score__c": 1})
        assert result["success"] == (code is None)
        assert code is None or result["errors"][0]["statusCode"] == code
    org.control(
        "row_errors", crm="salesforce", ids=[p1], code="FIELD_CUSTOM_VALIDATION_EXCEPTION", message="No!"
    )
    (error,) = change(org, {"id": p1, "SC_Score__c": 1})[0]["errors"]
    assert error == {"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "No!", "fields": []}


def test_external_ids_and_collections_by_id(org: Sf) -> None:
    assert org.get("sobjects/Contact/external_id__c/p1", fields="LastName").json()["LastName"] == "Ünal"
    answer = org.patch("sobjects/Contact/external_id__c/p1", {"Title": "CIO"})
    assert (answer.status_code, answer.json()["created"]) == (200, False)
    made = org.patch("sobjects/Contact/external_id__c/p9", {"LastName": "Nine"})
    assert (made.status_code, made.json()["created"]) == (201, True)
    p1 = org.id("Contact", "p1")
    rows = org.get("composite/sobjects/Contact", ids=f"{p1},003000000000009", fields="Title").json()
    assert [r and r["Title"] for r in rows] == ["CIO", None]
    removed = org.send("DELETE", f"composite/sobjects?ids={p1},{p1}").json()
    assert [r["success"] for r in removed] == [True, False]
    assert org.get("sobjects/Contact/Title/CIO").status_code == 404


def test_a_composite_passes_ids_on_and_undoes_itself(org: Sf) -> None:
    base = "/services/data/v62.0"
    account = {
        "method": "POST",
        "url": f"{base}/sobjects/Account",
        "referenceId": "a",
        "body": {"Name": "Gamma"},
    }
    person = {
        "method": "POST", "url": f"{base}/sobjects/Contact", "referenceId": "c",
        "body": {"LastName": "Lee", "AccountId": "@{a.id}"},
    }  # fmt: skip
    query = {
        "method": "GET",
        "url": f"{base}/query?q=SELECT+Account.Name+FROM+Contact+WHERE+Id='@{{c.id}}'",
        "referenceId": "q",
    }
    answer = org.post("composite", {"compositeRequest": [account, person, query]}).json()["compositeResponse"]
    assert [r["httpStatusCode"] for r in answer] == [201, 201, 200]
    assert answer[2]["body"]["records"][0]["Account"]["Name"] == "Gamma"
    bad = {**person, "body": {"AccountId": "@{a.id}"}}
    undone = org.post("composite", {"allOrNone": True, "compositeRequest": [account, bad]}).json()[
        "compositeResponse"
    ]
    assert [r["body"][0]["errorCode"] for r in undone] == ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING"]
    assert org.values("SELECT COUNT(Id) FROM Account WHERE Name = 'Gamma'") == [1]
    batch = {
        "batchRequests": [{"method": "GET", "url": "v62.0/limits"}, {"method": "GET", "url": "v62.0/nothing"}]
    }
    results = org.post("composite/batch", batch).json()
    assert results["hasErrors"]
    assert [r["statusCode"] for r in results["results"]] == [200, 404]


def test_a_formula_changes_without_a_stamp(org: Sf) -> None:
    meta = {"label": "Days", "type": "Number", "precision": 5, "scale": 0, "formula": "TODAY() - CreatedDate"}
    org.own_field("Contact.Days__c", meta)
    org.grant("Formulas", "Contact.Days__c", edit=False)
    contact = org.id("Contact", "p1")
    asked = "SELECT SystemModstamp, Days__c FROM Contact WHERE external_id__c = 'p1'"
    before = org.query(asked)[0]
    org.control("formula", crm="salesforce", field="Contact.Days__c", values={contact: 7})
    assert org.query(asked)[0] == {**before, "Days__c": 7}
    assert org.fields("Contact")["Days__c"]["calculated"]
    refused = change(org, {"id": contact, "Days__c": 8})[0]["errors"][0]
    assert refused["statusCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_the_control_endpoint_says_what_it_needs(org: Sf) -> None:
    for action, body in (
        ("users", {"objects": {}}),
        ("users", {"token": "t", "profile": "King"}),
        ("users", {"token": "t", "objects": {"Contact": ["Fly"]}}),
        ("users", {"token": "t", "permission_sets": ["Nothing"]}),
        ("users", {"token": "t", "hidden": ["Contact.Nope"]}),
        ("options", {"nope": 1}),
        ("merge", {"master": org.id("Opportunity", "d1"), "losers": []}),
        ("merge", {"master": org.id("Contact", "p1"), "losers": ["003000000000009"]}),
        ("convert", {"lead": org.id("Lead", "l1")}),
        ("late", {"object": "Nothing", "values": {}}),
        ("formula", {"field": "Contact.Title", "values": {}}),
    ):
        url = f"{org.sandbox.url}/_sandbox/{action}"
        answer = org.session.post(url, json={"crm": "salesforce", **body}, timeout=10)
        assert answer.status_code == 400, (action, body)
        assert answer.json()["error"]
