"""Histories of single columns: the rows of the objects' field histories, and the people and accounts themselves."""

from collections import defaultdict

from sales_consultant.sandbox.data_folder import field_name, infer
from sales_consultant.sandbox.data_folder.types import CustomField
from sales_consultant.sandbox.salesforce.loading.loading import SOBJECT, Loader, from_text
from sales_consultant.sandbox.salesforce.org import HISTORY_OF, VENDOR, ids
from sales_consultant.sandbox.salesforce.records import change
from sales_consultant.sandbox.store import Record

Entry = tuple[int, str | None]


def load_histories(loader: Loader) -> None:
    """Write histories, then the records whose last change they may be.

    The file shows values as of now, so the last entry is where a value comes from. A field with history is tracked from
    then on. Objects that Salesforce keeps no history of show the last value only.
    """
    grouped: dict[tuple[str, str], dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
    for row in loader.folder["field_history"]:
        at = loader.time(row["changed_at"])
        grouped[row["object"], row["field"]][row["record_id"]].append((at, row.get("value")))
    rows: dict[str, list[tuple[int, str]]] = defaultdict(list)
    tracked: dict[str, list[str]] = {}
    for (table, column), records in grouped.items():
        if table not in SOBJECT or table not in loader.drafts:
            continue
        sobject = SOBJECT[table]
        name = _field(loader, table, column, records)
        if sobject in HISTORY_OF:
            tracked.setdefault(sobject, []).append(name)
        for external, entries in records.items():
            rows[sobject] += _changes(loader, table, name, external, sorted(entries, key=lambda e: e[0]))
    for sobject, made in rows.items():
        if sobject in HISTORY_OF:
            _write(loader, HISTORY_OF[sobject], made)
    loader.org.set_details(tracked={s: sorted(set(n)) for s, n in tracked.items()})
    _conversions(loader)
    for table in ("companies", "contacts", "leads", "deals"):
        loader.write(SOBJECT[table], loader.drafts[table].values())


def _field(loader: Loader, table: str, column: str, records: dict[str, list[Entry]]) -> str:
    known = loader.columns.get(table, {}).get(column)
    if known is None:
        # The table has no such column: today's value is the last of the history.
        type, options, _ = infer([v for entries in records.values() for _, v in entries])
        made = CustomField(column, field_name(column), type, options)
        known = loader.columns.setdefault(table, {})[column] = loader.make_field(SOBJECT[table], made)
    return known


def _changes(
    loader: Loader, table: str, name: str, external: str, entries: list[Entry]
) -> list[tuple[int, str]]:
    draft = loader.drafts[table].get(external)
    if draft is None:
        return []
    sobject = SOBJECT[table]
    kind = loader.org.fields(sobject)[name].type
    values = [(at, _value(loader, name, kind, v)) for at, v in entries]
    current = draft.values.get(name)
    if name in draft.values and current is not None and values[-1][1] != current:
        values.append((values[-1][0], current))
    draft.values[name] = values[-1][1]
    draft.modified = max(draft.modified, values[-1][0])
    user = draft.values.get("OwnerId", loader.admin)
    rows, held = [], None
    for at, value in values:
        # What it was when the record was made is no change.
        if at > draft.created and value != held:
            rows.append((at, change(sobject, draft.id, name, held, value, user)))
        held = value
    return rows


def _value(loader: Loader, name: str, kind: str, text: str | None) -> object:
    if name == "OwnerId":
        return loader.owners.get(text or "")
    if name == "AccountId":
        return loader.id("companies", text)
    return from_text(kind, text)


def _conversions(loader: Loader) -> None:
    """Salesforce writes a row of its own when a lead is converted."""
    rows = []
    for row in loader.folder["leads"]:
        if row.get("converted_at") is not None:
            draft = loader.drafts["leads"][row["id"]]
            text = change("Lead", draft.id, "leadConverted", None, None, draft.values["OwnerId"])
            rows.append((loader.time(row["converted_at"]), text))
    _write(loader, "LeadHistory", rows)


def _write(loader: Loader, history: str, rows: list[tuple[int, str]]) -> None:
    rows.sort(key=lambda r: r[0])
    first = loader.org.new_ids(history, len(rows))
    records = (
        Record(ids.make(history, first + n), first + n, text, at, at) for n, (at, text) in enumerate(rows)
    )
    loader.org.store.insert(VENDOR, history, records)
