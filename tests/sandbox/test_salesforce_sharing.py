"""Which records a user sees: owner-based sharing in every way of reading and writing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.salesforce_org import Sf, company

OBJECTS = {
    "Account": ["Read", "Edit", "Delete"], "Contact": ["Read", "Edit", "Delete", "Create"],
    "Opportunity": ["Read", "Edit", "Delete", "Create"], "Lead": ["Read"], "Campaign": ["Read"],
}  # fmt: skip
DAY = {"start": "2024-05-31T00:00:00Z", "end": "2024-06-02T00:00:00Z"}


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Sf]:
    with company(tmp_path) as sf:
        yield sf


def _own(org: Sf, user: Sf, sobject: str, external: str) -> str:
    """Give a record to a user; its id."""
    me = user.get("/services/oauth2/userinfo").json()["user_id"]
    id = org.id(sobject, external)
    assert org.patch(f"sobjects/{sobject}/{id}", {"OwnerId": me}).status_code == 204
    return id


def test_without_a_default_everything_is_seen(org: Sf) -> None:
    weak = org.user("weak", objects=OBJECTS)
    assert weak.values("SELECT COUNT(Id) FROM Contact") == [2]


def test_private_hides_rows_in_every_way_of_reading(org: Sf) -> None:
    weak = org.user("weak", objects=OBJECTS)
    mine, others = _own(org, weak, "Contact", "p1"), org.id("Contact", "p2")
    org.control("sharing", Contact="Private")
    assert weak.values("SELECT Id FROM Contact") == [mine]
    assert weak.get("query", q="SELECT COUNT() FROM Contact").json()["totalSize"] == 1
    assert weak.values("SELECT Id FROM Contact", "queryAll") == [mine]
    assert weak.get(f"sobjects/Contact/{mine}").status_code == 200
    assert weak.get(f"sobjects/Contact/{others}").status_code == 404
    assert weak.get("sobjects/Contact/external_id__c/p2").status_code == 404
    both = weak.get("composite/sobjects/Contact", ids=f"{others},{mine}", fields="Id").json()
    assert [r and r["Id"] for r in both] == [None, mine]
    job = weak.post("jobs/query", {"operation": "queryAll", "query": "SELECT Id FROM Contact"}).json()["id"]
    assert weak.get(f"jobs/query/{job}").json()["numberRecordsProcessed"] == 1
    assert weak.table(f"jobs/query/{job}/results") == [{"Id": mine}]
    assert org.patch(f"sobjects/Contact/{others}", {"Title": "x"}).status_code == 204
    org.control("clock", advance=120)
    assert weak.get("sobjects/Contact/updated", **DAY).json()["ids"] == [mine]
    assert org.send("DELETE", f"sobjects/Contact/{others}").status_code == 204
    org.control("clock", advance=120)
    assert weak.get("sobjects/Contact/deleted", **DAY).json()["deletedRecords"] == []
    assert len(org.get("sobjects/Contact/deleted", **DAY).json()["deletedRecords"]) == 1


def test_an_administrator_sees_all_the_same(org: Sf) -> None:
    org.control("sharing", Contact="Private", Account="Private", Opportunity="Private", Activity="Private")
    assert org.values("SELECT COUNT(Id) FROM Contact") == [2]
    assert org.values("SELECT COUNT(Id) FROM Task", "queryAll") != [0]


def test_view_all_records_shows_and_modify_all_writes(org: Sf) -> None:
    org.control("sharing", Contact="Private")
    sees = org.user("sees", objects={**OBJECTS, "Contact": ["Read", "Edit", "ViewAllRecords"]})
    every = ["Read", "Edit", "Delete", "ViewAllRecords", "ModifyAllRecords"]
    rules = org.user("rules", objects={**OBJECTS, "Contact": every})
    p1 = org.id("Contact", "p1")
    assert sees.values("SELECT COUNT(Id) FROM Contact") == [2]
    refused = sees.patch(f"sobjects/Contact/{p1}", {"Title": "x"})
    assert refused.json()[0]["errorCode"] == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert rules.patch(f"sobjects/Contact/{p1}", {"Title": "x"}).status_code == 204
    assert rules.send("DELETE", f"sobjects/Contact/{p1}").status_code == 204


def test_writes_tell_a_record_that_is_read_only_from_one_that_is_not_seen(org: Sf) -> None:
    weak = org.user("weak", objects=OBJECTS)
    mine, others = _own(org, weak, "Contact", "p1"), org.id("Contact", "p2")
    org.control("sharing", Contact="Read", Account="Private")
    assert weak.values("SELECT COUNT(Id) FROM Contact") == [2]
    rows = [{"attributes": {"type": "Contact"}, "Id": i, "Title": "x"} for i in (mine, others)]
    results = weak.patch("composite/sobjects", {"allOrNone": False, "records": rows}).json()
    assert [r["success"] for r in results] == [True, False]
    assert results[1]["errors"][0]["statusCode"] == "INSUFFICIENT_ACCESS_OR_READONLY"
    org.control("sharing", Contact="Private")
    job = weak.ingest("Contact", "update", f"Id,Title\n{mine},y\n{others},y\n")
    (failed,) = weak.table(f"jobs/ingest/{job}/failedResults")
    assert failed["sf__Error"].startswith("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY:")
    account = org.id("Account", "c2")
    answer = weak.patch(f"sobjects/Contact/{mine}", {"AccountId": account})
    assert answer.json()[0]["errorCode"] == "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"


def test_children_follow_their_parents_and_owners_read_the_account(org: Sf) -> None:
    weak = org.user("weak", objects=OBJECTS)
    deal = _own(org, weak, "Opportunity", "d2")
    org.control(
        "sharing", Account="Private", Opportunity="Private", Contact="ControlledByParent", Lead="Private"
    )
    assert set(weak.values("SELECT OpportunityId FROM OpportunityHistory")) == {deal}
    assert weak.values("SELECT Id FROM Account") == [org.id("Account", "c2")]
    assert weak.values("SELECT Id FROM Contact") == [org.id("Contact", "p2")]
    assert weak.values("SELECT Id FROM Lead") == []
    seen = weak.values("SELECT WhatId FROM Task", "queryAll") + weak.values("SELECT WhatId FROM Event")
    assert seen and set(seen) == {deal}


def test_a_hidden_parent_shows_nothing_through_a_lookup(org: Sf) -> None:
    weak = org.user("weak", objects=OBJECTS)
    org.control("sharing", Account="Private")
    assert weak.values("SELECT Account.Name FROM Contact") == [None, None]
    assert weak.values("SELECT COUNT(Id) FROM Contact WHERE Account.Name = 'Acme'") == [0]


def test_what_an_admin_asks_about_rights_is_there(org: Sf) -> None:
    org.control("sharing", Contact="Private")
    weak = org.user("weak", objects={**OBJECTS, "Contact": ["Read", "ViewAllRecords"]}, rights=["ViewSetup"])
    me = weak.get("/services/oauth2/userinfo").json()["user_id"]
    granted = weak.query(
        "SELECT SobjectType, PermissionsRead, PermissionsViewAllRecords FROM ObjectPermissions WHERE ParentId IN "
        f"(SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = '{me}') AND SobjectType IN ('Contact', 'Lead')"
    )
    assert {r["SobjectType"]: r["PermissionsViewAllRecords"] for r in granted} == {
        "Contact": True,
        "Lead": False,
    }
    sets = weak.query(
        "SELECT PermissionSet.IsOwnedByProfile, PermissionSet.PermissionsViewAllData, PermissionSet.Profile.Name "
        f"FROM PermissionSetAssignment WHERE AssigneeId = '{me}'"
    )
    assert sorted(s["PermissionSet"]["IsOwnedByProfile"] for s in sets) == [False, True]
    assert not any(s["PermissionSet"]["PermissionsViewAllData"] for s in sets)
    assert org.values("SELECT DefaultContactAccess FROM Organization") == ["None"]
    model = "SELECT InternalSharingModel FROM EntityDefinition WHERE QualifiedApiName = 'Contact'"
    (row,) = org.get("tooling/query", q=model).json()["records"]
    assert row["InternalSharingModel"] == "Private"


def test_user_record_access(org: Sf) -> None:
    weak = org.user("weak", objects={**OBJECTS, "Account": ["Read"]})
    me = weak.get("/services/oauth2/userinfo").json()["user_id"]
    mine, others = _own(org, weak, "Contact", "p1"), org.id("Contact", "p2")
    org.control("sharing", Contact="Private")
    found = weak.query(
        "SELECT RecordId, HasReadAccess, HasEditAccess, MaxAccessLevel FROM UserRecordAccess "
        f"WHERE UserId = '{me}' AND RecordId IN ('{mine}', '{others}', '{org.id('Account', 'c1')}')"
    )
    assert [(r["HasReadAccess"], r["HasEditAccess"], r["MaxAccessLevel"]) for r in found] == [
        (True, True, "All"), (False, False, "None"), (True, False, "Read"),
    ]  # fmt: skip
    assert (
        org.error(f"SELECT RecordId FROM UserRecordAccess WHERE UserId = '{me}'")["errorCode"]
        == "MALFORMED_QUERY"
    )


def test_rights_on_all_records_need_the_rights_below_them(org: Sf) -> None:
    set_id = org.create("PermissionSet", Name="All_Of_It", Label="All of it")
    row = {
        "ParentId": set_id,
        "SobjectType": "Lead",
        "PermissionsRead": True,
        "PermissionsModifyAllRecords": True,
    }
    assert org.post("sobjects/ObjectPermissions", row).json()[0]["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"
    good = {**row, "PermissionsModifyAllRecords": False, "PermissionsViewAllRecords": True}
    assert org.post("sobjects/ObjectPermissions", good).status_code == 201


def test_a_profiles_own_set_stays_assigned(org: Sf) -> None:
    found = org.values(
        "SELECT Id FROM PermissionSetAssignment WHERE PermissionSet.IsOwnedByProfile = true LIMIT 1"
    )
    assert org.send("DELETE", f"sobjects/PermissionSetAssignment/{found[0]}").status_code == 400


@pytest.mark.parametrize("clause", ["WHERE SC_Score__c > 1", "ORDER BY SC_Score__c", "GROUP BY SC_Score__c"])
def test_a_hidden_field_is_not_there_for_conditions_orders_and_bulk(org: Sf, clause: str) -> None:
    org.own_field("Contact.SC_Score__c")
    what = "COUNT(Id)" if clause.startswith("GROUP") else "Id"
    assert org.error(f"SELECT {what} FROM Contact {clause}")["errorCode"] == "INVALID_FIELD"
    body = {"operation": "query", "query": "SELECT Id, SC_Score__c FROM Contact"}
    assert org.post("jobs/query", body).json()[0]["errorCode"] == "INVALID_FIELD"
    job = org.ingest("Contact", "update", f"Id,SC_Score__c\n{org.id('Contact', 'p1')},5\n")
    assert org.get(f"jobs/ingest/{job}").json()["state"] == "Failed"


def test_an_unknown_default_is_refused(org: Sf) -> None:
    answer = org.session.post(f"{org.sandbox.url}/_sandbox/sharing", json={"Contact": "Secret"}, timeout=10)
    assert answer.status_code == 400 and "Private" in answer.json()["error"]
