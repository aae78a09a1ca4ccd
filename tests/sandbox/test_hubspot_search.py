"""HubSpot's search: operators, caps, order, the index that lags, and both ways of finding agree."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.sandbox_company import Api

from sales_consultant.sandbox.hubspot.portal.kinds import KINDS
from sales_consultant.sandbox.hubspot.portal.portal import Portal
from sales_consultant.sandbox.hubspot.records.search import Search

Contacts = Callable[[int], list[str]]


def _search(api: Api, object: str = "contacts", *filters: dict[str, Any], **body: Any) -> Any:
    groups = [{"filters": list(filters)}] if filters else []
    return api.post(f"/crm/objects/2026-03/{object}/search", {"filterGroups": groups, **body})


def _names(api: Api, name: str, operator: str, **filter: Any) -> list[str]:
    answer = _search(
        api, "contacts", {"propertyName": name, "operator": operator, **filter}, properties=["external_id"]
    )
    assert answer.status_code == 200, answer.text
    found = [r["properties"]["external_id"] for r in answer.json()["results"]]
    assert answer.json()["total"] == len(found)
    return sorted(found)


@pytest.mark.parametrize(
    ("name", "operator", "filter", "found"),
    [
        ("email", "EQ", {"value": "PIA@acme.example"}, ["p1"]),
        ("email", "NEQ", {"value": "pia@acme.example"}, ["l2", "p2"]),
        ("jobtitle", "NEQ", {"value": "CEO"}, ["p1"]),
        ("page_views", "GT", {"value": 0}, ["p1"]),
        ("page_views", "GTE", {"value": "0"}, ["p1", "p2"]),
        ("page_views", "LT", {"value": "12"}, ["p2"]),
        ("page_views", "LTE", {"value": "12"}, ["p1", "p2"]),
        ("page_views", "BETWEEN", {"value": "1", "highValue": "12"}, ["p1"]),
        ("createdate", "BETWEEN", {"value": "2024-02-01", "highValue": "1707200000000"}, ["l2", "p2"]),
        ("createdate", "LT", {"value": "2024-01-03T00:00:00Z"}, ["p1"]),
        ("firstname", "IN", {"values": ["pia", "lou"]}, ["p1"]),
        ("firstname", "IN", {"values": ["Pia"]}, []),
        ("firstname", "NOT_IN", {"values": ["pia"]}, ["p2"]),
        ("lifecyclestage", "IN", {"values": ["lead", "opportunity"]}, ["l2"]),
        ("lifecyclestage", "EQ", {"value": "Customer"}, []),
        ("jobtitle", "HAS_PROPERTY", {}, ["p1"]),
        ("jobtitle", "NOT_HAS_PROPERTY", {}, ["l2", "p2"]),
        ("email", "CONTAINS_TOKEN", {"value": "acme"}, ["p1"]),
        ("email", "CONTAINS_TOKEN", {"value": "acm"}, []),
        ("email", "CONTAINS_TOKEN", {"value": "*ma.example"}, ["l2"]),
        ("email", "NOT_CONTAINS_TOKEN", {"value": "acme"}, ["l2", "p2"]),
        ("hs_email_optout", "EQ", {"value": "true"}, ["p2"]),
    ],
)
def test_operators(company: Api, name: str, operator: str, filter: dict[str, Any], found: list[str]) -> None:
    assert _names(company, name, operator, **filter) == found


def test_links_can_be_searched(company: Api) -> None:
    deal = company.id("deals", "d1")
    assert _names(company, "associations.deal", "EQ", value=deal) == ["p1", "p2"]
    assert _names(company, "associations.deals", "NOT_HAS_PROPERTY") == ["l2"]


def test_a_query_finds_beginnings_of_words(company: Api) -> None:
    found = _search(company, query="quý bet", properties=["external_id"]).json()
    assert [r["properties"]["external_id"] for r in found["results"]] == ["p2"]


def test_groups_are_alternatives_and_filters_may_stand_alone(company: Api) -> None:
    one = {"propertyName": "firstname", "operator": "EQ", "value": "pia"}
    two = {"propertyName": "email", "operator": "CONTAINS_TOKEN", "value": "lou"}
    groups = [{"filters": [one]}, {"filters": [two]}]
    assert company.post("/crm/v3/objects/contacts/search", {"filterGroups": groups}).json()["total"] == 2
    assert company.post("/crm/v3/objects/contacts/search", {"filters": [one, two]}).json()["total"] == 0


def test_sorting_by_a_property_puts_empty_ones_last(company: Api) -> None:
    for sort, first in (
        ("page_views", "p2"),
        ("-page_views", "p1"),
        ({"propertyName": "page_views", "direction": "DESCENDING"}, "p1"),
    ):
        rows = _search(company, sorts=[sort], properties=["external_id"]).json()["results"]
        assert rows[0]["properties"]["external_id"] == first
        assert rows[-1]["properties"]["external_id"] == "l2"


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"after": "9901", "limit": 100},
        {"after": "x"},
        {"sorts": ["email", "firstname"]},
        {"sorts": ["nope"]},
        {"filterGroups": [{"filters": [{"propertyName": "nope", "operator": "EQ", "value": "1"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "LIKE", "value": "1"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "EQ"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "page_views", "operator": "GT", "value": "many"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "HAS_PROPERTY"}] * 7}]},
        {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "HAS_PROPERTY"}]}] * 6},
        {"query": "x" * 3001},
    ],
)
def test_what_the_grammar_does_not_hold_is_an_error_never_an_empty_answer(
    company: Api, body: dict[str, Any]
) -> None:
    answer = company.post("/crm/v3/objects/contacts/search", body)
    assert answer.status_code == 400
    assert answer.json()["category"] == "VALIDATION_ERROR"


def test_pages_end_at_ten_thousand_and_a_walk_by_id_does_not(empty: Api, contacts: Contacts) -> None:
    ids = contacts(450)
    at = empty.control("touch", object="contacts")["at"]
    seen: list[str] = []
    last = "0"
    while True:
        answer = _search(
            empty, "contacts",
            {"propertyName": "lastmodifieddate", "operator": "GTE", "value": str(at)},
            {"propertyName": "lastmodifieddate", "operator": "LTE", "value": str(at)},
            {"propertyName": "hs_object_id", "operator": "GT", "value": last},
            sorts=["hs_object_id"], limit=200,
        ).json()  # fmt: skip
        if not answer["results"]:
            break
        assert answer["total"] == len(ids) - len(seen)
        seen += [r["id"] for r in answer["results"]]
        last = seen[-1]
    assert seen == ids
    paged = _search(empty, limit=200, after=400).json()
    assert len(paged["results"]) == 50
    assert "paging" not in paged


def test_an_archived_record_is_never_found(portal: Api) -> None:
    portal.send("DELETE", f"/crm/v3/objects/contacts/{portal.id('contacts', 'p1')}")
    assert _names(portal, "email", "HAS_PROPERTY") == ["l2", "p2"]


def test_the_index_lags_behind_lists(portal: Api) -> None:
    pia = portal.id("contacts", "p1")
    portal.control("lag", seconds=60)
    portal.send("PATCH", f"/crm/v3/objects/contacts/{pia}", {"properties": {"firstname": "Petra"}})
    portal.post("/crm/v3/objects/contacts", {"properties": {"firstname": "Petra"}})
    assert portal.get(f"/crm/v3/objects/contacts/{pia}").json()["properties"]["firstname"] == "Petra"
    petra = {"propertyName": "firstname", "operator": "EQ", "value": "petra"}
    assert _search(portal, "contacts", petra).json()["total"] == 0
    assert _names(portal, "firstname", "EQ", value="pia") == ["p1"]
    portal.control("clock", advance=61)
    assert _search(portal, "contacts", petra).json()["total"] == 2


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_the_index_and_the_slow_way_find_the_same(company: Api, data: st.DataObject) -> None:
    portal, kind = Portal.of(company.sandbox.world), KINDS["contacts"]
    rows = list(portal.store.each("hubspot", "contacts"))
    edge = st.sampled_from([0, *(r.modified for r in rows), *(r.created for r in rows)])
    one = st.one_of(
        st.fixed_dictionaries({
            "propertyName": st.sampled_from(["lastmodifieddate", "createdate"]),
            "operator": st.sampled_from(["EQ", "NEQ", "LT", "LTE", "GT", "GTE"]),
            "value": edge.map(str),
        }),
        st.fixed_dictionaries({
            "propertyName": st.just("hs_object_id"),
            "operator": st.sampled_from(["EQ", "LT", "GT", "GTE"]),
            "value": st.sampled_from(["0", *(r.id for r in rows)]),
        }),
    )  # fmt: skip
    groups = [{"filters": g} for g in data.draw(st.lists(st.lists(one, min_size=1, max_size=3), max_size=3))]
    sort = data.draw(st.sampled_from(["hs_object_id", "-hs_object_id", "lastmodifieddate", "-createdate"]))
    body = {"filterGroups": groups, "sorts": [sort], "limit": data.draw(st.integers(1, 4))}
    body["after"] = data.draw(st.integers(0, 2))
    search = Search(portal, kind, body)
    fast, slow = search._in_sql(), search._in_python({})
    assert fast[0] == slow[0]
    assert [r.id for r in fast[1]] == [r.id for r in slow[1]]
