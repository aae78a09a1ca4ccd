"""What a data folder becomes on HubSpot: one contact a person, histories, links, activities, campaigns."""

from typing import Any

from support.sandbox_company import Api

Json = dict[str, Any]


def _all(api: Api, object: str, **query: Any) -> dict[str, Json]:
    """Records by the id they have in the folder."""
    asked = ",".join(["external_id", *query.pop("properties", [])])
    rows = api.get(f"/crm/v3/objects/{object}", limit=50, properties=asked, **query).json()["results"]
    return {r["properties"]["external_id"]: r for r in rows}


def _history(record: Json, name: str) -> list[tuple[str, str]]:
    return [(h["timestamp"], h["value"]) for h in record["propertiesWithHistory"][name]]


def test_a_converted_lead_is_the_contact_it_became(company: Api) -> None:
    found = _all(
        company,
        "contacts",
        properties=["lead_source", "email", "company"],
        propertiesWithHistory="lifecyclestage",
    )
    assert sorted(found) == ["l2", "p1", "p2"]
    pia = found["p1"]
    assert pia["createdAt"] == "2024-01-02T00:00:00Z"
    assert pia["properties"]["lead_source"] == "Web"
    assert _history(pia, "lifecyclestage") == [
        ("2024-03-01T10:00:00Z", "customer"),
        ("2024-01-05T08:00:00Z", "opportunity"),
        ("2024-01-02T00:00:00Z", "lead"),
    ]
    assert _history(found["l2"], "lifecyclestage") == [("2024-02-02T00:00:00Z", "lead")]


def test_a_column_with_history_has_it_and_another_holds_since_creation(company: Api) -> None:
    pia = _all(company, "contacts", propertiesWithHistory="page_views,jobtitle")["p1"]
    assert _history(pia, "page_views") == [("2024-02-06T00:00:00Z", "12"), ("2024-01-06T00:00:00Z", "3")]
    assert _history(pia, "jobtitle") == [("2024-01-02T00:00:00Z", "CTO")]


def test_a_deal_has_its_stages_and_is_not_closed_before_it_was(company: Api) -> None:
    deal = _all(
        company,
        "0-3",
        properties=["hs_is_closed_won", "amount", "pipeline"],
        propertiesWithHistory="dealstage,closedate",
    )["d1"]
    assert [v for _, v in _history(deal, "dealstage")] == ["won", "offer", "new"]
    assert _history(deal, "closedate") == [("2024-03-01T10:00:00Z", "2024-03-01T00:00:00Z")]
    assert deal["properties"]["hs_is_closed_won"] == "true"
    assert deal["properties"]["amount"] == "1000.5"
    assert deal["updatedAt"] == "2024-03-01T10:00:00Z"


def test_activities_are_objects_of_their_kind_on_contact_and_deal(company: Api) -> None:
    call = _all(company, "calls", properties=["hs_call_direction", "hs_call_disposition"])["a1"]
    assert call["properties"]["hs_call_direction"] == "OUTBOUND"
    assert call["properties"]["hs_call_disposition"] == "f240bbac-87c9-4f6e-bf70-924b57d47db7"
    assert call["createdAt"] == "2024-01-07T10:05:00Z"
    meeting = _all(company, "meetings", properties=["hs_meeting_start_time", "hs_meeting_outcome"])["a2"]
    assert meeting["properties"]["hs_meeting_start_time"] == "2024-07-07T10:00:00Z"
    assert meeting["properties"]["hs_meeting_outcome"] == "SCHEDULED"
    assert meeting["createdAt"] < "2024-06-01"
    form = _all(company, "communications", properties=["hs_communication_channel_type"])["a3"]
    assert form["properties"]["hs_communication_channel_type"] == "FORM_SUBMISSION"
    mail = _all(company, "emails", properties=["hs_email_direction"])["a4"]
    assert mail["properties"]["hs_email_direction"] == "INCOMING_EMAIL"


def test_what_hung_on_a_converted_lead_hangs_on_its_contact(company: Api) -> None:
    note, pia = company.id("notes", "a5"), company.id("contacts", "p1")
    found = company.post("/crm/v4/associations/notes/contacts/batch/read", {"inputs": [{"id": note}]}).json()
    assert [t["toObjectId"] for t in found["results"][0]["to"]] == [pia]


def test_links_carry_their_types_primary_and_role(company: Api) -> None:
    deal = company.id("deals", "d1")
    path = "/crm/associations/2026-03/deals/{}/batch/read"
    body = {"inputs": [{"id": deal}]}
    to = company.post(path.format("companies"), body).json()["results"][0]["to"]
    assert {t["typeId"] for t in to[0]["associationTypes"]} == {5, 341}
    to = company.post(path.format("contacts"), body).json()["results"][0]["to"]
    labels = {t["toObjectId"]: {x["label"] for x in t["associationTypes"]} for t in to}
    assert labels == {
        company.id("contacts", "p1"): {None},
        company.id("contacts", "p2"): {None, "Economic buyer"},
    }


def test_goods_keep_amount_and_price(company: Api) -> None:
    item = _all(company, "line_items", properties=["amount", "price", "quantity", "name"])["i1"]["properties"]
    assert (item["amount"], item["price"], item["quantity"], item["name"]) == ("27", "9", "3", "Widget")


def test_campaigns_have_guids_and_tell_first_and_last_touch(company: Api) -> None:
    found = company.get("/marketing/campaigns/2026-03", properties="hs_name").json()
    ids = {c["properties"]["hs_name"]: c["id"] for c in found["results"]}
    assert found["total"] == 2
    assert all(len(i) == 36 for i in ids.values())

    def touched(name: str, kind: str) -> list[str]:
        path = f"/marketing/campaigns/2026-03/{ids[name]}/reports/contacts/{kind}"
        return [r["id"] for r in company.get(path).json()["results"]]

    pia = company.id("contacts", "p1")
    assert touched("Spring", "contactFirstTouch") == [pia]
    assert touched("Spring", "contactLastTouch") == []
    assert pia in touched("Summer", "contactLastTouch")
    assert len(touched("Summer", "influencedContacts")) == 2


def test_people_and_money_are_set_up(company: Api) -> None:
    owners = company.get("/crm/owners/2026-03", limit=100).json()["results"]
    assert [o["lastName"] for o in owners] == ["Österberg", "Li"]
    assert company.get("/account-info/v3/details").json()["companyCurrency"] == "EUR"
    stages = company.get("/crm/v3/pipelines/deals").json()["results"][0]["stages"]
    assert [(s["id"], s["metadata"]["isClosed"], s["metadata"]["probability"]) for s in stages] == [
        ("new", "false", "0.1"),
        ("offer", "false", "0.6"),
        ("won", "true", "1.0"),
        ("lost", "true", "0.0"),
    ]


def test_opt_outs_and_bounces_are_hubspots_own_properties(company: Api) -> None:
    names = ["hs_email_optout", "hs_email_hard_bounce_reason_enum"]
    found = _all(company, "contacts", properties=names)
    assert found["p2"]["properties"]["hs_email_optout"] == "true"
    assert found["p2"]["properties"]["hs_email_hard_bounce_reason_enum"] is not None
    assert found["p1"]["properties"]["hs_email_hard_bounce_reason_enum"] is None
