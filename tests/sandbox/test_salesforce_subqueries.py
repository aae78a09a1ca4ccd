"""Subqueries in SELECT: the children of each row by the name of their relationship."""

import gzip
from collections.abc import Iterator

import pytest
from support.salesforce_org import Sf, company


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sf]:
    with company(tmp_path_factory.mktemp("company")) as sf:
        yield sf


def test_children_stand_in_their_parents_rows(org: Sf) -> None:
    rows = org.query("SELECT Name, (SELECT LastName, Account.Name FROM Contacts) FROM Account ORDER BY Name")
    assert [r["Name"] for r in rows] == ["Acme", "Beta & Söhne"]
    below = rows[0]["Contacts"]
    assert (below["totalSize"], below["done"]) == (1, True)
    (child,) = below["records"]
    assert child["LastName"] == "Ünal" and child["Account"]["Name"] == "Acme"
    assert child["attributes"]["type"] == "Contact"


def test_conditions_orders_and_limits_are_those_of_each_parent(org: Sf) -> None:
    history = "(SELECT StageName FROM OpportunityHistories ORDER BY CreatedDate DESC LIMIT 1)"
    rows = org.query(
        f"SELECT Name, {history}, (SELECT Id FROM OpportunityLineItems) FROM Opportunity ORDER BY Name"
    )
    assert [r["OpportunityHistories"]["records"][0]["StageName"] for r in rows] == ["won", "offer"]
    assert [r["OpportunityLineItems"] and r["OpportunityLineItems"]["totalSize"] for r in rows] == [1, None]
    none = org.query("SELECT Id, (SELECT Id FROM Opportunities o WHERE o.Amount > 5000) FROM Account")
    assert [r["Opportunities"] for r in none] == [None, None]


def test_every_relationship_that_describe_names_can_be_asked(org: Sf) -> None:
    for parent in ("Account", "Contact", "Opportunity", "Lead", "Campaign"):
        listed = org.get(f"sobjects/{parent}/describe").json()["childRelationships"]
        names = [c["relationshipName"] for c in listed if c["relationshipName"]]
        assert len(names) == len(set(names))
        for name in names:
            assert (
                org.get("query", q=f"SELECT Id, (SELECT Id FROM {name}) FROM {parent}").status_code == 200
            ), name


def test_what_a_user_does_not_see_is_not_below_either(org: Sf) -> None:
    weak = org.user("weak", objects={"Account": ["Read"]})
    assert weak.error("SELECT Id, (SELECT Id FROM Contacts) FROM Account")["errorCode"] == "INVALID_TYPE"
    sees = org.user("sees", objects={"Account": ["Read"], "Contact": ["Read"]})
    org.control("sharing", Contact="Private")
    assert [r["Contacts"] for r in sees.query("SELECT Id, (SELECT Id FROM Contacts) FROM Account")] == [
        None,
        None,
    ]
    assert org.query("SELECT Id, (SELECT Id FROM Contacts) FROM Account")[0]["Contacts"] is not None


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Id, (SELECT Id FROM Dragons) FROM Account", "INVALID_TYPE"),
        ("SELECT Id, (SELECT Nothing FROM Contacts) FROM Account", "INVALID_FIELD"),
        ("SELECT Id, (SELECT COUNT(Id) FROM Contacts) FROM Account", "MALFORMED_QUERY"),
        ("SELECT COUNT(Id), (SELECT Id FROM Contacts) FROM Account", "MALFORMED_QUERY"),
        ("SELECT Id, (SELECT Id, (SELECT Id FROM Tasks) FROM Contacts) FROM Account", "MALFORMED_QUERY"),
    ],
)
def test_wrong_subqueries(org: Sf, soql: str, code: str) -> None:
    assert org.error(soql)["errorCode"] == code


def test_bulk_has_none(org: Sf) -> None:
    body = {"operation": "query", "query": "SELECT Id, (SELECT Id FROM Contacts) FROM Account"}
    assert org.post("jobs/query", body).status_code == 400


def test_having_chooses_among_groups(org: Sf) -> None:
    asked = "SELECT WhatId, COUNT(Id) n FROM Task WHERE WhatId != null GROUP BY WhatId"
    every = org.query(asked)
    assert len(every) > 1
    many = [r for r in every if r["n"] > 1]
    assert org.query(f"{asked} HAVING COUNT(Id) > 1") == many
    assert org.query(f"{asked} HAVING COUNT(Id) >= 1 AND WhatId = '{every[0]['WhatId']}'") == [every[0]]
    assert org.query("SELECT StageName FROM Opportunity GROUP BY StageName HAVING MAX(Amount) > 1000") == [
        {"StageName": "won"}
    ]


def _tree(last: str) -> dict[str, object]:
    child = {"attributes": {"type": "Contact", "referenceId": "c"}, "LastName": last}
    root = {
        "attributes": {"type": "Account", "referenceId": "a"},
        "Name": "Tree",
        "Contacts": {"records": [child]},
    }
    return {"records": [root]}


def test_a_tree_is_made_with_what_hangs_on_it_or_not_at_all(org: Sf) -> None:
    made = org.post("composite/tree/Account", _tree("Leaf"))
    assert made.status_code == 201 and made.json()["hasErrors"] is False
    ids = {r["referenceId"]: r["id"] for r in made.json()["results"]}
    (row,) = org.query("SELECT Id, (SELECT Id FROM Contacts) FROM Account WHERE Name = 'Tree'")
    assert (row["Id"], row["Contacts"]["records"][0]["Id"]) == (ids["a"], ids["c"])
    refused = org.post("composite/tree/Account", _tree("x" * 81))
    assert refused.status_code == 400
    (failed,) = refused.json()["results"]
    assert (failed["referenceId"], failed["errors"][0]["statusCode"]) == ("c", "STRING_TOO_LONG")
    assert org.values("SELECT COUNT(Id) FROM Account WHERE Name = 'Tree'") == [1]
    wrong = {"records": [{"attributes": {"type": "Account"}, "Name": "x"}]}
    assert org.post("composite/tree/Account", wrong).json()[0]["errorCode"] == "INVALID_INPUT"


def test_a_body_may_come_packed(org: Sf) -> None:
    body = gzip.compress(b'{"Name": "Packed"}')
    head = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    assert org.send("POST", "sobjects/Account", data=body, headers=head).status_code == 201
    assert org.values("SELECT COUNT(Id) FROM Account WHERE Name = 'Packed'") == [1]
    broken = org.send("POST", "sobjects/Account", data=b"no", headers=head)
    assert broken.json()[0]["errorCode"] == "INVALID_INPUT"
