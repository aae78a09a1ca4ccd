"""HubSpot's settings of how a property is shown: what the API takes, keeps and refuses, and what people then read."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.sandbox_company import Api

from sales_consultant.sandbox.hubspot.portal import display
from sales_consultant.sandbox.hubspot.portal.schema import definition

BASE = "/crm/properties/2026-03/companies"


def body(name: str, type: str = "number", field: str = "number", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "label": "L",
        "type": type,
        "fieldType": field,
        "groupName": "companyinformation",
        **more,
    }


def test_settings_read_back_as_made_and_as_changed(portal: Api) -> None:
    made = portal.post(
        BASE, body("a", numberDisplayHint="percentage", hidden=True, displayOrder=3, formField=True)
    )
    assert made.status_code == 201
    assert {k: made.json()[k] for k in ("numberDisplayHint", "hidden", "displayOrder", "formField")} == {
        "numberDisplayHint": "percentage", "hidden": True, "displayOrder": 3, "formField": True,
    }  # fmt: skip
    changed = portal.send(
        "PATCH", f"{BASE}/a", {"numberDisplayHint": "duration", "hidden": False, "displayOrder": 1}
    )
    assert changed.json()["numberDisplayHint"] == "duration"
    # What is left out, and null, keep what was there.
    for keep in ({"label": "Other"}, {"numberDisplayHint": None}):
        kept = portal.send("PATCH", f"{BASE}/a", keep).json()
        assert (kept["numberDisplayHint"], kept["displayOrder"], kept["hidden"]) == ("duration", 1, False)
    assert portal.send("PATCH", f"{BASE}/a", {"numberDisplayHint": ""}).status_code == 400
    assert portal.send("PATCH", f"{BASE}/a", {"hasUniqueValue": True}).json()["hasUniqueValue"] is False


def test_a_currency_needs_its_symbol_for_good(portal: Api) -> None:
    refused = portal.post(BASE, body("b", currencyPropertyName="deal_currency_code"))
    assert refused.status_code == 400
    assert refused.json()["subCategory"].endswith("ONLY_CURRENCY_PROPERTIES_CAN_SPECIFY_CURRENCY")
    made = portal.post(BASE, body("b", showCurrencySymbol=True, currencyPropertyName="deal_currency_code"))
    assert made.status_code == 201
    assert portal.send("PATCH", f"{BASE}/b", {"showCurrencySymbol": False}).status_code == 400
    assert portal.post(BASE, body("c", showCurrencySymbol=True)).status_code == 201
    assert portal.send("PATCH", f"{BASE}/c", {"showCurrencySymbol": False}).status_code == 200


def test_a_text_s_hint_and_the_options_of_a_yes_or_no(portal: Api) -> None:
    assert portal.post(BASE, body("d", "string", "text", textDisplayHint="domain_name")).status_code == 201
    assert (
        portal.send("PATCH", f"{BASE}/d", {"textDisplayHint": "email"}).json()["textDisplayHint"] == "email"
    )
    assert portal.send("PATCH", f"{BASE}/d", {"textDisplayHint": ""}).status_code == 400
    refused = portal.post(BASE, body("e", "bool", "booleancheckbox"))
    assert refused.status_code == 400
    assert refused.json()["subCategory"].endswith("INVALID_BOOLEAN_OPTION")
    options = [
        {"label": w, "value": v, "displayOrder": 0, "hidden": False}
        for w, v in (("Yes", "true"), ("No", "false"))
    ]
    assert portal.post(BASE, body("e", "bool", "booleancheckbox", options=options)).status_code == 201


def shown(type: str, value: str, field: str = "number", values: Any = None, **settings: Any) -> str:
    made = definition("x", "X", type, field, "g", "2024-01-01T00:00:00Z", options=settings.pop("options", ""))
    return display.text({**made, **settings}, value, values or {}, "USD")


@pytest.mark.parametrize(
    ("hint", "value", "text"),
    [
        ("percentage", "0.9210", "92.1%"),
        ("probability", ".5", "50%"),
        ("currency", "169098.68", "$169,098.68"),
        ("formatted", "1234567.5", "1,234,567.5"),
        (None, "1234", "1,234"),
        ("unformatted", "1234567", "1234567"),
        ("duration", "5400000", "1h 30m"),
        ("duration", "0", "0s"),
        ("percentage", "no number", "no number"),
        ("currency", "NaN", "NaN"),
        ("formatted", "1e309", f"1{',000' * 103}"),
    ],
)
def test_a_number_by_its_hint(hint: str | None, value: str, text: str) -> None:
    assert shown("number", value, numberDisplayHint=hint) == text


def test_money_has_the_symbol_of_the_record_s_currency() -> None:
    named: dict[str, Any] = {"showCurrencySymbol": True, "currencyPropertyName": "deal_currency_code"}
    assert shown("number", "1200", values={"deal_currency_code": "EUR"}, **named) == "€1,200.00"
    assert shown("number", "1200", values={"deal_currency_code": "JPY"}, **named) == "¥1,200"
    assert shown("number", "-3.5", values={"deal_currency_code": "CHF"}, **named) == "-CHF 3.50"
    # Where the record names none, and where the property names none, the company's.
    assert shown("number", "1200", **named) == shown("number", "1200", showCurrencySymbol=True) == "$1,200.00"


def test_dates_yes_and_no_and_several_choices() -> None:
    assert shown("date", "1720137600000", "date") == shown("date", "2024-07-05", "date") == "2024-07-05"
    assert shown("datetime", "1720137600000", "date") == "2024-07-05"
    assert shown("datetime", "2024-07-05T08:30:00Z", "date") == "2024-07-05 08:30"
    assert shown("date", "soon", "date") == "soon"
    assert (shown("bool", "true", "booleancheckbox"), shown("bool", "false", "booleancheckbox")) == (
        "Yes",
        "No",
    )
    assert shown("enumeration", "a;b;z", "checkbox", options="a=Apples|b=Pears") == "Apples, Pears, z"
    assert shown("enumeration", "a", "select", options="a=Apples") == "Apples"
    assert shown("string", "one\ntwo", "textarea") == "one\ntwo"


@given(
    st.text(),
    st.sampled_from([*display.NUMBER_HINTS, None]),
    st.sampled_from(["number", "date", "datetime", "bool"]),
)
def test_no_value_breaks_a_page(value: str, hint: str | None, type: str) -> None:
    assert isinstance(shown(type, value, numberDisplayHint=hint), str)
