"""Contacts that somebody has given up: when a status said so, and when it was taken back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from sales_consultant.engine import Engine, neutral, query

if TYPE_CHECKING:
    from sales_consultant.config.populations import Population

WORDS = (
    "unqualified", "not qualified", "disqualified", "closed not converted", "closed lost", "bad fit", "not a fit",
    "no fit", "poor fit", "junk", "spam", "not interested", "no interest", "recycled", "rejected", "dead",
)  # fmt: skip
"""HubSpot's and Salesforce's own words and the usual ones beside them; what follows one ("junk lead") is free."""

_GAPS = re.compile(r"[\W_]+")
_GIVEN_UP = re.compile(rf"(?:{'|'.join(WORDS)})(?: |$)")


def gives_up(status: str | None) -> bool:
    """Whether a status says that the contact is given up, whatever its case and underscores.

    >>> [gives_up(s) for s in ("UNQUALIFIED", "Closed - Not Converted", "bad_fit", "Qualified", None)]
    [True, True, True, False, False]
    """
    return bool(status) and _GIVEN_UP.match(_GAPS.sub(" ", str(status).lower()).strip()) is not None


def wanted(population: Population) -> bool:
    """Whether a population asks for such contacts itself: then a status ends nothing."""
    value = population.where.get("status", [])
    return any(gives_up(v) for v in ([value] if isinstance(value, str) else value))


def has_history(engine: Engine) -> bool:
    """Whether the status of contacts is known for the past."""
    t = neutral(engine, "fields")
    t = t.filter((t.object == "contacts") & (t.column_name == "status") & (t.known == "history"))
    return bool(len(query(engine, t.select("column_name"))))


def spells(engine: Engine, *, as_of: int) -> pd.DataFrame:
    """Times in which contacts were given up, as the history of their status tells: record_id, start, end (ms).

    `end` is a gap where the contact was still given up at the as-of time. Without a history there are none.
    """
    if not has_history(engine):
        return pd.DataFrame({"record_id": [], "start": [], "end": []}).astype({"record_id": object})
    t = neutral(engine, "field_history")
    t = t.filter((t.object == "contacts") & (t.field == "status") & (t.changed_at <= as_of))
    rows = query(engine, t.select("record_id", "value", "changed_at"))
    rows["out"] = _flags(rows["value"])
    # Two values of one moment have no order: today's status tells which came last, else the better one holds.
    moments = rows.groupby(["record_id", "changed_at"], as_index=False)["out"].agg(["all", "any"])
    last = moments["record_id"] != moments["record_id"].shift(-1)
    rows = moments.assign(
        out=moments["all"] | (moments["any"] & last & moments["record_id"].isin(today(engine)))
    )
    first = rows["record_id"] != rows["record_id"].shift()
    turned = rows[first | (rows["out"] != rows["out"].shift())]
    end = turned["changed_at"].shift(-1).where(turned["record_id"] == turned["record_id"].shift(-1))
    turned = turned.assign(start=turned["changed_at"].astype("float64"), end=end.astype("float64"))
    return turned.loc[turned["out"], ["record_id", "start", "end"]].reset_index(drop=True)


def today(engine: Engine) -> set[str]:
    """Ids of the contacts that today's status gives up."""
    if "status" not in engine.columns("contacts"):
        return set()
    t = neutral(engine, "contacts")
    rows = query(engine, t.select(record_id=t.id, status=t.status.cast("string")))
    return set(rows.loc[_flags(rows["status"]), "record_id"])


def _flags(values: pd.Series[str]) -> pd.Series[bool]:
    return values.isin([v for v in values.dropna().unique() if gives_up(v)])
