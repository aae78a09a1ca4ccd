"""What other people's clients ask in SOQL: functions of fields, TYPEOF, scopes and FOR."""

from collections.abc import Iterator
from typing import Any

import pytest
from support.salesforce_org import Sf, blank


@pytest.fixture(scope="module")
def org() -> Iterator[Sf]:
    with blank() as sf:
        account = sf.create("Account", Name="Acme", Industry="Retail", Phone="1")
        contact = sf.create("Contact", LastName="Alpha", AccountId=account)
        deals = [
            sf.create("Opportunity", Name=n, StageName="Prospecting", CloseDate=day, Amount=amount)
            for n, day, amount in (("D0", "2024-01-31", 100), ("D1", "2024-05-01", 1234.5), ("D2", "2025-12-31", None))
        ]  # fmt: skip
        for subject, what, who in (("a", account, None), ("b", deals[0], contact), ("c", None, contact)):
            sf.create("Task", Subject=subject, WhatId=what, WhoId=who)
        sf.create("Event", Subject="e", StartDateTime="2024-02-29T23:15:00Z", DurationInMinutes=10)
        yield sf


@pytest.mark.parametrize(
    ("soql", "found"),
    [
        ("SELECT Name FROM Opportunity WHERE CALENDAR_YEAR(CloseDate) = 2024 ORDER BY Name", ["D0", "D1"]),
        ("SELECT Name FROM Opportunity WHERE FISCAL_QUARTER(CloseDate) IN (1, 4) ORDER BY Name", ["D0", "D2"]),
        ("SELECT Name FROM Opportunity WHERE DAY_IN_MONTH(CloseDate) = 31 AND CALENDAR_MONTH(CloseDate) < 12", ["D0"]),
        ("SELECT Name FROM Opportunity WHERE DAY_IN_WEEK(CloseDate) = 4 ORDER BY Name", ["D0", "D1", "D2"]),
        ("SELECT Name FROM Opportunity WHERE DAY_IN_YEAR(CloseDate) = 365", ["D2"]),
        ("SELECT Name FROM Opportunity WHERE WEEK_IN_YEAR(CloseDate) = 5", ["D0"]),
        ("SELECT Name FROM Opportunity WHERE WEEK_IN_MONTH(CloseDate) = 1", ["D1"]),
        ("SELECT Subject FROM Event WHERE HOUR_IN_DAY(StartDateTime) = 23", ["e"]),
        ("SELECT Subject FROM Event WHERE DAY_ONLY(StartDateTime) = 2024-02-29", ["e"]),
        ("SELECT Subject FROM Event WHERE DAY_ONLY(CreatedDate) < 2024-02-29", []),
        ("SELECT Name FROM Account WHERE toLabel(Industry) = 'Retail'", ["Acme"]),
        ("SELECT COUNT_DISTINCT(CloseDate) FROM Opportunity", [3]),
        ("SELECT FORMAT(Amount) FROM Opportunity ORDER BY Name", ["$100.00", "$1,234.50", None]),
        ("SELECT FORMAT(CloseDate) FROM Opportunity ORDER BY Name", ["1/31/2024", "5/1/2024", "12/31/2025"]),
        ("SELECT FORMAT(StartDateTime) t FROM Event", ["2/29/2024, 11:15 PM"]),
        ("SELECT FORMAT(convertCurrency(Amount)) shown FROM Opportunity WHERE Name = 'D1'", ["$1,234.50"]),
        ("SELECT Name FROM Opportunity USING SCOPE everything ORDER BY Name FOR VIEW", ["D0", "D1", "D2"]),
        ("SELECT Name FROM Account LIMIT 1 FOR UPDATE", ["Acme"]),
        ("SELECT Name FROM Account FOR REFERENCE", ["Acme"]),
    ],
)  # fmt: skip
def test_functions_of_fields(org: Sf, soql: str, found: list[Any]) -> None:
    assert org.values(soql) == found


def test_parts_of_dates_make_groups(org: Sf) -> None:
    soql = (
        "SELECT CALENDAR_YEAR(CloseDate) y, CALENDAR_MONTH(CloseDate), SUM(Amount) total FROM Opportunity "
        "GROUP BY CALENDAR_YEAR(CloseDate), CALENDAR_MONTH(CloseDate) ORDER BY CALENDAR_YEAR(CloseDate), CALENDAR_MONTH(CloseDate)"
    )
    assert org.query(soql) == [
        {"y": 2024, "expr0": 1, "total": 100},
        {"y": 2024, "expr0": 5, "total": 1234.5},
        {"y": 2025, "expr0": 12, "total": None},
    ]


def test_a_lookup_shows_the_fields_of_what_it_points_to(org: Sf) -> None:
    soql = (
        "SELECT Subject, TYPEOF What WHEN Account THEN Phone, Name WHEN Opportunity THEN Amount ELSE Name END "
        "FROM Task ORDER BY Subject"
    )
    rows = org.query(soql)
    assert [r["What"]["attributes"]["type"] if r["What"] else None for r in rows] == [
        "Account",
        "Opportunity",
        None,
    ]
    shown = [{k: v for k, v in (r["What"] or {}).items() if k != "attributes"} for r in rows]
    assert shown == [{"Phone": "1", "Name": "Acme"}, {"Amount": 100}, {}]
    bare = org.query("SELECT TYPEOF Who WHEN Lead THEN Company END FROM Task WHERE Subject = 'b'")
    assert list(bare[0]["Who"]) == ["attributes"]


def test_a_scope_keeps_to_the_users_own_records(org: Sf) -> None:
    assert org.values("SELECT Name FROM Account USING SCOPE mine") == ["Acme"]
    other = org.user("another-token", objects={"Account": ["Read", "ViewAllRecords"]})
    assert other.values("SELECT Name FROM Account") == ["Acme"]
    assert other.values("SELECT Name FROM Account USING SCOPE mine") == []


def test_labels_and_currencies() -> None:
    with blank() as sf:
        meta = {
            "label": "Tier", "type": "Picklist",
            "valueSet": {"restricted": True, "valueSetDefinition": {"sorted": False, "value": [
                {"fullName": "one", "label": "First", "default": False}, {"fullName": "two", "label": "Second", "default": False},
            ]}},
        }  # fmt: skip
        sf.own_field("Account.Tier__c", meta)
        named = sf.create("PermissionSet", Name="T", Label="T")
        sf.create("FieldPermissions", ParentId=named, SobjectType="Account", Field="Account.Tier__c",
                  PermissionsRead=True, PermissionsEdit=True)  # fmt: skip
        me = sf.get("/services/oauth2/userinfo").json()["user_id"]
        sf.create("PermissionSetAssignment", AssigneeId=me, PermissionSetId=named)
        sf.create("Account", Name="A", Tier__c="two")
        assert sf.values("SELECT toLabel(Tier__c) FROM Account") == ["Second"]
        assert sf.query("SELECT toLabel(Tier__c) t FROM Account WHERE toLabel(Tier__c) LIKE 'Sec%'") == [
            {"t": "Second"}
        ]
        assert sf.values("SELECT Tier__c FROM Account ORDER BY toLabel(Tier__c)") == ["two"]


@pytest.mark.parametrize(
    ("soql", "words"),
    [
        ("SELECT CALENDAR_YEAR(CloseDate) FROM Opportunity", "GROUP BY"),
        ("SELECT Id FROM Opportunity WHERE CALENDAR_YEAR(Name) = 2024", "cannot be used"),
        ("SELECT Id FROM Opportunity WHERE HOUR_IN_DAY(CloseDate) = 1", "cannot be used"),
        ("SELECT Id FROM Opportunity WHERE FORMAT(Amount) = '1'", "cannot be used"),
        ("SELECT convertCurrency(Name) FROM Opportunity", "cannot be used"),
        ("SELECT TYPEOF What WHEN Lead THEN Name END FROM Task", "cannot point to"),
        ("SELECT Id FROM Account ORDER BY Name FOR UPDATE", "FOR UPDATE"),
        ("SELECT Id FROM Account USING SCOPE team", "not supported"),
        ("SELECT Id FROM Opportunity WHERE CALENDAR_YEAR(CloseDate) = '2024'", "type int"),
    ],
)
def test_what_a_function_does_not_take(org: Sf, soql: str, words: str) -> None:
    assert words in org.error(soql)["message"]
