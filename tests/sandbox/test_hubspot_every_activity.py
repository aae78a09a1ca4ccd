"""Postal mail and feedback submissions are object types like the others, in every family of paths; limit headers are
always there."""

from typing import Any

import pytest
from support.sandbox_company import Api

from sales_consultant.sandbox.hubspot.portal.kinds import ACTIVITIES

OBJECTS = ("/crm/v3/objects", "/crm/objects/2026-03", "/crm/objects/2026-09")
NAMES = {
    "postal_mail": ("postal_mail", "0-116", "POSTAL_MAIL"),
    "feedback_submissions": ("feedback_submissions", "feedback_submission", "0-19"),
}
EVERY = [n for names in NAMES.values() for n in names]


@pytest.fixture
def mail(portal: Api) -> str:
    """A letter to a contact."""
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 453}]
    body = {
        "properties": {"hs_timestamp": "2024-03-01", "hs_postal_mail_body": "A brochure"},
        "associations": [{"to": {"id": portal.id("contacts", "p1")}, "types": types}],
    }
    answer = portal.post("/crm/v3/objects/postal_mail", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.fixture
def answered(portal: Api) -> str:
    """A contact's answer to a survey."""
    values = {"hs_submission_name": "NPS", "hs_value": "9", "hs_survey_type": "NPS", "hs_content": "Fine"}
    return str(portal.control("feedback", contact=portal.id("contacts", "p1"), properties=values)["id"])


@pytest.mark.parametrize("base", OBJECTS)
def test_lists_reads_searches_and_batches_by_every_name(
    portal: Api, mail: str, answered: str, base: str
) -> None:
    for object, names in NAMES.items():
        id, title = (
            (mail, "hs_postal_mail_body") if object == "postal_mail" else (answered, "hs_submission_name")
        )
        for name in names:
            many = f"{base}/{name}"
            assert [r["id"] for r in portal.get(many, properties=title).json()["results"]] == [id]
            assert portal.get(f"{many}/{id}", properties=title).json()["properties"][title]
            found = portal.post(f"{many}/search", {"filterGroups": [], "properties": [title]}).json()
            assert (found["total"], found["results"][0]["id"]) == (1, id)
            read = portal.post(f"{many}/batch/read", {"inputs": [{"id": id}], "properties": [title]})
            assert read.status_code == 200 and read.json()["results"][0]["properties"][title]


@pytest.mark.parametrize("name", EVERY)
def test_definitions_schemas_and_pipelines_by_every_name(portal: Api, name: str) -> None:
    for base in ("/crm/v3/properties", "/crm/properties/2026-03", "/crm/properties/2026-09"):
        found = {p["name"] for p in portal.get(f"{base}/{name}").json()["results"]}
        assert {"hs_object_id", "hs_createdate", "hs_lastmodifieddate"} <= found
        assert portal.get(f"{base}/{name}/hs_object_id").status_code == 200
        assert portal.get(f"{base}/{name}/groups").status_code == 200
    assert portal.get(f"/properties/v2/{name}/properties").status_code == 200
    schema = portal.get(f"/crm/v3/schemas/{name}").json()
    assert schema["objectTypeId"] in ("0-116", "0-19") and schema["properties"]
    assert portal.get(f"/crm/v3/pipelines/{name}").json()["results"] == [], "they have stages of no kind"


def test_links_by_both_families(portal: Api, mail: str, answered: str) -> None:
    contact = portal.id("contacts", "p1")
    for name, id, forth, back in (
        ("postal_mail", mail, 453, 454),
        ("feedback_submissions", answered, 98, 97),
    ):
        for base in ("/crm/v4/associations", "/crm/associations/2026-03"):
            body = {"inputs": [{"id": id}]}
            (one,) = portal.post(f"{base}/{name}/contacts/batch/read", body).json()["results"]
            assert [str(t["toObjectId"]) for t in one["to"]] == [contact]
            assert one["to"][0]["associationTypes"][0]["typeId"] == forth
            labels = portal.get(f"{base}/contacts/{name}/labels").json()["results"]
            assert [x["typeId"] for x in labels] == [back]
        for path in (
            f"/crm/v3/objects/{name}/{id}/associations/contacts",
            f"/crm/v4/objects/{name}/{id}/associations/contacts",
        ):
            assert portal.get(path).status_code == 200
        inline = portal.get(f"/crm/v3/objects/{name}/{id}", associations="contacts").json()
        assert inline["associations"]["contacts"]["results"][0]["id"] == contact


def test_mail_is_written_and_feedback_only_read(portal: Api, mail: str, answered: str) -> None:
    changed = portal.send(
        "PATCH", f"/crm/v3/objects/postal_mail/{mail}", {"properties": {"hs_postal_mail_body": "Other"}}
    )
    assert changed.json()["properties"]["hs_postal_mail_body"] == "Other"
    assert portal.send("DELETE", f"/crm/v3/objects/postal_mail/{mail}").status_code == 204
    body: dict[str, Any] = {"properties": {"hs_content": "x"}}
    base = "/crm/v3/objects/feedback_submissions"
    for method, path in (("POST", base), ("PATCH", f"{base}/{answered}"), ("DELETE", f"{base}/{answered}")):
        assert portal.send(method, path, body).status_code == 405
    assert portal.post(f"{base}/batch/create", {"inputs": [body]}).status_code == 405
    assert portal.get(base).json()["results"][0]["id"] == answered


def test_a_scope_is_needed_for_feedback(portal: Api) -> None:
    portal.control("users", token="weak", without=["crm.objects.feedback_submissions.read"])
    weak = Api(portal.sandbox, "weak")
    answer = weak.get("/crm/v3/objects/feedback_submissions")
    assert answer.status_code == 403
    assert "crm.objects.feedback_submissions.read" in answer.text
    assert weak.get("/crm/v3/objects/postal_mail").status_code == 200


def test_a_page_shows_a_letter_among_the_activities(portal: Api, mail: str) -> None:
    page = portal.session.get(
        f"{portal.sandbox.url}/records/hubspot/contacts/{portal.id('contacts', 'p1')}"
    ).text
    assert "A brochure" in page and "Postal mail" in page
    assert "postal_mail" in ACTIVITIES


# -- limits -------------------------------------------------------------------------------------------------------

DAILY = {"X-HubSpot-RateLimit-Daily", "X-HubSpot-RateLimit-Daily-Remaining"}
TEN = {
    "X-HubSpot-RateLimit-Max",
    "X-HubSpot-RateLimit-Remaining",
    "X-HubSpot-RateLimit-Interval-Milliseconds",
}


def told(headers: Any) -> set[str]:
    return {h for h in headers if "ratelimit" in h.lower()}


def test_limit_headers_are_there_while_limits_are_off(portal: Api) -> None:
    first, second = (portal.get("/crm/v3/objects/contacts").headers for _ in range(2))
    assert told(first) == TEN | DAILY
    assert int(first["X-HubSpot-RateLimit-Remaining"]) < int(first["X-HubSpot-RateLimit-Max"])
    assert (
        int(second["X-HubSpot-RateLimit-Daily-Remaining"])
        == int(first["X-HubSpot-RateLimit-Daily-Remaining"]) - 1
    )
    usage = portal.get("/account-info/v3/api-usage/daily/private-apps").json()["results"][0]
    assert usage["usageLimit"] == int(first["X-HubSpot-RateLimit-Daily"])
    # An error has them too, a search has none, and nor has what needs no token.
    assert told(portal.get("/crm/v3/objects/contacts/1").headers) == TEN | DAILY
    assert told(portal.post("/crm/v3/objects/contacts/search", {"filterGroups": []}).headers) == set()


def test_an_oauth_app_is_told_nothing_of_the_day(portal: Api) -> None:
    form = {"grant_type": "refresh_token", "client_id": "app", "client_secret": "s", "refresh_token": "r"}
    token = portal.session.post(f"{portal.sandbox.url}/oauth/v1/token", data=form).json()["access_token"]
    assert told(Api(portal.sandbox, token).get("/crm/v3/objects/contacts").headers) == TEN
