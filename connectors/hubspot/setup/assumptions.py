"""Which guesses of the fact sheet hold on a live portal: asked without changing anything, in which no value is shown."""

from collections.abc import Mapping
from typing import Any

from sales_consultant.config.errors import SalesConsultantError
from sales_consultant.config.language.articles import a
from sales_consultant.connectors.base import Assumption
from sales_consultant.connectors.http import LostAnswerError, error_body
from sales_consultant.connectors.hubspot.api import HubSpotApi, Paths
from sales_consultant.connectors.hubspot.reading import GOALS, GOALS_PROPERTIES

# No record has them: HubSpot's ids are smaller, and grow by one a record.
NOBODY = ("999999999999998", "999999999999999")
_LIMIT_HEADERS = (
    "X-HubSpot-RateLimit-Max",
    "X-HubSpot-RateLimit-Remaining",
    "X-HubSpot-RateLimit-Interval-Milliseconds",
    "X-HubSpot-RateLimit-Daily",
    "X-HubSpot-RateLimit-Daily-Remaining",
)
_TYPES = {
    str: "text",
    int: "number",
    float: "number",
    bool: "flag",
    type(None): "null",
    list: "list",
    dict: "object",
}

# An answer of another shape than expected is a finding, never the end of the report.
STRANGE = (ValueError, LookupError, TypeError, AttributeError)

Json = dict[str, Any]


def kind(value: Any) -> str:
    """The JSON type of a value, in a word."""
    return _TYPES.get(type(value), type(value).__name__)


def ask(api: HubSpotApi, reading: Paths, writing: Paths) -> list[Assumption]:
    """One line an assumption; one that cannot be asked says so."""
    assumptions: list[Assumption] = []
    for question in (_list, _search, _missing, _links, _update, _limits, _goals):
        try:
            assumptions += question(api, reading, writing)
        except (SalesConsultantError, LostAnswerError, *STRANGE) as e:
            words = f"not answered ({getattr(e, 'kind', type(e).__name__)})"
            assumptions.append(Assumption(question.__name__.strip("_"), "an answer", words, None))
    return assumptions


def _list(api: HubSpotApi, reading: Paths, _: Paths) -> list[Assumption]:
    response = api.answer("GET", reading.objects("contacts"), query={"limit": 20})
    rows: list[Json] = error_body(response).get("results", [])
    ids = [str(r.get("id")) for r in rows]
    values = sorted({kind(v) for r in rows for v in (r.get("properties") or {}).values()})
    there = [h for h in _LIMIT_HEADERS if h in response.headers]
    return [
        Assumption(
            "header Date on every answer",
            "there",
            _there("Date" in response.headers),
            "Date" in response.headers,
        ),
        Assumption(
            "limit headers on a list", "all five", f"{len(there)} of 5", len(there) == len(_LIMIT_HEADERS)
        ),
        Assumption(
            "a list is ordered by id",
            "ascending",
            "ascending" if ids == sorted(ids, key=_number) else "not ascending",
            None if len(ids) < 2 else ids == sorted(ids, key=_number),
        ),
        Assumption(
            "property values in JSON", "text or null", " or ".join(values), _within(values, {"text", "null"})
        ),
        Assumption(
            "id of a record in JSON",
            "text",
            _kinds(r.get("id") for r in rows),
            _all_text(r.get("id") for r in rows),
        ),
    ]


def _search(api: HubSpotApi, reading: Paths, _: Paths) -> list[Assumption]:
    body = {"limit": 2, "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]}
    response = api.answer("POST", reading.search("contacts"), body=body)
    there = [h for h in _LIMIT_HEADERS if h in response.headers]
    answer = error_body(response)
    stamps = [str(r.get("updatedAt")) for r in answer.get("results", [])]
    exact = [s for s in stamps if "." in s]
    return [
        Assumption("limit headers on a search", "none", f"{len(there)} of 5", not there),
        Assumption(
            "total of a search", "number", kind(answer.get("total")), kind(answer.get("total")) == "number"
        ),
        Assumption(
            "updatedAt has milliseconds",
            "yes",
            "yes" if exact else "no",
            None if not stamps else len(exact) == len(stamps),
        ),
    ]


def _goals(api: HubSpotApi, reading: Paths, _: Paths) -> list[Assumption]:
    """HubSpot's page on goals names some of the properties that are read; the others were seen in peers' calls."""
    names = {p.get("name") for p in api.get(reading.properties(GOALS))["results"]}
    without = [p for p in GOALS_PROPERTIES if p not in names]
    seen = f"without {', '.join(without)}" if without else "all there"
    return [Assumption("properties of goals", "all there", seen, not without)]


def _missing(api: HubSpotApi, reading: Paths, _: Paths) -> list[Assumption]:
    body = {"inputs": [{"id": i} for i in NOBODY], "properties": ["hs_object_id"]}
    response = api.answer("POST", reading.batch("contacts", "read"), body=body)
    return [
        _status("status of a batch read of ids that are not there", response.status_code, 207),
        *_errors("batch read", error_body(response), traced=False),
    ]


def _links(api: HubSpotApi, reading: Paths, _: Paths) -> list[Assumption]:
    rows: list[Json] = api.get(reading.objects("contacts"), limit=20).get("results", [])
    if not rows:
        return [Assumption("JSON type of toObjectId", "text or number", "no contact to ask about", None)]
    body = {"inputs": [{"id": r["id"]} for r in rows]}
    response = api.answer("POST", reading.associations("contacts", "companies"), body=body)
    answer = error_body(response)
    listed: list[Json] = answer.get("results", [])
    targets = [t.get("toObjectId") for r in listed for t in r.get("to") or ()]
    kinds = _kinds(targets)
    without = len(rows) - len(listed)
    return [
        Assumption("JSON type of toObjectId", "text", kinds, None if not targets else kinds == "text"),
        Assumption(
            "records without links are left out",
            "yes",
            "yes" if without else "no record without a link was asked for, or it was listed",
            True if without else None,
        ),
        Assumption(
            "status where records without links were asked for",
            "200 or 207",
            str(response.status_code),
            response.status_code in (200, 207),
        ),
    ]


def _update(api: HubSpotApi, _: Paths, writing: Paths) -> list[Assumption]:
    """An update of records that are not there changes nothing, and shows the form of errors."""
    inputs = [{"id": i, "objectWriteTraceId": f"trace-{n}", "properties": {}} for n, i in enumerate(NOBODY)]
    response = api.answer("POST", writing.batch("contacts", "update"), body={"inputs": inputs})
    if response.status_code in (401, 403):
        return [Assumption("batch update", "asked", "this token may not write", None)]
    return [
        _status("status of a batch update of ids that are not there", response.status_code, 207),
        *_errors("batch update", error_body(response), traced=True),
    ]


def _limits(api: HubSpotApi, reading: Paths, _: Paths) -> list[Assumption]:
    held = api.get(reading.limits("custom-properties"))
    rows = held.get("byObjectType")
    names = set(rows[0]) if isinstance(rows, list) and rows else set()
    fine = {"objectTypeId", "usage", "limit"} <= names
    return [
        Assumption("free property slots are listed by object", "yes", "yes" if fine else "otherwise", fine)
    ]


def _errors(what: str, answer: Mapping[str, Any], *, traced: bool) -> list[Assumption]:
    errors: list[Json] = [e for e in answer.get("errors") or () if isinstance(e, dict)]
    context = {k for e in errors for k in (e.get("context") or {})}
    assumptions = [
        Assumption(
            f"errors of {a(what)} name the ids",
            "context.ids",
            _names(context),
            None if not errors else "ids" in context,
        )
    ]
    if traced:
        has_trace = "objectWriteTraceId" in context
        words = "honoured on update"
        assumptions.append(
            Assumption(
                "objectWriteTraceId",
                words,
                words if has_trace else "not seen",
                None if not errors else has_trace,
            )
        )
    return assumptions


def _status(name: str, seen: int, expected: int) -> Assumption:
    return Assumption(name, str(expected), str(seen), seen == expected)


def _names(context: set[str]) -> str:
    # Names of HubSpot's own keys only: whatever else an answer may hold is not written down.
    known = sorted(context & {"ids", "id", "objectWriteTraceId", "objectType"})
    return ", ".join(f"context.{k}" for k in known) or "nothing known"


def _there(held: bool) -> str:
    return "there" if held else "absent"


def _kinds(values: Any) -> str:
    return " or ".join(sorted({kind(v) for v in values})) or "none to see"


def _all_text(values: Any) -> bool | None:
    kinds = {kind(v) for v in values}
    return None if not kinds else kinds == {"text"}


def _within(seen: list[str], allowed: set[str]) -> bool | None:
    return None if not seen else set(seen) <= allowed


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0
