"""UserRecordAccess: a query that tells what one user may do with up to 200 records."""

from typing import Any

from sales_consultant.sandbox.salesforce.access import Access, sharing
from sales_consultant.sandbox.salesforce.api import Call, Result
from sales_consultant.sandbox.salesforce.org import OBJECTS, ApiError, ids
from sales_consultant.sandbox.salesforce.soql import Compare, Query, Within, terms, unquote

Json = dict[str, Any]
NAME = "UserRecordAccess"
# Object Reference, UserRecordAccess: records of a query.
MOST = 200
_FIELDS = (
    "RecordId", "HasReadAccess", "HasEditAccess", "HasDeleteAccess", "HasTransferAccess", "HasAllAccess", "MaxAccessLevel",
)  # fmt: skip


def _asked(query: Query) -> tuple[str, list[str]]:
    """The user and the records of a query. Raises ApiError where one of them is not named."""
    users: list[str] = []
    records: list[str] = []
    for term in terms(query.where):
        if isinstance(term, Compare) and term.operator == "=" and term.path.lower() in ("userid", "recordid"):
            (users if term.path.lower() == "userid" else records).append(unquote(term.value.text))
        elif (
            isinstance(term, Within) and term.path.lower() == "recordid" and not (term.negated or term.nested)
        ):
            records += [unquote(v.text) for v in term.values]
        elif not (isinstance(term, Compare) and term.path.lower() in {f.lower() for f in _FIELDS}):
            raise ApiError("MALFORMED_QUERY", "Can not filter on this field of UserRecordAccess")
    if len(users) != 1 or not records:
        raise ApiError(
            "MALFORMED_QUERY", "Can only query UserRecordAccess with filters on one UserId and on RecordId"
        )
    if len(records) > MOST:
        raise ApiError("EXCEEDED_ID_LIMIT", f"Can only query up to {MOST} records of UserRecordAccess")
    return users[0], records


def run(call: Call, query: Query) -> Result:
    """The answer of a query on UserRecordAccess. Raises ApiError."""
    names = []
    for item in query.items:
        found = next((f for f in _FIELDS if f.lower() == item.path.lower()), None)
        if found is None or item.function:
            raise ApiError("INVALID_FIELD", f"No such column '{item.path}' on entity '{NAME}'.")
        names.append(found)
    user, records = _asked(query)
    access = Access.of(call.org, ids.full(user) or user)
    rows = [_row(access, id) for id in dict.fromkeys(ids.full(r) or r for r in records)]
    wanted = [
        t
        for t in terms(query.where)
        if isinstance(t, Compare) and t.path.lower() not in ("userid", "recordid")
    ]
    for term in wanted:
        name = next(f for f in _FIELDS if f.lower() == term.path.lower())
        value: Any = {"true": True, "false": False}.get(term.value.kind, unquote(term.value.text))
        rows = [r for r in rows if (r[name] == value) == (term.operator == "=")]
    shown = [
        {
            "attributes": {"type": NAME, "url": call.path(f"sobjects/{NAME}/{row['RecordId']}")},
            **{n: row[n] for n in names},
        }
        for row in rows
    ]
    return 200, {"totalSize": len(shown), "done": True, "records": shown}


def _row(access: Access, id: str) -> Json:
    name = next((n for n, p in ids.PREFIXES.items() if p and p == id[:3] and n in OBJECTS), "")
    record = access.org.record(name, id) if name else None
    may = {level: False for level in ("Read", "Edit", "Delete")}
    if record is not None and not record.archived:
        may["Read"] = access.may(OBJECTS[name], "Read") and sharing.allowed(access, name, id, "Read")
        may["Edit"] = (
            may["Read"] and access.may(OBJECTS[name], "Edit") and sharing.allowed(access, name, id, "Edit")
        )
        may["Delete"] = (
            may["Edit"]
            and access.may(OBJECTS[name], "Delete")
            and sharing.allowed(access, name, id, "Delete")
        )
    level = "All" if may["Delete"] else "Edit" if may["Edit"] else "Read" if may["Read"] else "None"
    return {
        "RecordId": id,
        "HasReadAccess": may["Read"],
        "HasEditAccess": may["Edit"],
        "HasDeleteAccess": may["Delete"],
        "HasTransferAccess": may["Delete"],
        "HasAllAccess": may["Delete"],
        "MaxAccessLevel": level,
    }
