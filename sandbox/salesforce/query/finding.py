"""Finding records by words: SOSL, parameterizedSearch, and what the user looked at lately."""

import re
from dataclasses import replace
from typing import Any

from sales_consultant.sandbox.salesforce.access import sharing
from sales_consultant.sandbox.salesforce.api import Call, Result
from sales_consultant.sandbox.salesforce.org import CUSTOMIZABLE, VENDOR, ApiError, Field, Sobject
from sales_consultant.sandbox.salesforce.query import plan
from sales_consultant.sandbox.salesforce.records import render
from sales_consultant.sandbox.salesforce.soql import Literal, Logic, Within, parse

Json = dict[str, Any]
# SOQL and SOSL Reference: results of a search. REST API Developer Guide, Recently Viewed Items: records of the list.
MOST = 2000
RECENT = 200
_FIND = re.compile(
    r"\s*FIND\s*\{(?P<words>(?:\\.|[^}\\])*)\}"
    r"(?:\s+IN\s+(?P<group>ALL|NAME|EMAIL|PHONE|SIDEBAR)\s+FIELDS)?"
    r"(?:\s+RETURNING\s+(?P<returning>.+?))?"
    r"(?:\s+LIMIT\s+(?P<limit>\d+))?\s*\Z",
    re.IGNORECASE | re.DOTALL,
)
_CLAUSE = re.compile(r"\s+(?=(?:USING|WHERE|ORDER|LIMIT|OFFSET)\b)", re.IGNORECASE)
_KINDS = {"EMAIL": "email", "PHONE": "phone"}


def search(call: Call) -> Result:
    """GET search?q=FIND {...}: SOSL, without its clauses for articles and snippets."""
    text = call.text("q")
    found = _FIND.match(text)
    if found is None:
        raise ApiError("MALFORMED_SEARCH", "SOSL begins with FIND {words} and names its objects by RETURNING")
    words = re.sub(r"\\(.)", r"\1", found["words"])
    wanted = [_returning(part) for part in _parts(found["returning"] or "")]
    most = min(MOST, int(found["limit"] or MOST))
    return 200, {"searchRecords": _search(call, words, (found["group"] or "ALL").upper(), wanted, most)}


def parameterized(call: Call) -> Result:
    """GET or POST parameterizedSearch: the same without a language of its own."""
    if call.request.method == "POST":
        body = call.object()
        words, group = str(body.get("q") or ""), str(body.get("in") or "ALL").upper()
        shared = ", ".join(body.get("fields") or ["Id"])
        wanted = []
        for part in body.get("sobjects") or []:
            clauses = [f"WHERE {part['where']}"] if part.get("where") else []
            clauses += [f"LIMIT {int(part['limit'])}"] if part.get("limit") else []
            fields = ", ".join(part.get("fields") or []) or shared
            wanted.append((str(part.get("name") or ""), fields, " ".join(clauses)))
        most = int(body.get("overallLimit") or MOST)
    else:
        words, group = call.text("q"), call.text("in", "ALL").upper()
        names = [n for n in call.text("sobject").split(",") if n]
        wanted = [(n, call.text(f"{n}.fields") or call.text("fields", "Id"), "") for n in names]
        most = int(call.text("overallLimit", str(MOST)))
    return 200, {"searchRecords": _search(call, words, group, wanted, min(MOST, most)), "metadata": None}


def _parts(text: str) -> list[str]:
    """What RETURNING lists, split at the commas outside of parentheses."""
    found, depth, start = [], 0, 0
    for n, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            found.append(text[start:n])
            start = n + 1
    return [p.strip() for p in (*found, text[start:]) if p.strip()]


def _returning(text: str) -> tuple[str, str, str]:
    """An object, its fields, and the clauses that follow them."""
    name, _, rest = text.partition("(")
    inside = rest.strip().removesuffix(")") if rest else "Id"
    fields, *clauses = _CLAUSE.split(inside.strip(), maxsplit=1)
    return name.strip(), fields, clauses[0] if clauses else ""


def _search(call: Call, words: str, group: str, wanted: list[tuple[str, str, str]], most: int) -> list[Json]:
    if len(re.sub(r"\W", "", words)) < 2:
        raise ApiError("MALFORMED_SEARCH", "search term must be longer than one character: " + words)
    if not wanted:
        seen = [o for o in call.org.sobjects() if o.name in CUSTOMIZABLE and call.access.may(o, "Read")]
        wanted = [(o.name, "Id", "") for o in seen]
    tests = [_test(w) for w in _alternatives(words)]
    records: list[Json] = []
    for name, fields, clauses in wanted:
        asked = parse(f"SELECT {fields} FROM {name} {clauses}")
        made = plan.plan_of(asked, call.access)
        ids = _matching(call, made.compiler.sobject, group, tests)
        if not ids:
            continue
        among = Within("Id", tuple(Literal("string", f"'{i}'") for i in ids))
        where = among if asked.where is None else Logic("AND", (among, asked.where))
        made = plan.plan_of(replace(asked, where=where), call.access)
        rows = plan.fetch(made, plan.matching(made))
        records += render.rows(call.org, made.shape, rows, call.version)
    return records[:most]


def _alternatives(words: str) -> list[list[str]]:
    """The words or phrases that must all be there, for each side of an OR."""
    sides = re.split(r"\s+OR\s+", words, flags=re.IGNORECASE)
    return [
        [a or b for a, b in re.findall(r'"([^"]+)"|(\S+)', side) if (a or b).upper() != "AND"]
        for side in sides
    ]


def _test(words: list[str]) -> list[re.Pattern[str]]:
    """A word stands for itself, or with * and ? for those that fit."""
    made = []
    for word in words:
        pattern = re.escape(word).replace(r"\*", r"\w*").replace(r"\?", r"\w")
        made.append(re.compile(rf"(?<!\w){pattern}(?!\w)", re.IGNORECASE))
    return made


def _matching(call: Call, sobject: Sobject, group: str, tests: list[list[re.Pattern[str]]]) -> list[str]:
    """Ids of the live records that this user sees and of which the visible texts hold the words."""
    names = [f.name for f in call.access.visible(sobject.name).values() if _searched(f, group)]
    record_ids = []
    for record in call.org.store.each(VENDOR, sobject.name):
        if record.archived:
            continue
        values = record.values()
        text = "\n".join(str(values[n]) for n in names if values.get(n))
        if any(all(p.search(text) for p in side) for side in tests):
            record_ids.append(record.id)
    return list(sharing.visible(call.access, sobject.name, record_ids))[:MOST]


def _searched(f: Field, group: str) -> bool:
    """Whether a search in a group of fields (ALL, NAME, EMAIL, PHONE, SIDEBAR) looks into a field."""
    if group == "NAME":
        return f.name in ("Name", "FirstName", "LastName")
    return f.type in (
        (_KINDS[group],) if group in _KINDS else ("string", "textarea", "email", "phone", "url")
    )


def looked_at(call: Call, sobject: str, ids: list[str]) -> None:
    """A query FOR VIEW or FOR REFERENCE: what is recent for this user."""
    held: dict[str, list[tuple[str, str]]] = call.org.memory.setdefault("recent", {})
    mine = held.setdefault(call.access.user_id, [])
    fresh = [(sobject, i) for i in ids]
    held[call.access.user_id] = [*fresh, *(k for k in mine if k not in fresh)][:RECENT]


def recent(call: Call) -> Result:
    """GET recent: what this user looked at last, by FOR VIEW; reading by API alone makes nothing recent."""
    most = min(RECENT, int(call.text("limit", str(RECENT))))
    found: list[Json] = []
    for name, id in call.org.memory.get("recent", {}).get(call.access.user_id, [])[:most]:
        record = call.org.record(name, id)
        if record is not None and not record.archived and sharing.allowed(call.access, name, id):
            seen = [n for n in ("Id", "Name", "Subject") if n in call.access.visible(name)]
            made = render.shape(call.access, name, seen)
            found += render.rows(call.org, made, [record], call.version)
    return 200, found
