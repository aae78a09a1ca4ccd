"""The neutral tables as Ibis tables that are bound to nothing, and blocks that run once for each cut-off.

Ibis is used as a compiler only: what runs an expression is the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import pandas as pd

from sales_consultant.engine.protocol import Engine

MEMBERS = "_sc_members"
MEMBER_COLUMNS = {
    "record_id": "string",
    "cut": "int64",
    "created_at": "int64",
    "company_id": "string",
    "company_created_at": "int64",
    "contact_id": "string",
    "pipeline": "string",
}
# The neutral tables that features are made of.
DATED_TABLES = (
    "activities", "associations", "campaign_members", "companies", "contacts", "deal_history", "deals", "field_history",
    "line_items", "stages",
)  # fmt: skip
# A number no time can be: it marks the cut-off's place in the compiled text, so that Ibis compiles once.
MARK = 8_100_000_000_000_000_001

Block = Callable[[Any, Any], Any]
"""Takes the members of one cut-off and the cut-off (both Ibis expressions), gives a table."""


def neutral(engine: Engine, name: str) -> Any:
    """The Ibis table of a neutral table, with the columns it has in this warehouse."""
    import ibis

    return ibis.table(engine.schema(name), name=name)


def alive(table: Any) -> Any:
    """The rows that the CRM has not deleted."""
    return table.filter(~table.deleted.fill_null(False))


def of_known_state(deals: Any) -> Any:
    """Those of the deals of which it is known whether they are over, and of those that are whether they were won.

    A deal may stand in a stage that the CRM does not know any more: that is neither open nor lost.
    """
    return deals.filter(deals.is_closed.notnull() & (deals.is_won.notnull() | ~deals.is_closed))


def as_ms(column: Any) -> Any:
    """A date or time column as milliseconds; a column of milliseconds is left as it is."""
    kind = column.type()
    if kind.is_integer():
        return column.cast("int64")
    if kind.is_string():
        column = column.nullif("").cast("timestamp")
    elif kind.is_date():
        column = column.cast("timestamp")
    return column.epoch_seconds().cast("int64") * 1000


def query(engine: Engine, table: Any) -> pd.DataFrame:
    """The rows of an Ibis table that has no cut-off."""
    return engine.small(table)


TEXTS: dict[Hashable, str] = {}
"""SQL by what it computes and the columns it was made for: compiling costs more than running it on a small CRM."""
# A judgement: a training of several populations makes some hundred texts of some kilobytes; the oldest goes first.
_MOST_TEXTS = 400


def compiled(engine: Engine, make: Callable[[], str], *, name: Hashable) -> str:
    """SQL that `make` gives; made once for a name and the columns that the tables have."""
    key = (name, _shape(engine))
    if key not in TEXTS:
        if len(TEXTS) >= _MOST_TEXTS:
            TEXTS.pop(next(iter(TEXTS)))
        TEXTS[key] = make()
    return TEXTS[key]


def _shape(engine: Engine) -> int:
    """A number that differs where the columns of the neutral tables do."""
    return hash(tuple((name, *engine.columns(name).items()) for name in DATED_TABLES))


def per_cut(
    engine: Engine, make: Callable[[], Block], members: pd.DataFrame, *, name: Hashable
) -> pd.DataFrame:
    """The union of a block at each cut-off of the members.

    A union of blocks is half as dear as a join of the rows with all cut-offs, in time and in memory.
    `members` has the columns of MEMBER_COLUMNS; the block's first two columns are record_id and cut. `make` gives the
    block; it is called only where the block of that `name` is not compiled yet, so all that it depends on, but for the
    columns of the tables, is in the name.
    """
    import ibis

    def sql() -> str:
        every, mark = ibis.table(MEMBER_COLUMNS, name=MEMBERS), ibis.literal(MARK, "int64")
        return engine.text(make()(every.filter(every.cut == mark), mark))

    text = compiled(engine, sql, name=name)
    wanted = sorted({int(c) for c in members["cut"]})
    with engine.lend(MEMBERS, members[list(MEMBER_COLUMNS)]):
        return engine.small(
            " UNION ALL ".join(f"({text.replace(str(MARK), str(cut))})" for cut in wanted or [0])
        )
