"""What an admin's program does to a portal, by the official client: pipelines, definitions, labels, lists."""

from collections.abc import Iterator
from typing import Any

import pytest
from hubspot import HubSpot
from support.sandbox_company import Api


@pytest.fixture
def client(empty: Api) -> Iterator[Any]:
    yield HubSpot(access_token="t", host=empty.sandbox.url, base_url=empty.sandbox.url)


def stage(label: str, probability: str, order: int = 0) -> dict[str, Any]:
    return {"label": label, "displayOrder": order, "metadata": {"probability": probability}}


def refused(call: Any, *args: Any, **more: Any) -> int:
    """The status that a call is refused with."""
    with pytest.raises(Exception) as e:
        call(*args, **more)
    return int(e.value.status)  # type: ignore[attr-defined]  # a class of each of the client's packages


def test_pipelines_and_stages_come_change_and_go(empty: Api, client: Any) -> None:
    pipelines, stages = client.crm.pipelines.pipelines_api, client.crm.pipelines.pipeline_stages_api
    body = {"label": "Renewals", "displayOrder": 1, "stages": [stage("Open", "0.5"), stage("Won", "1.0", 1)]}
    made = pipelines.create("deals", body)
    first, won = (s.id for s in made.stages)
    assert pipelines.update("deals", made.id, {"label": "Again"}).label == "Again"
    assert stages.update("deals", made.id, first, stage("Started", "0.3")).label == "Started"
    assert stages.get_by_id("deals", made.id, first).metadata["probability"] == "0.3"
    values = {"dealname": "D", "pipeline": made.id, "dealstage": first}
    deal = empty.post("/crm/v3/objects/deals", {"properties": values}).json()["id"]
    sure = "?validateDealStageUsagesBeforeDelete=true"
    path = f"/crm/v3/pipelines/deals/{made.id}"
    assert empty.send("DELETE", f"{path}/stages/{first}{sure}").status_code == 400
    assert empty.send("DELETE", f"{path}{sure}").status_code == 400
    newest = f"/crm/pipelines/2026-09/deals/{made.id}"
    assert empty.send("DELETE", newest).status_code == 400, "from 2026-09 on that is validated by default"
    assert empty.send("DELETE", f"{newest}/stages/{first}").status_code == 400
    stages.archive("deals", made.id, won)
    assert [s.id for s in pipelines.get_by_id("deals", made.id).stages] == [first]
    again = {
        "label": "New",
        "displayOrder": 2,
        "stages": [{**stage("Kept", "0.2"), "stageId": first}, stage("More", "0.9", 1)],
    }
    replaced = pipelines.replace("deals", made.id, again)
    assert [s.id == first for s in replaced.stages] == [True, False]
    emptied = {**again, "stages": [stage("None", "0.1")]}
    assert empty.send("PUT", f"{path}{sure}", emptied).status_code == 400
    pipelines.archive("deals", made.id)
    left = client.crm.deals.basic_api.get_by_id(deal, properties=["pipeline", "dealstage", "hs_is_closed"])
    assert (left.properties["pipeline"], left.properties["dealstage"]) == (made.id, first), (
        "ids of what is no more"
    )
    assert made.id not in {p.id for p in pipelines.get_all("deals").results}
    assert refused(stages.archive, "deals", "nothing", "nothing") == 404


def test_definitions_are_archived_in_one_call(empty: Api, client: Any) -> None:
    api = client.crm.properties
    group = api.groups_api.get_all("contacts").results[0].name
    for name in ("one", "two"):
        api.core_api.create(
            "contacts",
            {"name": name, "label": name, "type": "string", "fieldType": "text", "groupName": group},
        )
    api.batch_api.archive("contacts", {"inputs": [{"name": n} for n in ("one", "two", "nothing")]})
    assert not {"one", "two"} & {p.name for p in api.core_api.get_all("contacts").results}
    assert refused(api.batch_api.archive, "contacts", {"inputs": [{"name": "email"}]}) == 400


def test_labels_are_renamed_and_taken_away(empty: Api) -> None:
    path = "/crm/v4/associations/contacts/companies/labels"
    made = empty.post(path, {"label": "Adviser", "name": "adviser"}).json()["results"][0]["typeId"]
    ids = [
        empty.post(f"/crm/v3/objects/{o}", {"properties": {n: "x"}}).json()["id"]
        for o, n in (("contacts", "firstname"), ("companies", "name"))
    ]
    link = f"/crm/v4/objects/contacts/{ids[0]}/associations/companies/{ids[1]}"
    spec = [{"associationCategory": "USER_DEFINED", "associationTypeId": made}]
    assert empty.send("PUT", link, spec).status_code == 201
    assert empty.send("PUT", path, {"label": "Counsel", "associationTypeId": made}).status_code == 204

    def held() -> set[str | None]:
        rows = empty.get(link.rpartition("/")[0]).json()["results"]
        return {t["label"] for r in rows for t in r["associationTypes"]}

    assert "Counsel" in held()
    assert empty.send("DELETE", f"{path}/{made}").status_code == 204
    assert "Counsel" not in held()
    assert empty.send("DELETE", f"{path}/{made}").status_code == 400
    assert empty.send("DELETE", f"{path}/1").status_code == 400


def test_a_list_is_filled_by_hand(empty: Api, client: Any) -> None:
    ids = [
        empty.post("/crm/v3/objects/contacts", {"properties": {"firstname": str(n)}}).json()["id"]
        for n in range(3)
    ]
    lists, memberships = client.crm.lists.lists_api, client.crm.lists.memberships_api
    body = {"name": "To call", "objectTypeId": "0-1", "processingType": "MANUAL"}
    made = lists.create(body).list.list_id
    assert refused(lists.create, body) == 409
    assert refused(lists.create, {**body, "name": "By filter", "processingType": "DYNAMIC"}) == 400
    added = empty.send("PUT", f"/crm/v3/lists/{made}/memberships/add", [*ids, "1"]).json()
    assert (added["recordIdsAdded"], added["recordIdsMissing"]) == (ids, ["1"])
    page = empty.get(f"/crm/v3/lists/{made}/memberships", limit=2).json()
    rest = empty.get(f"/crm/v3/lists/{made}/memberships", after=page["paging"]["next"]["after"]).json()
    assert [m["recordId"] for m in page["results"] + rest["results"]] == ids
    client.crm.contacts.basic_api.archive(ids[0])
    change = {"recordIdsToAdd": [], "recordIdsToRemove": [ids[1]]}
    assert empty.send("PUT", f"/crm/v3/lists/{made}/memberships/add-and-remove", change).json()[
        "recordIdsRemoved"
    ] == [ids[1]]
    found = lists.do_search({"query": "call"}).lists
    assert [(x.name, x.additional_properties["hs_list_size"]) for x in found] == [("To call", "1")]
    of = empty.get(f"/crm/v3/lists/records/0-1/{ids[2]}/memberships").json()["results"]
    assert [m["listId"] for m in of] == [made]
    assert (
        empty.send("PUT", f"/crm/v3/lists/{made}/update-list-name?listName=Later").json()["updatedList"][
            "name"
        ]
        == "Later"
    )
    assert lists.get_by_name("Later", "0-1").list.list_id == made
    lists.remove(made)
    assert refused(lists.get_by_id, made) == 404
    lists.restore(made)
    assert empty.get("/crm/lists/2026-03", listIds=made).json()["lists"][0]["listId"] == made
    assert empty.send("DELETE", f"/crm/v3/lists/{made}/memberships").status_code == 204
    assert memberships.get_page(made).total == 0
