"""The raw tables of a CRM as expressions: what a connector's mapping is made of."""

from collections.abc import Mapping, Sequence

from sales_consultant.config.neutral import Source, field_column, quote


class Raw:
    """The raw tables there are, and their columns; a column that was never pulled is NULL."""

    def __init__(self, columns: Mapping[str, Sequence[str]]) -> None:
        self.columns = {t: set(c) for t, c in columns.items()}

    def has(self, table: str) -> bool:
        """Whether a table was ever pulled."""
        return f"raw_{table}" in self.columns

    def holds(self, table: str, name: str) -> bool:
        """Whether a field of the CRM was ever pulled."""
        return field_column(name) in self.columns.get(f"raw_{table}", ())

    def has_signals(self, table: str) -> bool:
        """Whether a table was ever pulled with text on."""
        return "_text_intent" in self.columns.get(f"raw_{table}", ())

    def col(self, table: str, name: str, alias: str = "r") -> str:
        """A field of the CRM as an expression."""
        return f"{alias}.{quote(field_column(name))}" if self.holds(table, name) else "CAST(NULL AS VARCHAR)"

    def gone(self, table: str, alias: str = "r") -> str:
        """Whether a small table's row is not listed by the CRM any more, as an expression."""
        return (
            f"coalesce({alias}._gone, false)" if "_gone" in self.columns.get(f"raw_{table}", ()) else "false"
        )

    def without(self, table: str, name: str) -> str:
        """The condition of a source of a table (alias r) that leaves out the rows with a value in a field, as tasks of ours."""
        return f"coalesce({self.col(table, name)}, '') = ''" if self.holds(table, name) else ""

    def first(self, table: str, *names: str) -> str:
        """The first of some fields that holds a value."""
        return f"coalesce({', '.join(self.col(table, n) for n in names)}, NULL)"

    def simple(self, table: str, columns: Mapping[str, str]) -> list[Source]:
        """A table as it is; nothing where it was never pulled."""
        return [Source(f"raw_{table} r", columns)] if self.has(table) else []


def signals_of(activity: Source, known_at: str) -> Source:
    """What was written on activities, from the mapping of the activities; `known_at` is when it stood there at the latest.

    A meeting whose title or note speaks of meeting ("Product demo") is no wish for one: it is the meeting.
    """
    kept = {c: e for c, e in activity.columns.items() if c in ("type", "direction", "occurred_at", "deleted")}
    columns = {
        **kept,
        "activity_id": activity.columns["id"],
        "known_at": known_at,
        "language": "r._text_language",
        "intent": f"CASE WHEN ({kept['type']}) = 'meeting' AND r._text_intent = 'wants_meeting' THEN 'none' "
        "ELSE r._text_intent END",
        "sentiment": "to_number(r._text_sentiment)",
        "unsubscribed": "r._text_unsubscribed",
        "competitors": "r._text_competitors",
        "products": "r._text_products",
        "rules": "r._text_rules",
    }
    where = " AND ".join(w for w in (activity.where, "r._text_intent IS NOT NULL") if w)
    return Source(activity.sql_from, columns, where=where)
