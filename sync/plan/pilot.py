"""Who is written: everyone, or the pilot that `[write] where` and `first` describe; and what becomes of those outside."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from sales_consultant.config.conditions import Condition, as_moment, as_number, from_setting
from sales_consultant.config.errors import ConfigError, UsageError
from sales_consultant.config.language.articles import a
from sales_consultant.config.language.nearest import did_you_mean
from sales_consultant.config.neutral import NEUTRAL
from sales_consultant.config.records import RecordRef
from sales_consultant.config.sections import Write
from sales_consultant.engine.reads import conditions, records
from sales_consultant.sync.plan.desired_values import Desired
from sales_consultant.sync.plan.plan import CurrentValues
from sales_consultant.sync.stores import State

if TYPE_CHECKING:
    from sales_consultant.sync.runtime import Workspace

_TABLES = {"contacts": "contacts", "leads": "contacts", "companies": "companies", "deals": "deals"}
_PEOPLE = ("owner", "team")
DECIDED = "pilot"

Narrowed = Literal["keep", "empty"]
# Given how many records are outside, whether they are to be emptied.
Ask = Callable[[int], bool]
Keep = Callable[[RecordRef], bool]


def allowed(ws: "Workspace", wanted: Desired, current: CurrentValues) -> frozenset[RecordRef] | None:
    """The records that may be written; None where all may.

    `owner` compares e-mail addresses or ids of owners, `team` the names of `[write.teams]`; any other name is a column
    of the neutral table, and records of an object without that column are outside the pilot.
    """
    write = ws.settings.write
    if not write.where and write.first is None:
        return None
    # Records that are scored no more are in the pilot too: their last write is what takes a step away.
    keys = [k for k in current.values if k in wanted.records or any(current.values[k].values())]
    for name, value in write.where.items():
        for condition in from_setting(name, value):
            keep = _people(ws, wanted, condition) if name in _PEOPLE else _column(ws, condition)
            keys = [k for k in keys if keep(k)]
    if write.first is not None:
        # Those that were written before stay in the pilot, so that it does not wander from night to night; then the
        # best scores, for a pilot is for reps and not for companies without one.
        def rank(k: RecordRef) -> tuple[bool, int, RecordRef]:
            record = wanted.records.get(k)
            return not current.written.get(k), -int((record and record.values.get("score")) or 0), k

        keys = sorted(keys, key=rank)[: write.first]
    return frozenset(keys)


def _people(ws: "Workspace", wanted: Desired, condition: Condition) -> Keep:
    values = {v.lower() for v in condition.values}
    if condition.field == "team":
        values = {p.lower() for v in values for p in _team(ws.settings.write, v)}
    owners = records.owners(ws.warehouse.engine)
    ids = {str(i) for i, email in owners if str(i).lower() in values or email in values}
    unread = not all(email for _, email in owners)
    if not ids and unread and condition.operator in ("=", "in"):
        # Whose address cannot be read may be who is meant: nobody is written tonight, and nothing stops.
        return lambda key: False
    if not ids:
        raise ConfigError(
            f"[write] where {condition.field}: no owner is called {', '.join(sorted(values))}.",
            action=did_you_mean(min(values), [e for _, e in owners if e]),
        )
    if condition.operator not in ("=", "in", "!="):
        raise ConfigError(
            f'[write] where: {a(condition.field)} is no number to compare with "{condition.operator}".',
            action='Give an address, a list of them, or one after "!=".',
        )
    inside = condition.operator != "!="
    return lambda key: (wanted.owner(key) in ids) is inside


def _team(write: Write, name: str) -> Sequence[str]:
    teams = {k.lower(): v for k, v in write.teams.items()}
    if name not in teams:
        raise ConfigError(
            f'[write] where: there is no team "{name}" in [write.teams].', action=did_you_mean(name, teams)
        )
    return teams[name]


def _column(ws: "Workspace", condition: Condition) -> Keep:
    members: dict[str, set[str]] = {}
    known: set[str] = set()
    for obj, table in _TABLES.items():
        types = ws.warehouse.engine.columns(table)
        known |= types.keys()
        if condition.field in types:
            sql, values = compared(condition, types[condition.field])
            members[obj] = records.ids_where(ws.warehouse.engine, table, sql, values)
    if not members:
        raise ConfigError(
            f'[write] where: there is no column "{condition.field}".',
            action=did_you_mean(condition.field, known or _all_columns()),
        )
    return lambda key: key.record_id in members.get(key.object, set())


def compared(condition: Condition, column_type: str) -> tuple[str, list[object]]:
    """A condition on a column of the engine's type, as its text with its values; ConfigError where they do not fit.

    Texts compare without regard to case, numbers as numbers, times as ISO 8601. An empty cell is not equal to anything.
    """
    number = conditions.is_number(column_type)
    moment = conditions.is_whole(column_type) and condition.field.endswith(("_at", "_date"))
    name = f"[write] where: {a(condition.field)}"
    try:
        values: list[object] = [
            (as_moment(v, name) if moment else as_number(v, name)) if number else v.lower()
            for v in condition.values
        ]
    except ValueError as e:
        said, action = e.args
        raise ConfigError(f"{said}.", action=action) from e
    return conditions.comparison(condition.field, column_type, condition.operator, values), values


def _all_columns() -> set[str]:
    columns: Mapping[str, Mapping[str, str]] = NEUTRAL
    return {c for t in _TABLES.values() for c in columns[t]} | set(_PEOPLE)


def described(write: Write) -> str:
    """The pilot that the settings describe: the same text for the same pilot."""
    return json.dumps([write.where, write.first, write.teams], sort_keys=True)


def narrowing(text: str) -> Narrowed | None:
    """What the command line says of values outside the pilot; None where it says nothing."""
    if text in ("keep", "empty"):
        return "keep" if text == "keep" else "empty"
    if text:
        raise UsageError(f'--narrowed "{text}" is not known.', action="Choose one of: keep, empty.")
    return None


def left_behind(pilot: frozenset[RecordRef] | None, current: CurrentValues) -> frozenset[RecordRef]:
    """Records outside the pilot that hold values which we wrote: it was wider once, or they have left it."""
    if pilot is None:
        return frozenset()
    return frozenset(
        k
        for k, wrote in current.written.items()
        if k not in pilot
        and any(v is not None and current.values.get(k, {}).get(f) == v for f, v in wrote.items())
    )


def decide(
    state: State, write: Write, count: int, *, given: Narrowed | None, ask: Ask | None, remember: bool
) -> Narrowed:
    """Whether those outside keep their values or are emptied: as given, as answered for this pilot, as asked, as set.

    An answer holds until the pilot changes: nobody is asked twice.
    """
    pilot = described(write)
    held = json.loads(state.get(DECIDED) or "{}")
    known: Narrowed | None = held.get("decision") if held.get("pilot") == pilot else None
    answer = given or known
    if answer is None and count and ask is not None:
        answer = "empty" if ask(count) else "keep"
    if remember and answer is not None and answer != known:
        state.put(DECIDED, json.dumps({"pilot": pilot, "decision": answer}))
    return answer or write.on_narrowing
