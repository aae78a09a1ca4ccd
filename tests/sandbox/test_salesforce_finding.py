"""Searches, recent records, layouts, graphs and definitions of fields, for clients that draw pages."""

from collections.abc import Iterator
from typing import Any

import pytest
from support.salesforce_org import Sf, blank


@pytest.fixture(scope="module")
def org() -> Iterator[Sf]:
    with blank() as sf:
        account = sf.create("Account", Name="Acme Motors", Phone="555 1234")
        sf.create("Account", Name="Other")
        for last, mail in (
            ("Smith", "ann@acme.example"),
            ("Smithers", "bo@x.example"),
            ("Jones", "smith@x.example"),
        ):
            sf.create("Contact", LastName=last, Email=mail, AccountId=account)
        gone = sf.create("Contact", LastName="Smith", Email="gone@x.example")
        sf.send("DELETE", f"sobjects/Contact/{gone}")
        yield sf


def found(org: Sf, sosl: str) -> list[dict[str, Any]]:
    answer = org.get("search", q=sosl)
    assert answer.status_code == 200, answer.text
    return [{k: v for k, v in r.items() if k != "attributes"} for r in answer.json()["searchRecords"]]


@pytest.mark.parametrize(
    ("sosl", "names"),
    [
        ("FIND {Smith} IN NAME FIELDS RETURNING Contact(LastName)", ["Smith"]),
        ("FIND {smith*} IN NAME FIELDS RETURNING Contact(LastName ORDER BY LastName)", ["Smith", "Smithers"]),
        ("FIND {smith} IN ALL FIELDS RETURNING Contact(LastName ORDER BY LastName)", ["Jones", "Smith"]),
        ("FIND {smith} IN EMAIL FIELDS RETURNING Contact(LastName)", ["Jones"]),
        ("FIND {Smith OR Jones} RETURNING Contact(LastName WHERE Email LIKE '%acme%')", ["Smith"]),
        ('FIND {"Acme Motors"} RETURNING Account(Name), Contact(LastName)', ["Acme Motors"]),
        ("FIND {acme} RETURNING Account(Name), Contact(LastName) LIMIT 1", ["Acme Motors"]),
        ("FIND {Motors Acme} IN NAME FIELDS RETURNING Account(Name)", ["Acme Motors"]),
        ("FIND {nobody} RETURNING Contact", []),
    ],
)
def test_words_find_records(org: Sf, sosl: str, names: list[str]) -> None:
    assert [next(iter(r.values())) for r in found(org, sosl)] == names


def test_a_search_without_a_language(org: Sf) -> None:
    by_get = org.get(
        "parameterizedSearch", q="Smith", sobject="Contact", **{"in": "NAME", "Contact.fields": "LastName"}
    )
    assert [r["LastName"] for r in by_get.json()["searchRecords"]] == ["Smith"]
    body = {"q": "Smith*", "in": "NAME", "fields": ["Id"], "overallLimit": 5,
            "sobjects": [{"name": "Contact", "fields": ["LastName"], "where": "Email != null", "limit": 1}, {"name": "Account"}]}  # fmt: skip
    answer = org.post("parameterizedSearch", body).json()["searchRecords"]
    assert [r["attributes"]["type"] for r in answer] == ["Contact"]


@pytest.mark.parametrize(
    "sosl", ["SELECT Id FROM Contact", "FIND {a} RETURNING Contact(Id)", "FIND {Smith} RETURNING Nothing(Id)"]
)
def test_a_search_that_is_none(org: Sf, sosl: str) -> None:
    answer = org.get("search", q=sosl)
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] in ("MALFORMED_SEARCH", "INVALID_TYPE")


def test_who_looks_at_a_record_finds_it_again(org: Sf) -> None:
    assert org.get("recent").json() == []
    org.query("SELECT Id FROM Account ORDER BY Name")
    assert org.get("recent").json() == []
    org.query("SELECT Id FROM Account WHERE Name = 'Other' FOR VIEW")
    org.query("SELECT Id FROM Contact WHERE LastName = 'Jones' FOR REFERENCE")
    shown = org.get("recent").json()
    assert [r["attributes"]["type"] for r in shown] == ["Contact", "Account"]
    assert len(org.get("recent", limit=1).json()) == 1


def test_a_page_can_be_drawn(org: Sf) -> None:
    answer = org.get("sobjects/Contact/describe/layouts").json()
    layout = answer["layouts"][0]
    rows = layout["detailLayoutSections"][0]["layoutRows"]
    fields = [i["layoutComponents"][0]["value"] for r in rows for i in r["layoutItems"]]
    assert {"LastName", "Email"} <= set(fields)
    mapping = answer["recordTypeMappings"][0]
    assert mapping["master"] and mapping["layoutId"] == layout["id"]
    one = org.get(f"sobjects/Contact/describe/layouts/{mapping['recordTypeId']}").json()
    assert one["id"] == layout["id"]
    assert org.get("sobjects/Organization/describe/layouts").status_code == 404
    assert "Contact" in {t["sobjectName"] for t in org.get("tabs").json()}


def test_a_graph_is_kept_whole_or_not_at_all(org: Sf) -> None:
    base = f"/services/data/v{org.version}/sobjects/"

    def graph(name: str, last: str | None) -> dict[str, Any]:
        account = {"method": "POST", "url": f"{base}Account", "referenceId": "a", "body": {"Name": name}}
        contact = {"method": "POST", "url": f"{base}Contact", "referenceId": "c",
                   "body": {"AccountId": "@{a.id}", **({"LastName": last} if last else {})}}  # fmt: skip
        return {"graphId": name, "compositeRequest": [account, contact]}

    answer = org.post("composite/graph", {"graphs": [graph("Good", "X"), graph("Bad", None)]}).json()[
        "graphs"
    ]
    assert [(g["graphId"], g["isSuccessful"]) for g in answer] == [("Good", True), ("Bad", False)]
    assert [r["httpStatusCode"] for r in answer[0]["graphResponse"]["compositeResponse"]] == [201, 201]
    assert org.values("SELECT Account.Name FROM Contact WHERE LastName = 'X'") == [
        {"attributes": {"type": "Account", "url": answer_url(org)}, "Name": "Good"}
    ]
    assert org.values("SELECT Name FROM Account WHERE Name = 'Bad'") == []
    refused = org.post("composite/graph", {"graphs": [{"graphId": "q", "compositeRequest": [
        {"method": "GET", "url": f"/services/data/v{org.version}/query?q=SELECT+Id+FROM+Account", "referenceId": "q"}]}]})  # fmt: skip
    assert refused.status_code == 400


def answer_url(org: Sf) -> str:
    id = org.values("SELECT Id FROM Account WHERE Name = 'Good'")[0]
    return f"/services/data/v{org.version}/sobjects/Account/{id}"


@pytest.mark.parametrize("verb", ["query", "tooling/query"])
def test_fields_are_defined_for_an_object_that_is_named(org: Sf, verb: str) -> None:
    soql = (
        "SELECT QualifiedApiName, Label, DataType, IsNillable FROM FieldDefinition "
        "WHERE EntityDefinition.QualifiedApiName = 'Contact' AND QualifiedApiName IN ('LastName', 'Email')"
    )
    rows = {r["QualifiedApiName"]: r for r in org.query(soql, verb)}
    assert rows["Email"]["DataType"] == "Email"
    assert (rows["LastName"]["IsNillable"], rows["Email"]["IsNillable"]) == (False, True)
    assert "must name an object" in org.error("SELECT Label FROM FieldDefinition", verb)["message"]
    assert (
        org.error("SELECT Nothing FROM FieldDefinition WHERE EntityDefinitionId = 'Contact'", verb)[
            "errorCode"
        ]
        == "INVALID_FIELD"
    )
    assert org.query("SELECT Label FROM FieldDefinition WHERE EntityDefinitionId = 'Nothing'", verb) == []


def test_limits_of_an_object_are_told_by_type(org: Sf) -> None:
    where = "WHERE EntityDefinition.QualifiedApiName = 'Contact'"
    soql = f"SELECT Type, Label, Max, Remaining FROM EntityLimit {where}"

    def limits() -> dict[str, tuple[int, int]]:
        return {r["Type"]: (r["Max"], r["Remaining"]) for r in org.query(soql, "tooling/query")}

    before = limits()
    assert set(before) >= {"CustomFields", "ActiveValidationRules"}
    most, left = before["CustomFields"]
    org.own_field("Contact.Counted__c")
    assert limits()["CustomFields"] == (most, left - 1)
    (one,) = org.query(
        f"SELECT Remaining FROM EntityLimit {where} AND Type = 'CustomFields'", "tooling/query"
    )
    assert one["Remaining"] == left - 1
    org.control(
        "rule",
        kind="validation",
        object="Contact",
        name="R",
        active=True,
        error_if="LastName = 'x'",
        message="no",
    )
    assert limits()["ActiveValidationRules"][1] == before["ActiveValidationRules"][1] - 1
    org.control("options", custom_fields=most - left)
    assert limits()["CustomFields"][1] == 0, "never below none"
    # Only Tooling has it, and only for an object that is named.
    assert org.error(soql)["errorCode"] == "INVALID_TYPE"
    assert "must name an object" in org.error("SELECT Type FROM EntityLimit", "tooling/query")["message"]
    assert (
        org.query("SELECT Type FROM EntityLimit WHERE EntityDefinitionId = 'Nothing'", "tooling/query") == []
    )
