"""The admin's validation rules, which bind API writes from version 2026-09 on."""

from typing import Any

import pytest
from support.sandbox_company import Api

OLD, NEW = "/crm/objects/2026-03/contacts", "/crm/objects/2026-09/contacts"


def _pia(portal: Api) -> str:
    return str(portal.get(OLD).json()["results"][0]["id"])


@pytest.mark.parametrize(
    ("rules", "error", "name"),
    [
        ({"required": ["jobtitle", "city"]}, "REQUIRED_PROPERTY_MISSING", "city"),
        (
            {"conditional": [{"when": {"firstname": "Pia"}, "require": ["city"]}]},
            "REQUIRED_PROPERTY_MISSING",
            "city",
        ),
        ({"values": {"jobtitle": {"min_length": 5}}}, "VALIDATION_RULE_VIOLATION", "jobtitle"),
        ({"values": {"jobtitle": {"pattern": "[a-z]+"}}}, "VALIDATION_RULE_VIOLATION", "jobtitle"),
    ],
)
def test_a_write_is_refused_because_of_another_property(
    portal: Api, rules: dict[str, Any], error: str, name: str
) -> None:
    pia, change = _pia(portal), {"properties": {"phone": "1"}}
    portal.control("rules", object="contacts", **rules)
    assert portal.send("PATCH", f"{OLD}/{pia}", change).status_code == 200
    refused = portal.send("PATCH", f"{NEW}/{pia}", change)
    assert refused.status_code == 400 and refused.json()["category"] == "VALIDATION_ERROR"
    text = refused.json()["message"]
    assert (
        text.startswith("Property values were not valid: ") and error in text and f'"name":"{name}"' in text
    )
    traced = {"inputs": [{"id": pia, "objectWriteTraceId": "t", **change}]}
    partly = portal.post(f"{NEW}/batch/update", traced)
    assert (partly.status_code, partly.json()["results"]) == (207, [])
    portal.control("rules", object="contacts")
    assert portal.send("PATCH", f"{NEW}/{pia}", change).status_code == 200


def test_what_is_required_is_required_of_new_records(portal: Api) -> None:
    portal.control("rules", object="contacts", required=["city"])
    new = {"properties": {"email": "new@x.example"}}
    assert portal.post(NEW, new).status_code == 400
    assert portal.post(f"{NEW}/batch/create", {"inputs": [new]}).status_code == 400
    assert portal.post(OLD, new).status_code == 201


def test_a_rule_on_nothing_is_refused(portal: Api) -> None:
    body = {"object": "contacts", "required": ["nothing"]}
    answer = portal.session.post(f"{portal.sandbox.url}/_sandbox/rules", json=body, timeout=10)
    assert answer.status_code == 400 and "nothing" in answer.json()["error"]
