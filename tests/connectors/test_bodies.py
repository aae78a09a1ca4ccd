"""Where bytes become JSON: one odd value costs itself, and what is no whole JSON is no answer."""

import json
import math
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_consultant.connectors.http.bodies import Shape, UnreadableError, loads
from sales_consultant.connectors.hubspot.api import shapes as hubspot
from sales_consultant.connectors.salesforce.api import shapes as salesforce

# Any JSON, with the strings that a CRM may hold.
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(VALUES)
def test_what_is_legible_comes_as_it_was_sent(value: Any) -> None:
    assert loads(orjson.dumps(value)) == (value, 0)


@given(VALUES, st.sampled_from(["utf-8-sig", "utf-16", "utf-16-le", "utf-32"]))
def test_another_character_set_that_shows_itself_is_read(value: Any, charset: str) -> None:
    assert loads(json.dumps({"a": value}).encode(charset))[0] == {"a": value}


def test_a_label_names_the_character_set() -> None:
    body = '{"name": "Müller"}'.encode("latin-1")
    assert loads(body, "application/json; charset=ISO-8859-1") == ({"name": "Müller"}, 0)
    assert loads('{"name": "Müller"}'.encode(), 'application/json;charset="utf-8"') == ({"name": "Müller"}, 0)
    # A label that is none, or that could make a codec run wild, is not asked.
    for label in ("charset=klingon-8", "charset=unicode_escape", "charset=zip"):
        assert loads(body, f"application/json; {label}") == ({"name": "M�ller"}, 1)


@pytest.mark.parametrize(
    ("body", "value", "repaired"),
    [
        (b'{"a": "x\xff", "b": 1}', {"a": "x�", "b": 1}, 1),
        (b'{"a": "\\ud83d", "b": "\\ud83d\\ude00"}', {"a": "�", "b": "😀"}, 1),
        (b'{"a": "\\udead\\ud83d", "b": ["\\ud800"]}', {"a": "��", "b": ["�"]}, 2),
        (b'{"a": NaN, "b": -Infinity}', {"a": "NaN", "b": "-Infinity"}, 2),
        (b'{"a": 1e309, "b": -1e400, "c": 1e300}', {"a": "1e309", "b": "-1e400", "c": 1e300}, 2),
        (b'{"a": "x\ty\x01"}', {"a": "x\ty\x01"}, 0),
        (b'{"a": 123456789012345678901234567890}', {"a": 123456789012345678901234567890}, 0),
        (b'{"a": 18446744073709551617, "b": "12345678901234567890"}',
         {"a": 18446744073709551617, "b": "12345678901234567890"}, 0),
        (b'{"a": ' + b"9" * 5000 + b"}", {"a": "9" * 5000}, 1),
        (b'{"\\ud800": 1}', {"�": 1}, 1),
    ],
)  # fmt: skip
def test_one_odd_value_costs_itself(body: bytes, value: Any, repaired: int) -> None:
    assert loads(body) == (value, repaired)
    # Whatever comes of it can be stored as text.
    json.dumps(loads(body)[0], ensure_ascii=False).encode("utf-8")


@given(VALUES, st.data())
def test_a_body_that_is_cut_off_is_never_a_value(value: Any, data: st.DataObject) -> None:
    body = orjson.dumps({"results": value})
    cut = data.draw(st.integers(0, len(body) - 1))
    with pytest.raises(UnreadableError):
        loads(body[:cut])


@pytest.mark.parametrize(
    "body",
    [b"", b"  ", b"<html></html>", b"{} {}", b"\x1f\x8b\x08\x00", b"[" * 100_000, b"{'a': 1}", b"\xff\xfe\x00", b"ok"],
)  # fmt: skip
def test_what_is_no_json_is_no_answer(body: bytes) -> None:
    with pytest.raises(UnreadableError):
        loads(body)


@given(st.binary(max_size=60))
def test_no_body_is_an_error_of_ours(body: bytes) -> None:
    try:
        value, repaired = loads(body)
    except UnreadableError:
        return
    assert repaired >= 0
    assert not isinstance(value, float) or math.isfinite(value)


GOOD: tuple[tuple[Any, str, str, Any], ...] = (
    (hubspot, "GET", "/crm/objects/2026-03/contacts", {"results": [{"id": "1"}]}),
    (hubspot, "POST", "/crm/objects/2026-03/contacts/search", {"results": [], "paging": None}),
    (hubspot, "POST", "/crm/objects/2026-03/deals/batch/update", {"results": [{"id": "1"}]}),
    (hubspot, "POST", "/crm/associations/2026-03/a/b/batch/read", {"results": [{"from": {"id": "1"}, "to": []}]}),
    (hubspot, "GET", "/crm/properties/2026-03/deals", {"results": [{"name": "x"}]}),
    (hubspot, "GET", "/account-info/v3/details", {"portalId": 1}),
    (salesforce, "GET", "/services/data/v62.0/query", {"records": [], "done": True}),
    (salesforce, "GET", "/services/data/v62.0/sobjects/Lead/describe", {"fields": [{"name": "Id", "type": "id"}]}),
    (salesforce, "PATCH", "/services/data/v62.0/composite/sobjects", [{"success": True}]),
    (salesforce, "GET", "/services/data/v62.0/jobs/query/750", {"id": "750", "state": "Open"}),
    (salesforce, "GET", "/services/data", [{"version": "62.0"}]),
)  # fmt: skip


@pytest.mark.parametrize(("side", "method", "path", "good"), GOOD)
def test_an_answer_of_another_form_is_none(side: Any, method: str, path: str, good: Any) -> None:
    shape: Shape = side.shape(method, path)
    shape.check(good)
    wrong: list[Any] = [None, "text", 7, {} if isinstance(good, list) else []]
    if isinstance(good, dict):
        wrong += [{k: v for k, v in good.items() if k != gone} for gone in good if gone != "paging"]
        wrong += [{**good, key: 7.5} for key in good if key != "portalId"]
        wrong += [{**good, k: [{}, 7]} for k, v in good.items() if isinstance(v, list)]
    else:
        wrong += [[7], [[]]] if path.endswith("sobjects") else []
    for value in wrong:
        with pytest.raises(UnreadableError):
            shape.check(value)


@pytest.mark.parametrize("paging", [{"next": {}}, {"next": 7}, [1], {"next": {"link": "x"}}])
def test_a_page_that_does_not_say_where_the_next_is_is_no_answer(paging: Any) -> None:
    with pytest.raises(UnreadableError):
        hubspot.shape("GET", "/crm/objects/2026-03/contacts").check({"results": [], "paging": paging})
