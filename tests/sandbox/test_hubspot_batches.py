"""HubSpot's batches, and what becomes of one of which a part is wrong."""

from collections.abc import Callable
from typing import Any

from support.sandbox_company import Api

Contacts = Callable[[int], list[str]]
BASE = "/crm/objects/2026-03/contacts/batch"


def _update(api: Api, *inputs: tuple[str, dict[str, Any]], traced: bool = False) -> Any:
    rows = [
        {"id": i, "properties": p, **({"objectWriteTraceId": f"t{i}"} if traced else {})} for i, p in inputs
    ]
    return api.post(f"{BASE}/update", {"inputs": rows})


def test_read_names_the_ids_that_are_not_there(empty: Api, contacts: Contacts) -> None:
    ids = contacts(2)
    body = {"inputs": [{"id": i} for i in (*ids, "77", ids[0])], "properties": ["email"]}
    answer = empty.post(f"{BASE}/read", body)
    assert answer.status_code == 207
    assert [r["id"] for r in answer.json()["results"]] == ids
    error = answer.json()["errors"][0]
    assert (error["category"], error["context"]) == ("OBJECT_NOT_FOUND", {"ids": ["77"]})
    assert answer.json()["numErrors"] == 1


def test_read_takes_a_hundred_and_fifty_with_history(empty: Api, contacts: Contacts) -> None:
    ids = contacts(100)
    inputs = [{"id": i} for i in ids]
    assert len(empty.post(f"{BASE}/read", {"inputs": inputs}).json()["results"]) == 100
    body = {"inputs": inputs, "propertiesWithHistory": ["email"]}
    assert empty.post(f"{BASE}/read", body).status_code == 400
    half = empty.post(f"{BASE}/read", {**body, "inputs": inputs[:50]}).json()["results"]
    assert half[0]["propertiesWithHistory"]["email"][0]["value"] == "n0@x.example"


def test_read_by_address(empty: Api, contacts: Contacts) -> None:
    ids = contacts(2)
    body = {"inputs": [{"id": "n1@x.example"}], "idProperty": "email"}
    assert [r["id"] for r in empty.post(f"{BASE}/read", body).json()["results"]] == [ids[1]]


def test_an_id_twice_refuses_the_whole_batch(empty: Api, contacts: Contacts) -> None:
    ids = contacts(2)
    answer = _update(
        empty, (ids[0], {"firstname": "x"}), (ids[1], {"firstname": "x"}), (ids[0], {"firstname": "y"})
    )
    assert answer.status_code == 400
    assert ids[0] in answer.json()["message"]
    assert empty.get(f"/crm/v3/objects/contacts/{ids[1]}").json()["properties"]["firstname"] == "N1"


def test_one_invalid_value_refuses_the_batch_unless_every_input_is_traced(
    empty: Api, contacts: Contacts
) -> None:
    ids = contacts(3)
    rows = ((ids[0], {"firstname": "x"}), (ids[1], {"lifecyclestage": "nope"}), (ids[2], {"firstname": "x"}))
    refused = _update(empty, *rows)
    assert refused.status_code == 400
    assert "INVALID_OPTION" in refused.json()["message"]
    assert empty.get(f"/crm/v3/objects/contacts/{ids[0]}").json()["properties"]["firstname"] == "N0"
    partly = _update(empty, *rows, traced=True)
    assert partly.status_code == 207
    assert [r["id"] for r in partly.json()["results"]] == [ids[0], ids[2]]
    assert partly.json()["errors"][0]["context"]["objectWriteTraceId"] == [f"t{ids[1]}"]
    empty.control("options", trace_ids=False)
    assert _update(empty, *rows, traced=True).status_code == 400


def test_a_merged_away_id_is_dropped_without_a_word_and_a_missing_one_is_named(
    empty: Api, contacts: Contacts
) -> None:
    ids = contacts(4)
    empty.control("merge", object="contacts", primary=ids[0], other=ids[1])
    empty.control("purge", object="contacts", id=ids[2])
    answer = _update(empty, *((i, {"firstname": "x"}) for i in ids))
    assert answer.status_code == 207
    assert [r["id"] for r in answer.json()["results"]] == [ids[3]]
    assert [e["context"]["ids"] for e in answer.json()["errors"]] == [[ids[2]]]


def test_more_than_a_hundred_or_none_is_refused(empty: Api) -> None:
    assert _update(empty).status_code == 400
    assert _update(empty, *((str(n), {}) for n in range(101))).status_code == 400


def test_upsert_makes_and_changes(empty: Api, contacts: Contacts) -> None:
    ids = contacts(1)
    inputs = [
        {"id": "n0@x.example", "idProperty": "email", "properties": {"firstname": "changed"}},
        {"id": "new@x.example", "idProperty": "email", "properties": {"firstname": "made"}},
    ]
    found = empty.post(f"{BASE}/upsert", {"inputs": inputs}).json()["results"]
    assert [(r["new"], r["properties"]["firstname"]) for r in found] == [(False, "changed"), (True, "made")]
    assert found[0]["id"] == ids[0]


def test_create_links_and_fails_alone_when_traced(empty: Api) -> None:
    acme = empty.post("/crm/v3/objects/companies", {"properties": {"name": "Acme"}}).json()["id"]
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    inputs = [
        {"objectWriteTraceId": "1", "properties": {"email": "a@x.example"}, "associations": [{"to": {"id": acme}, "types": types}]},
        {"objectWriteTraceId": "2", "properties": {"email": "b@x.example"}, "associations": [{"to": {"id": "9"}, "types": types}]},
    ]  # fmt: skip
    answer = empty.post(f"{BASE}/create", {"inputs": inputs})
    assert answer.status_code == 207
    assert len(answer.json()["results"]) == len(answer.json()["errors"]) == 1
    rows = empty.get("/crm/v3/objects/contacts", associations="companies").json()["results"]
    assert [r["associations"]["companies"]["results"][0]["id"] for r in rows] == [acme]


def test_archive(empty: Api, contacts: Contacts) -> None:
    ids = contacts(2)
    assert empty.post(f"{BASE}/archive", {"inputs": [{"id": ids[0]}, {"id": "5"}]}).status_code == 204
    assert [r["id"] for r in empty.get("/crm/v3/objects/contacts").json()["results"]] == [ids[1]]


def test_an_admins_rule_binds_writes_of_the_newer_version_only(empty: Api, contacts: Contacts) -> None:
    ids = contacts(1)
    empty.control("rules", object="contacts", required=["jobtitle"])
    body = {"properties": {"firstname": "x"}}
    assert empty.send("PATCH", f"/crm/objects/2026-03/contacts/{ids[0]}", body).status_code == 200
    refused = empty.send("PATCH", f"/crm/objects/2026-09/contacts/{ids[0]}", body)
    assert refused.status_code == 400
    assert "jobtitle" in refused.json()["message"]
