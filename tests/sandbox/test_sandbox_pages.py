"""The pages: what a rep sees of a record, and that CRM text is never markup."""

from typing import Any

import requests
from support.sandbox_company import Api

from sales_consultant.sandbox.cards import Card, Event, Related, Value, role
from sales_consultant.sandbox.serving.pages import render_card

MARKUP = '"><script>alert(1)</script>'


def _own_fields(api: Api, object: str) -> None:
    base = f"/crm/properties/2026-03/{object}"
    assert (
        api.post(f"{base}/groups", {"name": "sales_consultant", "label": "Sales Consultant"}).status_code
        == 201
    )
    for name, kind, field in (
        ("score", "number", "number"),
        ("grade", "string", "text"),
        ("reasons", "string", "textarea"),
        ("next_step", "string", "text"),
        ("next_step_due", "date", "date"),
        ("expected_value", "number", "number"),
    ):
        label = f"Sales Consultant: {name.replace('_', ' ').capitalize()}"
        body: dict[str, Any] = {
            "name": f"sc_{name}",
            "label": label,
            "type": kind,
            "fieldType": field,
            "groupName": "sales_consultant",
        }
        assert api.post(base, body).status_code == 201


def _page(api: Api, path: str) -> str:
    answer = requests.get(api.sandbox.url + path, timeout=10)
    assert answer.status_code == 200
    return answer.text


def test_a_record_shows_our_section_its_activity_and_what_hangs_on_it(portal: Api) -> None:
    _own_fields(portal, "deals")
    deal = portal.id("deals", "d2")
    values = {
        "sc_score": "71",
        "sc_grade": "A",
        "sc_reasons": "A meeting is planned: +12\nEverything else: +9",
        "sc_next_step": "Prepare for the meeting",
        "sc_next_step_due": "2024-07-05",
        "sc_expected_value": "512",
    }
    portal.send("PATCH", f"/crm/v3/objects/deals/{deal}", {"properties": values})
    page = _page(portal, f"/records/hubspot/deals/{deal}")
    for text in (
        "Beta tills", '<span class="score">71</span>', '<span class="badge a">A</span>', "A meeting is planned: +12",
        "due 2024-07-05", "Prepare for the meeting", "Expected value", "Planned: Meeting", "Bo Li", "Beta &amp; Söhne",
    ):  # fmt: skip
        assert text in page
    assert "Sales Consultant: " not in page
    assert page.index("Planned: Meeting") < page.index("Re: offer")


def test_a_record_without_our_fields_has_no_such_section(portal: Api) -> None:
    page = _page(portal, f"/records/hubspot/contacts/{portal.id('contacts', 'p1')}")
    assert "Pia Ünal" in page
    assert "CTO" in page
    assert "Sales Consultant" not in page


def test_the_list_is_sorted_by_score_with_unscored_records_last(portal: Api) -> None:
    _own_fields(portal, "contacts")
    for external, score in (("p1", "9"), ("l2", "60")):
        body = {"properties": {"sc_score": score}}
        portal.send("PATCH", f"/crm/v3/objects/contacts/{portal.id('contacts', external)}", body)
    page = _page(portal, "/")
    assert page.index("lou@gamma.example") < page.index("Pia Ünal") < page.index("Quý")


def test_an_empty_portal_has_an_empty_list(empty: Api) -> None:
    assert "empty" in _page(empty, "/")


def test_a_record_that_is_not_there_is_said_so(company: Api) -> None:
    for path in ("/records/hubspot/contacts/1", "/records/zoho/contacts/1", "/records/hubspot/dragons/1"):
        answer = requests.get(company.sandbox.url + path, timeout=10)
        assert answer.status_code == 404
        assert "No such record" in answer.text


def test_markup_in_crm_text_is_shown_not_run(portal: Api) -> None:
    quy = portal.id("contacts", "p2")
    body = {
        "properties": {"jobtitle": MARKUP, "company": "line\nbreak\x07", "website": "javascript:alert(1)"}
    }
    portal.send("PATCH", f"/crm/v3/objects/contacts/{quy}", body)
    for path in ("/", f"/records/hubspot/contacts/{quy}"):
        answer = requests.get(portal.sandbox.url + path, timeout=10)
        assert "<script" not in answer.text
        assert "<b>Trần" not in answer.text
        assert "script-src" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "&lt;script&gt;" in answer.text


def test_every_part_of_a_card_is_escaped() -> None:
    card = Card(
        vendor=MARKUP, object=MARKUP, id=MARKUP, kind=MARKUP, title=MARKUP, subtitle=MARKUP,
        key=(Value("k", MARKUP, MARKUP),), fields=(Value("f", MARKUP, MARKUP),),
        ours=tuple(Value(f"sc_{n}", MARKUP, MARKUP) for n in ("score", "grade", "trend", "reasons", "next_step", "model")),
        events=(Event(MARKUP, MARKUP, MARKUP, MARKUP),), related=(Related(MARKUP, MARKUP, MARKUP, MARKUP),),
    )  # fmt: skip
    page = render_card(card, notice=MARKUP, at=MARKUP)
    assert "<script" not in page


def test_our_fields_are_known_by_what_they_are_for() -> None:
    assert {role(n) for n in ("sc_next_step", "SC_Next_Step__c", "next_step")} == {"next_step"}
