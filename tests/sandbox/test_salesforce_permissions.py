"""Field-level security and object permissions, and their effect on describe, SOQL and writes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.salesforce_org import Sf, company

FIELD = "Contact.SC_Score__c"


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Sf]:
    with company(tmp_path) as sf:
        yield sf


def test_a_new_field_is_hidden_from_everyone_until_granted_and_assigned(org: Sf) -> None:
    contact = org.id("Contact", "p1")
    org.own_field(FIELD)
    assert "SC_Score__c" not in org.fields("Contact")
    assert org.error("SELECT SC_Score__c FROM Contact")["errorCode"] == "INVALID_FIELD"
    refused = org.patch(f"sobjects/Contact/{contact}", {"SC_Score__c": 5})
    assert refused.status_code == 400
    assert refused.json()[0]["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert refused.json()[0]["fields"] == ["SC_Score__c"]
    set_id = org.grant("Writer", FIELD, me=False)
    assert "SC_Score__c" not in org.fields("Contact")
    user = org.get("/services/oauth2/userinfo").json()["user_id"]
    org.create("PermissionSetAssignment", AssigneeId=user, PermissionSetId=set_id)
    seen = org.fields("Contact")["SC_Score__c"]
    assert (seen["type"], seen["updateable"], seen["custom"], seen["precision"]) == ("double", True, True, 3)
    assert org.patch(f"sobjects/Contact/{contact}", {"SC_Score__c": 5}).status_code == 204
    assert org.values(f"SELECT SC_Score__c FROM Contact WHERE Id = '{contact}'") == [5]


def test_read_is_not_edit(org: Sf) -> None:
    org.own_field(FIELD)
    set_id = org.grant("Reader", FIELD, edit=False)
    assert org.fields("Contact")["SC_Score__c"]["updateable"] is False
    answer = org.patch(f"sobjects/Contact/{org.id('Contact', 'p1')}", {"SC_Score__c": 5})
    assert answer.json()[0]["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    (row,) = org.query(f"SELECT Id, PermissionsEdit FROM FieldPermissions WHERE ParentId = '{set_id}'")
    assert org.patch(f"sobjects/FieldPermissions/{row['Id']}", {"PermissionsEdit": True}).status_code == 204
    assert org.fields("Contact")["SC_Score__c"]["updateable"] is True
    nothing = {"PermissionsRead": False, "PermissionsEdit": False}
    assert org.patch(f"sobjects/FieldPermissions/{row['Id']}", nothing).status_code == 204
    assert org.query(f"SELECT Id FROM FieldPermissions WHERE ParentId = '{set_id}'") == []
    assert "SC_Score__c" not in org.fields("Contact")


def test_a_rep_needs_the_set_too(org: Sf) -> None:
    org.own_field(FIELD)
    org.grant("Reader", FIELD, edit=False)
    rep = org.user("a-reps-token", rep=True)
    assert "SC_Score__c" not in rep.fields("Contact")
    org.user("a-reps-token", rep=True, permission_sets=["Reader"])
    assert rep.fields("Contact")["SC_Score__c"]["updateable"] is False
    assert "external_id__c" in rep.fields("Contact")


def test_a_user_sees_the_objects_of_its_permissions_only(org: Sf) -> None:
    weak = org.user("weak", objects={"Contact": ["Read"]})
    assert weak.values("SELECT COUNT(Id) FROM Contact") == [2]
    assert weak.error("SELECT Id FROM Opportunity")["errorCode"] == "INVALID_TYPE"
    assert weak.error("SELECT Id FROM OpportunityHistory")["errorCode"] == "INVALID_TYPE"
    assert weak.get("sobjects/Opportunity/describe").status_code == 404
    listed = {o["name"]: o for o in weak.get("sobjects").json()["sobjects"]}
    assert "Opportunity" not in listed
    assert listed["Contact"]["updateable"] is False
    assert not any(f["updateable"] for f in weak.fields("Contact").values())
    answer = weak.patch(f"sobjects/Contact/{org.id('Contact', 'p1')}", {"Title": "x"})
    assert answer.json()[0]["errorCode"] == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert weak.post("sobjects/Contact", {"LastName": "x"}).status_code == 400
    assert weak.error("SELECT Id FROM PermissionSet")["errorCode"] == "INVALID_TYPE"


def test_hidden_standard_fields_and_their_history(org: Sf) -> None:
    weak = org.user("blind", profile="Standard User", hidden=["Contact.Email"])
    assert "Email" not in weak.fields("Contact")
    assert weak.error("SELECT Id FROM Contact WHERE Email = 'x'")["errorCode"] == "INVALID_FIELD"
    assert org.values("SELECT Field FROM ContactHistory") == ["page_views__c", "page_views__c"]
    blind = org.user("blinder", objects={"Contact": ["Read"]})
    assert "page_views__c" not in blind.fields("Contact")
    assert blind.query("SELECT Id FROM ContactHistory") == []


def test_setup_needs_its_rights(org: Sf) -> None:
    rep = org.user("rep", profile="Standard User")
    body = {"FullName": FIELD, "Metadata": {"label": "x", "type": "Checkbox", "defaultValue": "false"}}
    assert rep.post("tooling/sobjects/CustomField", body).status_code == 404
    viewer = org.user("viewer", profile="Standard User", rights=["ViewSetup"])
    assert viewer.query("SELECT Name FROM PermissionSet WHERE Name = 'None'") == []
    refused = viewer.post("sobjects/PermissionSet", {"Name": "A", "Label": "A"})
    assert refused.json()[0]["errorCode"] == "INSUFFICIENT_ACCESS_OR_READONLY"
    maker = org.user("maker", profile="Standard User", rights=["ViewSetup", "CustomizeApplication"])
    assert maker.post("tooling/sobjects/CustomField", body).status_code == 201


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Field": "Contact.Nope__c"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"Field": "Contact.LastName"}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"PermissionsRead": False}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"ParentId": "0PS000000000001"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"Extra": 1}, "INVALID_FIELD"),
    ],
)
def test_grants_that_cannot_be(org: Sf, change: dict[str, object], code: str) -> None:
    org.own_field(FIELD)
    set_id = org.grant("Set", me=False)
    body = {
        "ParentId": set_id,
        "SobjectType": "Contact",
        "Field": FIELD,
        "PermissionsRead": True,
        "PermissionsEdit": True,
    }
    answer = org.post("sobjects/FieldPermissions", body | change)
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == code
    assert org.query(f"SELECT Id FROM FieldPermissions WHERE ParentId = '{set_id}'") == []


def test_nothing_is_granted_twice(org: Sf) -> None:
    org.own_field(FIELD)
    set_id = org.grant("Set", FIELD)
    body = {"ParentId": set_id, "SobjectType": "Contact", "Field": FIELD, "PermissionsRead": True}
    assert org.post("sobjects/FieldPermissions", body).json()[0]["errorCode"] == "DUPLICATE_VALUE"
    again = org.post("sobjects/PermissionSet", {"Name": "Set", "Label": "Set"}).json()[0]
    assert again["errorCode"] == "DUPLICATE_DEVELOPER_NAME"
    me = org.get("/services/oauth2/userinfo").json()["user_id"]
    twice = org.post("sobjects/PermissionSetAssignment", {"AssigneeId": me, "PermissionSetId": set_id})
    assert twice.json()[0]["errorCode"] == "DUPLICATE_VALUE"


def test_a_deleted_field_takes_its_values_and_grants_along(org: Sf) -> None:
    field = org.own_field(FIELD)
    set_id = org.grant("Set", FIELD)
    contact = org.id("Contact", "p1")
    org.patch(f"sobjects/Contact/{contact}", {"SC_Score__c": 5})
    assert org.send("DELETE", f"tooling/sobjects/CustomField/{field}").status_code == 204
    assert org.query(f"SELECT Id FROM FieldPermissions WHERE ParentId = '{set_id}'") == []
    org.own_field(FIELD)
    org.grant("Other", FIELD)
    assert org.values(f"SELECT SC_Score__c FROM Contact WHERE Id = '{contact}'") == [None]


def test_tooling_knows_the_fields(org: Sf) -> None:
    field = org.own_field(FIELD)
    asked = "SELECT Id, DeveloperName, NamespacePrefix FROM CustomField WHERE TableEnumOrId = 'Contact'"
    rows = org.get("tooling/query", q=f"{asked} AND DeveloperName = 'sc_score'").json()["records"]
    assert [(r["Id"], r["DeveloperName"], r["NamespacePrefix"]) for r in rows] == [(field, "SC_Score", None)]
    held = org.get(f"tooling/sobjects/CustomField/{field}").json()
    assert held["Metadata"]["precision"] == 3
    again = org.post("tooling/sobjects/CustomField", {"FullName": FIELD, "Metadata": held["Metadata"]})
    assert again.json()[0]["errorCode"] == "DUPLICATE_DEVELOPER_NAME"
    many = org.get("tooling/query", q="SELECT Id, Metadata FROM CustomField").json()
    assert many[0]["errorCode"] == "MALFORMED_QUERY"
    changed = org.patch(
        f"tooling/sobjects/CustomField/{field}", {"Metadata": held["Metadata"] | {"label": "Other"}}
    )
    assert changed.status_code == 204
    for empty in ("Flow", "ApexTrigger"):
        assert org.get("tooling/query", q=f"SELECT Id FROM {empty}").json()["records"] == []
    (entity,) = org.get(
        "tooling/query", q="SELECT Label, KeyPrefix FROM EntityDefinition WHERE QualifiedApiName = 'Contact'"
    ).json()["records"]
    assert entity["KeyPrefix"] == "003"


@pytest.mark.parametrize(
    "meta",
    [
        {"type": "Number", "label": "x"},
        {"type": "Number", "label": "x", "precision": 19, "scale": 0},
        {"type": "Text", "label": "x", "length": 256},
        {"type": "LongTextArea", "label": "x", "length": 1000},
        {"type": "Checkbox", "label": "x"},
        {"type": "Picklist", "label": "x"},
        {"type": "Number", "label": "x" * 41, "precision": 3, "scale": 0},
        {"type": "Nothing", "label": "x"},
        {"type": "Date"},
    ],
)
def test_metadata_that_makes_no_field(org: Sf, meta: dict[str, object]) -> None:
    answer = org.post("tooling/sobjects/CustomField", {"FullName": FIELD, "Metadata": meta})
    assert answer.status_code == 400
    assert answer.json()[0]["message"]
    for name in ("Contact.Score", "Contact.1x__c", "Contact.a__b__c", "Nothing.X__c"):
        good = {"type": "Date", "label": "x"}
        assert (
            org.post("tooling/sobjects/CustomField", {"FullName": name, "Metadata": good}).status_code == 400
        )
