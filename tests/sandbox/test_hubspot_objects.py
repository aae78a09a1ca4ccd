"""HubSpot's object endpoints on both path families: paging, projection, writes, merges, errors."""

from collections.abc import Callable

import pytest
from support.sandbox_company import Api

Contacts = Callable[[int], list[str]]
V3, DATED = "/crm/v3/objects", "/crm/objects/2026-03"


def test_a_list_is_paged_by_id_with_absolute_links(empty: Api, contacts: Contacts) -> None:
    ids = contacts(250)
    seen: list[str] = []
    answer = empty.get(f"{V3}/contacts/", limit=100, properties="email", archived="False")
    while True:
        body = answer.json()
        seen += [r["id"] for r in body["results"]]
        if "paging" not in body:
            break
        link = body["paging"]["next"]["link"]
        assert link.startswith(empty.sandbox.url + "/crm/v3/objects/contacts?")
        answer = empty.session.get(link, timeout=10)
    assert seen == ids == sorted(ids, key=int)
    assert ids != sorted(ids), "ids cross a power of ten, so that an order by text is found out"


@pytest.mark.parametrize("name", ["contacts", "contact", "0-1", "CONTACTS"])
@pytest.mark.parametrize("base", [V3, DATED, "/crm/objects/2026-09"])
def test_all_names_and_path_families_lead_to_the_same(company: Api, base: str, name: str) -> None:
    rows = company.get(f"{base}/{name}", limit=2).json()["results"]
    assert [set(r["properties"]) >= {"email", "firstname", "hs_object_id"} for r in rows] == [True, True]


def test_a_projection_is_what_was_asked_and_is_defined_null_where_empty(company: Api) -> None:
    for query in (
        "properties=jobtitle&properties=nope",
        "properties=jobtitle,nope",
        "properties=jobtitle%2Cnope",
    ):
        rows = company.session.get(f"{company.sandbox.url}{V3}/contacts?{query}", timeout=10).json()[
            "results"
        ]
        quy = next(r for r in rows if r["id"] == company.id("contacts", "p2"))
        assert quy["properties"]["jobtitle"] is None
        assert "nope" not in quy["properties"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"limit": 101}, "limit"),
        ({"limit": 51, "propertiesWithHistory": "email"}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"after": "x"}, "after"),
    ],
)
def test_a_list_refuses_what_is_too_much(company: Api, query: dict[str, str], words: str) -> None:
    answer = company.get(f"{V3}/contacts", **query)
    assert answer.status_code == 400
    assert answer.json()["category"] == "VALIDATION_ERROR"
    assert words in answer.json()["message"]


def test_errors_are_json_with_a_correlation_id(company: Api) -> None:
    for path, status in ((f"{V3}/contacts/1", 404), (f"{V3}/nonsense", 400), ("/crm/v3/nowhere/at/all", 404)):
        answer = company.get(path)
        assert answer.status_code == status
        assert answer.json()["status"] == "error"
        assert answer.json()["correlationId"] == answer.headers["X-HubSpot-Correlation-Id"]


def test_a_very_long_address_is_refused(company: Api) -> None:
    assert company.get(f"{V3}/contacts", properties="x" * 16_001).status_code == 414


def test_create_update_archive_and_restore(empty: Api) -> None:
    made = empty.post(f"{DATED}/contacts", {"properties": {"email": "A@x.example", "firstname": "Ä"}})
    assert made.status_code == 201
    record = made.json()["id"]
    changed = empty.send(
        "PATCH", f"{DATED}/contacts/{record}", {"properties": {"firstname": "", "lastname": "B"}}
    )
    assert changed.json()["properties"]["lastname"] == "B"
    got = empty.get(f"{V3}/contacts/{record}", properties="firstname,lastname").json()
    assert got["properties"]["firstname"] is None
    assert got["updatedAt"] > got["createdAt"]
    assert empty.send("DELETE", f"{V3}/contacts/{record}").status_code == 204
    assert empty.get(f"{V3}/contacts/{record}").status_code == 404
    gone = empty.get(f"{V3}/contacts", archived="true").json()["results"]
    assert [r["id"] for r in gone] == [record]
    assert "archivedAt" in gone[0]
    empty.control("restore", object="contacts", id=record)
    assert empty.get(f"{V3}/contacts/{record}").json()["archived"] is False


def test_an_address_is_held_once(empty: Api) -> None:
    first = empty.post(f"{V3}/contacts", {"properties": {"email": "a@x.example"}}).json()["id"]
    again = empty.post(f"{V3}/contacts", {"properties": {"email": "A@X.example"}})
    assert again.status_code == 409
    assert again.json()["category"] == "CONFLICT"
    assert first in again.json()["message"]


@pytest.mark.parametrize(
    ("object", "values", "code"),
    [
        ("contacts", {"nope": "1"}, "PROPERTY_DOESNT_EXIST"),
        ("contacts", {"num_associated_deals": "1"}, "READ_ONLY_VALUE"),
        ("contacts", {"email": "no address"}, "INVALID_EMAIL"),
        ("contacts", {"lifecyclestage": "Lead"}, "INVALID_OPTION"),
        ("contacts", {"hubspot_owner_id": "1"}, "INVALID_OPTION"),
        ("deals", {"amount": "much"}, "INVALID_DOUBLE"),
        ("deals", {"closedate": "soon"}, "INVALID_LONG"),
        ("deals", {"dealstage": "nowhere"}, "INVALID_OPTION"),
    ],
)
def test_invalid_values_are_refused_with_a_code(
    empty: Api, object: str, values: dict[str, str], code: str
) -> None:
    answer = empty.post(f"{DATED}/{object}", {"properties": values})
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Property values were not valid: [{")
    assert code in answer.json()["message"]


def test_values_are_text_whatever_they_were_sent_as(empty: Api) -> None:
    made = empty.post(f"{DATED}/deals", {"properties": {"amount": 12.5, "closedate": 1717200000000}}).json()
    assert made["properties"]["amount"] == "12.5"
    assert made["properties"]["closedate"] == "2024-06-01T00:00:00Z"


def test_closing_a_deal_computes_what_hubspot_computes(portal: Api) -> None:
    deal = portal.id("deals", "d2")
    portal.send("PATCH", f"{DATED}/deals/{deal}", {"properties": {"dealstage": "lost"}})
    got = portal.get(
        f"{V3}/deals/{deal}", properties="hs_is_closed,hs_is_closed_won", propertiesWithHistory="dealstage"
    ).json()
    assert (got["properties"]["hs_is_closed"], got["properties"]["hs_is_closed_won"]) == ("true", "false")
    assert [h["value"] for h in got["propertiesWithHistory"]["dealstage"]] == ["lost", "offer", "new"]


def test_a_merge_makes_a_new_record_and_old_ids_lead_to_it(portal: Api) -> None:
    pia, quy = portal.id("contacts", "p1"), portal.id("contacts", "p2")
    merged = portal.post(f"{V3}/contacts/merge", {"primaryObjectId": pia, "objectIdToMerge": quy}).json()
    assert merged["id"] not in (pia, quy)
    assert merged["properties"]["hs_merged_object_ids"] == ";".join(sorted((pia, quy), key=int))
    assert merged["properties"]["email"] == "pia@acme.example"
    assert portal.get(f"{V3}/contacts/{quy}").json()["id"] == merged["id"]
    assert portal.get(f"{V3}/contacts", archived="true").json()["results"] == []
    deals = portal.get(f"/crm/v4/objects/contacts/{merged['id']}/associations/deals").json()["results"]
    assert len(deals) == 2


def test_a_gdpr_delete_leaves_no_trace(portal: Api) -> None:
    pia = portal.id("contacts", "p1")
    body = {"objectId": "pia@acme.example", "idProperty": "email"}
    assert portal.post(f"{V3}/contacts/gdpr-delete", body).status_code == 204
    assert portal.get(f"{V3}/contacts/{pia}").status_code == 404
    assert portal.get(f"{V3}/contacts", archived="true").json()["results"] == []


def test_links_are_made_labelled_and_removed(portal: Api) -> None:
    lou, acme = portal.id("contacts", "l2"), portal.id("companies", "c1")
    label = portal.post(
        "/crm/v4/associations/contacts/companies/labels", {"label": "Adviser", "name": "adviser"}
    )
    type_id = label.json()["results"][0]["typeId"]
    ends = {"from": {"id": lou}, "to": {"id": acme}}
    types = [{"associationCategory": "USER_DEFINED", "associationTypeId": type_id}]
    pair = "/crm/associations/2026-03/contacts/companies"
    made = portal.post(f"{pair}/batch/create", {"inputs": [{**ends, "types": types}]})
    assert made.status_code == 201
    assert made.json()["results"][0]["labels"] == ["Adviser"]
    found = portal.post(f"{pair}/batch/read", {"inputs": [{"id": lou}]}).json()["results"][0]["to"][0]
    assert {t["label"] for t in found["associationTypes"]} == {None, "Adviser"}
    count = portal.get(f"{V3}/companies/{acme}", properties="num_associated_contacts").json()
    assert count["properties"]["num_associated_contacts"] == "2"
    gone = portal.post(f"{pair}/batch/archive", {"inputs": [{"from": {"id": lou}, "to": [{"id": acme}]}]})
    assert gone.status_code == 204
    assert portal.post(f"{pair}/batch/read", {"inputs": [{"id": lou}]}).json()["results"] == []


def test_many_links_of_one_record_are_paged_by_record(empty: Api, contacts: Contacts) -> None:
    people = contacts(520)
    company = empty.post(f"{V3}/companies", {"properties": {"name": "Big"}}).json()["id"]
    other = empty.post(f"{V3}/companies", {"properties": {"name": "Small"}}).json()["id"]
    pair = "/crm/v4/associations/companies/contacts"
    inputs = [{"from": {"id": company}, "to": {"id": p}, "types": []} for p in people]
    inputs.append({"from": {"id": other}, "to": {"id": people[0]}, "types": []})
    assert empty.post(f"{pair}/batch/create", {"inputs": inputs}).status_code == 201
    body = {"inputs": [{"id": company}, {"id": other}, {"id": "1"}]}
    found = {r["from"]["id"]: r for r in empty.post(f"{pair}/batch/read", body).json()["results"]}
    assert set(found) == {company, other}
    assert "paging" not in found[other]
    after = found[company]["paging"]["next"]["after"]
    rest = empty.post(f"{pair}/batch/read", {"inputs": [{"id": company, "after": after}]}).json()["results"][
        0
    ]
    seen = [t["toObjectId"] for t in (*found[company]["to"], *rest["to"])]
    assert seen == sorted(people, key=int)


def test_properties_and_groups(empty: Api) -> None:
    base = "/crm/properties/2026-03/deals"
    group = {"name": "sales_consultant", "label": "Sales Consultant"}
    body = {
        "name": "sc_grade", "label": "Grade", "type": "enumeration", "fieldType": "select",
        "groupName": "sales_consultant", "options": [{"label": "A", "value": "a"}],
    }  # fmt: skip
    assert empty.get(f"{base}/sc_grade").status_code == 404
    assert empty.post(base, body).status_code == 400
    assert empty.post(f"{base}/groups", group).status_code == 201
    assert empty.post(f"{base}/groups", group).status_code == 409
    assert empty.post(base, body).status_code == 201
    assert empty.post(base, body).status_code == 409
    options = [{"label": "A", "value": "a"}, {"label": "B", "value": "b"}]
    changed = empty.send("PATCH", f"{base}/sc_grade", {"options": options}).json()
    assert [o["value"] for o in changed["options"]] == ["a", "b"]
    made = empty.post(f"{V3}/deals", {"properties": {"sc_grade": "b"}}).json()
    assert made["properties"]["sc_grade"] == "b"
    assert empty.send("DELETE", f"{base}/amount").status_code == 400
    assert empty.send("DELETE", f"{base}/sc_grade").status_code == 204
    assert empty.get(f"{base}/sc_grade").status_code == 404
    assert empty.get(f"{base}/sc_grade", archived="true").status_code == 200


def test_custom_properties_have_a_limit(empty: Api) -> None:
    empty.control("options", custom_property_limit=1)
    used = {
        u["objectTypeId"]: u for u in empty.get("/crm/v3/limits/custom-properties").json()["byObjectType"]
    }
    assert (used["0-3"]["usage"], used["0-3"]["limit"]) == (1, 1)
    body = {"name": "x", "label": "X", "type": "string", "fieldType": "text", "groupName": "dealinformation"}
    assert "limit" in empty.post("/crm/v3/properties/deals", body).json()["message"]
