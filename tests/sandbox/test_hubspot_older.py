"""The older APIs that connectors still ask, and the small ones about pipelines."""

import pytest
from support.sandbox_company import Api


@pytest.mark.parametrize(
    "path",
    [
        "/properties/v2/contact/properties", "/properties/v2/contacts/properties", "/properties/v1/contacts/properties",
        "/contacts/v2/properties",
    ],
)  # fmt: skip
def test_definitions_as_a_bare_list(company: Api, path: str) -> None:
    listed = {d["name"]: d for d in company.get(path).json()}
    now = {d["name"] for d in company.get("/crm/v3/properties/contacts").json()["results"]}
    assert set(listed) == now
    assert (listed["email"]["type"], listed["email"]["deleted"]) == ("string", False)


def test_other_objects_and_single_definitions(company: Api) -> None:
    for path in (
        "/companies/v2/properties",
        "/properties/v1/deals/properties",
        "/properties/v2/deal/properties",
    ):
        assert len(company.get(path).json()) > 5
    assert company.get("/properties/v2/deals/properties/named/amount").json()["type"] == "number"
    assert company.get("/properties/v2/deals/properties/named/nothing").status_code == 404
    assert company.get("/dragons/v2/properties").status_code == 400


def test_pipelines_of_the_first_version(company: Api) -> None:
    (held,) = company.get("/crm-pipelines/v1/pipelines/deals").json()["results"]
    (now,) = company.get("/crm/v3/pipelines/deals").json()["results"]
    assert (held["pipelineId"], held["active"]) == (now["id"], True)
    assert [s["stageId"] for s in held["stages"]] == [s["id"] for s in now["stages"]]
    assert isinstance(held["createdAt"], int)
    base = f"/crm/pipelines/2026-03/deals/{now['id']}"
    assert company.get(f"{base}/stages/{now['stages'][0]['id']}").json() == now["stages"][0]
    assert company.get(f"{base}/stages/none").status_code == 404
    assert [a["action"] for a in company.get(f"{base}/audit").json()["results"]] == ["CREATE"]


def test_links_of_the_third_version_have_names(portal: Api) -> None:
    pia, quy = portal.id("contacts", "p1"), portal.id("contacts", "p2")
    acme, beta = portal.id("companies", "c1"), portal.id("companies", "c2")
    base = f"/crm/v3/objects/contacts/{pia}/associations/companies"
    listed = portal.get(base).json()["results"]
    assert {(r["id"], r["type"]) for r in listed} >= {(acme, "contact_to_company")}
    assert portal.send("PUT", f"{base}/{beta}/contact_to_company_unlabeled").status_code == 200
    assert {r["id"] for r in portal.get(base).json()["results"]} == {acme, beta}
    newer = portal.get(f"/crm/v4/objects/contacts/{pia}/associations/companies").json()["results"]
    assert {r["toObjectId"] for r in newer} == {acme, beta}
    assert portal.send("DELETE", f"{base}/{beta}/contact_to_company_unlabeled").status_code == 204
    assert {r["id"] for r in portal.get(base).json()["results"]} == {acme}
    assert portal.send("PUT", f"{base}/{beta}/contact_to_dragon").status_code == 400
    pair = "/crm/v3/associations/contact/company"
    alone = portal.post("/crm/v3/objects/contacts", {"properties": {"email": "alone@x.example"}}).json()["id"]
    read = portal.post(f"{pair}/batch/read", {"inputs": [{"id": pia}, {"id": alone}]})
    assert (read.status_code, read.json()["numErrors"]) == (207, 1)
    assert read.json()["errors"][0]["context"]["fromObjectId"] == [alone]
    assert read.json()["results"][0]["from"] == {"id": pia}
    one = {"from": {"id": quy}, "to": {"id": acme}, "type": "contact_to_company_unlabeled"}
    assert portal.post(f"{pair}/batch/create", {"inputs": [one]}).status_code == 201
    assert portal.post(f"{pair}/batch/archive", {"inputs": [one]}).status_code == 204
    names = {t["name"]: t["id"] for t in portal.get(f"{pair}/types").json()["results"]}
    assert names == {"contact_to_company": "1", "contact_to_company_unlabeled": "279"}
