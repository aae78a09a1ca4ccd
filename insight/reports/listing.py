"""Tables that name deals: what each is called, whose it is, what it is worth; the largest first, never the control group."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

import pandas as pd

from sales_consultant.insight.reports.context import Context
from sales_consultant.insight.reports.document import Cell, Column, Table
from sales_consultant.insight.reports.words import Words

MOST = 20


def cell(value: Any) -> Cell:
    """A value of a frame as a cell; what is missing or without end is not known."""
    if value is None or isinstance(value, str | date):
        return value
    if pd.isna(value):
        return None
    number = value.item() if hasattr(value, "item") else value
    if isinstance(number, str | int):
        return number
    return float(number) if math.isfinite(number) else None


def cells(row: Any, names: Sequence[str]) -> tuple[Cell, ...]:
    """Some values of a row as cells."""
    return tuple(cell(row[n]) for n in names)


def shown(rows: pd.DataFrame, hidden: Collection[str]) -> pd.DataFrame:
    """The rows of deals that a list may name."""
    return rows[~rows["deal_id"].isin(list(hidden))]


def listed(
    context: Context,
    rows: pd.DataFrame,
    columns: Sequence[Column],
    hidden: Collection[str],
    most: int = MOST,
    amount: str = "",
) -> Table:
    """Deals as a table: name, owner, amount, and what `columns` (by their keys) of `rows` say; the largest first.

    `rows` has deal_id and value (cents of the report's currency; a gap: not known). Deals of `hidden` are not named.
    """
    words = context.words
    rows = shown(rows, hidden).sort_values(
        "value", ascending=False, kind="stable", na_position="last", key=lambda v: v.astype("Float64").abs()
    )
    top = rows.head(most)
    known = context.tables.deals.drop_duplicates("deal_id").set_index("deal_id")
    called, owners = known["name"].reindex(top["deal_id"]), known["owner_id"].reindex(top["deal_id"])
    body = tuple(
        (
            str(row["deal_id"]) if pd.isna(name) or name == "" else str(name),
            context.name(owner, "owner_id"),
            cell(row["value"]),
            *cells(row, [c.key for c in columns]),
        )
        for row, name, owner in zip(top.to_dict("records"), called, owners, strict=True)
    )
    head = (
        Column("deal", words("Deal"), "record"),
        Column("owner", words("Owner")),
        Column("amount", amount or words("Amount"), "money"),
    )
    return Table((*head, *columns), body, max(len(rows) - most, 0))


def column_by(context: Context) -> str | None:
    """The column that the report is broken down by; None where these deals do not have it."""
    return context.column if context.column in context.tables.deals else None


def total(values: pd.Series) -> int | None:
    """The sum of amounts as far as they are known, exactly; None where there are some and none is known."""
    known = values.dropna()
    return sum(int(v) for v in known) if len(known) or not len(values) else None


def worth(words: Words, values: pd.Series) -> str:
    """A sum of amounts in a sentence."""
    found = total(values)
    return words("an unknown amount") if found is None else words.money(found)
