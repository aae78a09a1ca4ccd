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
