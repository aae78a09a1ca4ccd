"""Changes that are stored late, records that are archived for long, owners who leave."""

from typing import Any

from support.sandbox_company import Api

LIST = "/crm/objects/2026-03/contacts"
DAY = 86_400_000


def _found(api: Api, name: str) -> list[Any]:
    body = {"filterGroups": [{"filters": [{"propertyName": "firstname", "operator": "EQ", "value": name}]}]}
    return [r["id"] for r in api.post(f"{LIST}/search", body).json()["results"]]


def test_a_change_that_comes_late_is_stamped_with_its_beginning(portal: Api) -> None:
    pia = portal.get(LIST).json()["results"][0]
    first = portal.control(
        "late", object="contacts", id=pia["id"], properties={"firstname": "Late"}, seconds=300
    )
    new = portal.control("late", object="contacts", properties={"firstname": "Newcomer"}, seconds=600, lag=30)
    rows = {r["id"]: r for r in portal.get(LIST).json()["results"]}
    assert rows[pia["id"]]["properties"]["firstname"] == "Late"
    assert rows[pia["id"]]["updatedAt"].startswith("2024-05-31T23:55")
    assert rows[new["id"]]["updatedAt"].startswith("2024-05-31T23:50")
    assert first["at"] - new["at"] < 301_000
    assert _found(portal, "late") == [pia["id"]]
    assert _found(portal, "newcomer") == []
    portal.control("clock", advance=31)
    assert _found(portal, "newcomer") == [new["id"]]


def test_an_archived_record_is_gone_after_ninety_days(portal: Api) -> None:
    pia = portal.get(LIST).json()["results"][0]["id"]
    assert portal.send("DELETE", f"{LIST}/{pia}").status_code == 204
    portal.control("clock", advance=89 * 86_400)
    assert [r["id"] for r in portal.get(f"{LIST}?archived=true").json()["results"]] == [pia]
    portal.control("clock", advance=2 * 86_400)
    assert portal.get(f"{LIST}?archived=true").json()["results"] == []


def test_an_owner_who_left_is_listed_apart_and_still_owns(portal: Api) -> None:
    owners = portal.get("/crm/owners/2026-03").json()["results"]
    portal.control("archive_owner", id=owners[0]["id"])
    assert [o["id"] for o in portal.get("/crm/owners/2026-03").json()["results"]] == [owners[1]["id"]]
    (left,) = portal.get("/crm/v3/owners/?archived=True").json()["results"]
    assert (left["id"], left["archived"], left["userId"]) == (owners[0]["id"], True, None)
    assert left["userIdIncludingInactive"] == owners[0]["userId"]


def test_control_says_what_cannot_be_done(portal: Api) -> None:
    for action, body in (
        ("late", {"object": "contacts", "id": "1", "properties": {}}),
        ("late", {"object": "contacts", "properties": {"nothing": "x"}}),
        ("archive_owner", {"id": "1"}),
    ):
        answer = portal.session.post(f"{portal.sandbox.url}/_sandbox/{action}", json=body, timeout=10)
        assert answer.status_code == 400 and answer.json()["error"]
