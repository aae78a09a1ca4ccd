"""SOQL: what it means, and the vendor's words where it means nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.salesforce_org import Sf, blank

from sales_consultant.sandbox.salesforce.org.errors import ApiError
from sales_consultant.sandbox.salesforce.soql.date_spans import span
from sales_consultant.sandbox.salesforce.soql.soql import parse

PEOPLE: list[dict[str, Any]] = [
    {"LastName": n, "Email": e, "DoNotCall": d, "Title": t}
    for n, e, d, t in (
        ("Alpha", "a@x.example", True, None),
        ("beta", "b@x.example", False, "CEO"),
        ("Gamma", None, False, "cfo"),
        ("delta", None, True, "CEO"),
        ("Epsilon", "e%_@y.example", False, None),
    )
]


@pytest.fixture(scope="module")
def org() -> Iterator[Sf]:
    with blank() as sf:
        account = sf.create("Account", Name="Acme", AnnualRevenue=1000.5)
        for person in PEOPLE:
            sf.create("Contact", AccountId=account if person["DoNotCall"] else None, **person)
        for n, (amount, stage) in enumerate(
            ((100, "Prospecting"), (250.5, "Closed Won"), (None, "Closed Lost"))
        ):
            sf.create(
                "Opportunity", Name=f"D{n}", StageName=stage, CloseDate=f"2024-0{n + 4}-01", Amount=amount
            )
        yield sf


def names(org: Sf, where: str) -> list[str]:
    return [str(n) for n in org.values(f"SELECT LastName FROM Contact WHERE {where} ORDER BY Id")]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("LastName = 'BETA'", ["beta"]),
        ("Email = null", ["Gamma", "delta"]),
        ("Title != 'CEO'", ["Alpha", "Gamma", "Epsilon"]),
        ("Title NOT IN ('CEO')", ["Alpha", "Gamma", "Epsilon"]),
        ("Title IN ('CFO', null)", ["Alpha", "Gamma", "Epsilon"]),
        ("NOT (Title = 'CEO')", ["Alpha", "Gamma", "Epsilon"]),
        ("LastName LIKE '%ta'", ["beta", "delta"]),
        ("Email LIKE 'e\\%\\_@%'", ["Epsilon"]),
        ("Email LIKE '_@x.example'", ["Alpha", "beta"]),
        ("DoNotCall = true AND (Title = null OR LastName < 'e')", ["Alpha", "delta"]),
        ("Account.Name = 'Acme'", ["Alpha", "delta"]),
        ("Account.Name != 'Acme'", ["beta", "Gamma", "Epsilon"]),
        ("AccountId IN (SELECT Id FROM Account WHERE AnnualRevenue > 1000)", ["Alpha", "delta"]),
        ("CreatedDate = TODAY AND CreatedDate > LAST_N_DAYS:0", []),
        ("CreatedDate = LAST_N_DAYS:1 AND LastName >= 'g'", ["Gamma"]),
        ("CreatedDate >= 2024-06-01T00:00:00+02:00 AND LastName = 'Gamma'", ["Gamma"]),
        ("Id = '003000000000001' OR LastName = 'Gamma'", ["Gamma"]),
    ],
)
def test_conditions(org: Sf, where: str, found: list[str]) -> None:
    assert names(org, where) == found


def test_ids_are_taken_in_both_lengths(org: Sf) -> None:
    (id,) = org.values("SELECT Id FROM Contact WHERE LastName = 'Alpha'")
    assert len(id) == 18
    assert names(org, f"Id = '{id[:15]}'") == names(org, f"Id IN ('{id}')") == ["Alpha"]


def test_order_puts_empty_values_where_asked(org: Sf) -> None:
    def order(text: str) -> list[Any]:
        return org.values(f"SELECT Email FROM Contact ORDER BY {text}")

    assert order("Email")[:2] == [None, None]
    assert order("Email DESC NULLS LAST") == ["e%_@y.example", "b@x.example", "a@x.example", None, None]
    assert order("Title NULLS LAST, LastName")[0] == "b@x.example"
    assert org.values("SELECT LastName FROM Contact ORDER BY LastName LIMIT 2 OFFSET 1") == ["beta", "delta"]


def test_aggregates(org: Sf) -> None:
    (row,) = org.query(
        "SELECT COUNT(Id), COUNT(Amount) filled, SUM(Amount), AVG(Amount), MIN(CloseDate) FROM Opportunity"
    )
    assert row == {"expr0": 3, "filled": 2, "expr1": 350.5, "expr2": 175.25, "expr3": "2024-04-01"}
    grouped = org.query(
        "SELECT IsClosed c, COUNT(Id) n FROM Opportunity GROUP BY IsClosed ORDER BY COUNT(Id) DESC"
    )
    assert grouped == [{"c": True, "n": 2}, {"c": False, "n": 1}]
    counted = org.get("query", q="SELECT COUNT() FROM Contact WHERE DoNotCall = false").json()
    assert counted == {"totalSize": 3, "done": True, "records": []}


def test_parents_come_nested_and_missing_ones_are_null(org: Sf) -> None:
    found = org.get(
        "query", q="SELECT LastName, Account.Name, Account.Owner.Name FROM Contact ORDER BY Id LIMIT 2"
    ).json()
    first, second = found["records"]
    assert first["Account"]["Name"] == "Acme"
    assert first["Account"]["Owner"]["Name"] == "Integration User"
    assert first["Account"]["attributes"]["type"] == "Account"
    assert second["Account"] is None


@pytest.mark.parametrize(
    ("soql", "code", "words"),
    [
        ("SELECT Foo__c FROM Contact", "INVALID_FIELD", "No such column 'Foo__c' on entity 'Contact'"),
        ("SELECT Id FROM Contact WHERE Foo = 1", "INVALID_FIELD", "No such column 'Foo'"),
        ("SELECT Boss.Name FROM Contact", "INVALID_FIELD", "Didn't understand relationship 'Boss'"),
        ("SELECT Id FROM Contacts", "INVALID_TYPE", "sObject type 'Contacts' is not supported"),
        ("SELECT Id, Id FROM Contact", "INVALID_FIELD", "duplicate field selected"),
        ("SELECT Id FROM Contact WHERE LastName = 3", "INVALID_FIELD", "must be of type string and should be enclosed"),
        ("SELECT Id FROM Contact WHERE CreatedDate > '2024-01-01'", "INVALID_FIELD", "should not be enclosed in quotes"),
        ("SELECT Id FROM Contact WHERE CreatedDate > 2024-01-01", "INVALID_FIELD", "must be of type dateTime"),
        ("SELECT Id FROM Opportunity WHERE Amount = 'x'", "INVALID_FIELD", "must be of type double"),
        ("SELECT Id FROM Account WHERE Description = 'x'", "INVALID_FIELD", "can not be filtered"),
        ("SELECT Id FROM Contact WHERE Id = 'abc'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: abc"),
        ("SELECT Id FROM Contact WHERE Id LIKE '003%'", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator"),
        ("SELECT LastName, COUNT(Id) FROM Contact", "MALFORMED_QUERY", "must be grouped or aggregated: LastName"),
        ("SELECT SUM(LastName) FROM Contact", "MALFORMED_QUERY", "does not support aggregate operator SUM"),
        ("SELECT FIELDS(ALL) FROM Contact", "MALFORMED_QUERY", "LIMIT"),
        ("SELECT Id FROM Contact WHERE LastName = 'a' AND DoNotCall = true OR DoNotCall = false", "MALFORMED_QUERY", "'OR'"),
        ("SELECT Id FROM Contact WHERE COUNT(Id) > 1", "MALFORMED_QUERY", "not allowed in WHERE"),
        ("SELECT Id FROM Contact HAVING COUNT(Id) > 1", "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Id FROM Contact GROUP BY Id HAVING COUNT(Id) > 'x'", "MALFORMED_QUERY", "with a number"),
        ("SELECT Id FROM", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ("", "MALFORMED_QUERY", "has to be specified"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_an_error(org: Sf, soql: str, code: str, words: str) -> None:
    found = org.error(soql)
    assert found["errorCode"] == code
    assert words in found["message"]


def test_the_error_points_to_the_place() -> None:
    with pytest.raises(ApiError) as caught:
        parse("SELECT Id FROM Contact WHERE ~")
    lines = caught.value.message.split("\n")
    assert lines[1][lines[2].index("^")] == "~"
    assert "Row:1:Column:30" in lines[3]


def test_fields_of_all(org: Sf) -> None:
    (row,) = org.query("SELECT FIELDS(STANDARD) FROM Account LIMIT 1")
    assert row["Name"] == "Acme"
    assert set(row) == {n for n, f in org.fields("Account").items() if not f["custom"]}


CONDITIONS = st.recursive(
    st.one_of(
        st.builds(
            lambda n, o, v: (f"{n} {o} {v!r}", n, o, v),
            st.sampled_from(["LastName", "Title", "Email"]),
            st.sampled_from(["=", "!=", "<", ">="]),
            st.sampled_from(["CEO", "cfo", "beta", "zz"]),
        ),
        st.builds(lambda n: (f"{n} = null", n, "=", None), st.sampled_from(["Title", "Email"])),
    ),
    lambda inner: st.one_of(
        st.builds(lambda a: (f"(NOT {a[0]})", "NOT", a), inner),
        st.builds(
            lambda w, a, b: (f"({a[0]} {w} {b[0]})", w, a, b), st.sampled_from(["AND", "OR"]), inner, inner
        ),
    ),
    max_leaves=6,
)


def holds(node: Any, person: dict[str, Any]) -> bool:
    """SOQL's two truth values, in Python."""
    if node[1] == "NOT":
        return not holds(node[2], person)
    if node[1] in ("AND", "OR"):
        both = [holds(node[2], person), holds(node[3], person)]
        return all(both) if node[1] == "AND" else any(both)
    _, name, operator, value = node
    held, asked = (None if v is None else v.lower() for v in (person[name], value))
    if operator in ("=", "!="):
        return bool((held == asked) == (operator == "="))
    return held is not None and (held < asked if operator == "<" else held >= asked)


@given(CONDITIONS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_conditions_mean_the_same_in_python(org: Sf, node: Any) -> None:
    assert names(org, node[0]) == [p["LastName"] for p in PEOPLE if holds(node, p)]


DAY = 86_400_000
NOW = 1_717_243_200_000  # 2024-06-01T12:00:00Z, a Saturday


@pytest.mark.parametrize(
    ("word", "days"),
    [
        ("TODAY", (0, 1)), ("YESTERDAY", (-1, 0)), ("TOMORROW", (1, 2)), ("LAST_N_DAYS:3", (-3, 1)),
        ("NEXT_N_DAYS:3", (1, 4)), ("THIS_WEEK", (-6, 1)), ("LAST_WEEK", (-13, -6)), ("THIS_MONTH", (0, 30)),
        ("LAST_MONTH", (-31, 0)), ("THIS_QUARTER", (-61, 30)), ("THIS_YEAR", (-152, 214)), ("LAST_N_MONTHS:2", (-61, 0)),
        ("N_DAYS_AGO:2", (-2, -1)), ("NEXT_YEAR", (214, 579)),
    ],
)  # fmt: skip
def test_words_for_times(word: str, days: tuple[int, int]) -> None:
    midnight = NOW - DAY // 2
    assert span(word, NOW) == (midnight + days[0] * DAY, midnight + days[1] * DAY)
