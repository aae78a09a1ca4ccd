"""Who is written: everyone, or the pilot that `[write] where` and `first` describe."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sales_consultant.config.errors import ConfigError
from sales_consultant.config.nearest import did_you_mean
from sales_consultant.connectors.neutral import NEUTRAL, quote
from sales_consultant.sync.desired import Desired, Key
from sales_consultant.sync.plan import Held

if TYPE_CHECKING:
    from sales_consultant.sync.workspace import Workspace

_TABLES = {"contacts": "contacts", "leads": "contacts", "companies": "companies", "deals": "deals"}


def allowed(ws: "Workspace", wanted: Desired, current: Held) -> frozenset[Key] | None:
    """The records that may be written; None where all may.

    `owner` compares e-mail addresses or ids of owners; any other name is a column of the neutral table, and records of
    an object without that column are outside the pilot.
    """
    write = ws.settings.write
    if not write.where and write.first is None:
        return None
    # Records that are scored no more are in the pilot too: their last write is what takes a step away.
    keys = [k for k in current.values if k in wanted.records or any(current.values[k].values())]
    for column, value in write.where.items():
        values = {v.lower() for v in ([value] if isinstance(value, str) else value)}
        keep = _owner(ws, wanted, values) if column == "owner" else _column(ws, column, values)
        keys = [k for k in keys if keep(k)]
    if write.first is not None:
        # Those that were written before stay in the pilot, so that it does not wander from night to night; then the
        # best scores, for a pilot is for reps and not for companies without one.
        def rank(k: Key) -> tuple[bool, int, Key]:
            record = wanted.records.get(k)
            return not current.written.get(k), -int((record and record.values.get("score")) or 0), k

        keys = sorted(keys, key=rank)[: write.first]
    return frozenset(keys)


def _owner(ws: "Workspace", wanted: Desired, values: set[str]) -> Callable[[Key], bool]:
    found = ws.warehouse.con.execute("SELECT id, lower(email) FROM owners").fetchall()
    ids = {str(i) for i, email in found if str(i).lower() in values or email in values}
    if not ids:
        raise ConfigError(
            f"[write] where owner: no owner is called {', '.join(sorted(values))}.",
            action=did_you_mean(min(values), [e for _, e in found if e]),
        )
    return lambda key: wanted.owners.get(key, "") in ids


def _column(ws: "Workspace", column: str, values: set[str]) -> Callable[[Key], bool]:
    members: dict[str, set[str]] = {}
    known: set[str] = set()
    for obj, table in _TABLES.items():
        columns = ws.warehouse.columns(table)
        known |= columns
        if column in columns:
            rows = ws.warehouse.con.execute(
                f"SELECT id FROM {quote(table)} WHERE list_contains(?, lower(CAST({quote(column)} AS VARCHAR)))",
                [sorted(values)],
            ).fetchall()
            members[obj] = {str(r[0]) for r in rows}
    if not members:
        raise ConfigError(
            f'[write] where: there is no column "{column}".',
            action=did_you_mean(column, known or _all_columns()),
        )
    return lambda key: key[1] in members.get(key[0], set())


def _all_columns() -> set[str]:
    columns: Mapping[str, Mapping[str, str]] = NEUTRAL
    return {c for t in _TABLES.values() for c in columns[t]} | {"owner"}
