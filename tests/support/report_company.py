"""Small companies for reports: deals with a known past, and the ground that a section is made from."""

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from support.funnel_company import DAY, company

from sales_consultant.insight.core import Calendar, DealTables, Rates
from sales_consultant.insight.reports import Context, Section, Words

BEGIN = 19_723 * DAY  # 2024-01-01
"""The day on which these companies begin."""
AS_OF = BEGIN + 300 * DAY
WORDS = Words("en", "EUR", ZoneInfo("UTC"))
NO_RATES = Rates(pd.DataFrame(columns=["code", "rate", "start_at", "end_at"]), "EUR", "EUR")


def context(
    tables: DealTables,
    *,
    since: int = AS_OF - 100 * DAY,
    as_of: int = AS_OF,
    by: str = "pipeline",
    given: bool = True,
    rates: Rates = NO_RATES,
) -> Context:
    """The ground of a report."""
    return Context(tables, rates, Calendar(), WORDS, since, as_of, by, {}, given)


def shifted(tables: DealTables, by: int = BEGIN) -> DealTables:
    """The same company, begun later by so many milliseconds."""
    deals, history = tables.deals.copy(), tables.history.copy()
    for column in ("created_at", "closed_at", "close_date"):
        deals[column] = deals[column] + by
    history["changed_at"] = history["changed_at"] + by
    deals["name"] = "Deal " + deals["deal_id"]
    return DealTables(deals, history, tables.stages)


def usual(deals: int = 600, seed: int = 1, days: int = 300) -> DealTables:
    """A company as many are, told of as of AS_OF."""
    return shifted(company(np.random.default_rng(seed), deals, days))


def few(
    deals: Iterable[tuple[str, int, int | None, str | None]],
    changes: Iterable[tuple[str, float, str]],
    stages: pd.DataFrame | None = None,
    **columns: Any,
) -> DealTables:
    """Deals by hand: (id, made on day, cents, stage now) and changes (id, day, stage)."""
    rows = list(deals)
    table = pd.DataFrame(
        {
            "deal_id": [r[0] for r in rows], "name": [f"Deal {r[0]}" for r in rows], "pipeline": "p", "owner_id": "o",
            "company_id": None, "currency": "EUR", "stage": [r[3] for r in rows],
            "cents": pd.array([r[2] for r in rows], dtype="Int64"),
            "close_date": pd.array([BEGIN + (r[1] + 90) * DAY for r in rows], dtype="Int64"),
            "created_at": pd.array([BEGIN + r[1] * DAY for r in rows], dtype="Int64"),
        }
    ).assign(**columns)  # fmt: skip
    moves = pd.DataFrame(list(changes), columns=["deal_id", "day", "stage"])
    last = moves.drop_duplicates("deal_id", keep="last").set_index("deal_id")["day"].to_dict()
    closed = table["stage"].isin(["won", "lost"])
    ended = [
        BEGIN + int(last.get(d, 0) * DAY) if c else None
        for d, c in zip(table["deal_id"], closed, strict=True)
    ]
    table["closed_at"] = pd.array(ended, dtype="Int64")
    table["is_closed"] = closed.astype("boolean")
    table["is_won"] = (table["stage"] == "won").astype("boolean")
    history = pd.DataFrame(
        {
            "deal_id": moves["deal_id"],
            "changed_at": (BEGIN + moves["day"].astype(float) * DAY).astype("int64"),
            "stage": moves["stage"],
            "cents": pd.array([pd.NA] * len(moves), dtype="Int64"),
            "close_date": pd.array([pd.NA] * len(moves), dtype="Int64"),
            "owner_id": None,
        }
    )
    return DealTables(table, history, usual(3).stages if stages is None else stages)


def rows_of(section: Section, key: str) -> list[dict[str, object]]:
    """The rows of a figure by the keys of its columns."""
    figure = next(f for f in section.figures if f.key == key)
    return [dict(zip([c.key for c in figure.table.columns], r, strict=True)) for r in figure.table.rows]


def keys(section: Section) -> list[str]:
    """The figures of a section."""
    return [f.key for f in section.figures]


def everything(section: Section) -> str:
    """All that a section says, as one text."""
    cells = [str(c) for f in section.figures for r in f.table.rows for c in r]
    notes = [n for f in section.figures for n in (*f.notes, f.title, f.method)]
    return "\n".join([section.title, *section.findings, section.hidden, *section.unknown, *notes, *cells])
