"""Values of fields as our own pulls saw them, where the CRM keeps no history.

From a field's first snapshot on, the value that a record had at a moment is known: it is the one that the last pull before
saw. Before that, only today's value is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sales_consultant.engine import Engine, neutral, query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# A judgement: pulls come nightly, and a row in a month; more than one in twenty younger than a pull says that they do not.
_MOST = 0.95


@dataclass(frozen=True)
class FieldSnapshots:
    """Rows of a record and a cut-off: since when (ms) each record is known to us, nan where never."""

    ids: pd.Series[Any]
    cuts: NDArray[np.float64]
    seen_from: NDArray[np.float64]
    since: dict[str, int]
    """By field, when its first snapshot was taken."""
    entries: pd.DataFrame
    """All that was seen of records of which something new was seen after the first snapshot: record_id, field, value, seen_at."""

    def certain(self, field: str) -> NDArray[np.bool_]:
        """The rows at whose cut-off we had seen the field."""
        return self._watched(field) & (self.cuts >= self.seen_from)

    def known(self, field: str) -> bool:
        """Whether every row's value is of its time: but for one in twenty, that are younger than their first snapshot.

        A row without a record has no value that could be of another time.
        """
        named = self.ids.notna().to_numpy()
        if not named.any():
            return False
        return bool(self._watched(field)[named].all() and self.certain(field)[named].mean() >= _MOST)

    def then(self, field: str, today: pd.Series[Any]) -> pd.Series[Any]:
        """The field's values at the cut-offs, as our pulls saw them; from before the first one as they are today.

        A record that no pull had seen by then has what the next one saw.
        """
        entries = self.entries[self.entries["field"] == field]
        rows = np.flatnonzero(self._watched(field) & self.ids.isin(entries["record_id"]).to_numpy())
        if not len(rows):
            return today
        at = np.fmax(self.cuts, self.seen_from)[rows].astype(np.int64)
        asked = pd.DataFrame({"row": rows, "record_id": self.ids.iloc[rows].to_numpy(), "at": at})
        found = pd.merge_asof(
            asked.sort_values("at"),
            entries[["record_id", "seen_at", "value"]].astype({"seen_at": "int64"}).sort_values("seen_at"),
            left_on="at", right_on="seen_at", by="record_id",
        )  # fmt: skip
        out = today.astype(object).copy()
        out.iloc[found["row"].to_numpy()] = found["value"].to_numpy(dtype=object)
        return out

    def _watched(self, field: str) -> NDArray[np.bool_]:
        """The rows whose cut-off lies after the field's first snapshot, of records that were in one."""
        begun = self.since.get(field)
        if begun is None:
            return np.zeros(len(self.ids), dtype=bool)
        return np.asarray((self.cuts >= begun) & ~np.isnan(self.seen_from))


def snapshots_of(
    engine: Engine, entity: str, fields: Sequence[str], ids: pd.Series[Any], cuts: pd.Series[int]
) -> FieldSnapshots:
    """What our snapshots know of some fields of an object at rows of a record's id (a gap: none) and a cut-off."""
    t = neutral(engine, "watched_fields")
    t = t.filter((t.object == entity) & t.field.isin(list(fields)))
    watched = query(engine, t)
    since = dict(zip(watched["field"].astype(str), watched["since"].astype(int), strict=True))
    at = np.asarray(cuts, dtype=np.float64)
    if not since:
        nothing = pd.DataFrame(columns=["record_id", "field", "value", "seen_at"])
        return FieldSnapshots(ids, at, np.full(len(ids), np.nan), {}, nothing)
    t = neutral(engine, "first_sights")
    seen = query(engine, t.filter(t.object == entity).select("record_id", "seen_at")).set_index("record_id")
    seen_from = np.asarray(ids.map(seen["seen_at"]), dtype=np.float64)
    return FieldSnapshots(ids, at, seen_from, since, _entries(engine, entity, list(since)))


def _entries(engine: Engine, entity: str, fields: list[str]) -> pd.DataFrame:
    """The entries of records of which a snapshot after a field's first one saw something new."""
    v, w = neutral(engine, "field_values"), neutral(engine, "watched_fields")
    v = v.filter((v.object == entity) & v.field.isin(fields))
    w = w.filter(w.object == entity).select(watched="field", since="since")
    late = v.inner_join(w, v.field == w.watched).filter(lambda t: t.seen_at > t.since)
    late = late.select(late_id=late.record_id, late_field=late.field).distinct()
    found = v.inner_join(late, (v.record_id == late.late_id) & (v.field == late.late_field))
    return query(engine, found.select("record_id", "field", "value", "seen_at"))


def unchanged_since(
    engine: Engine, entity: str, ids: pd.Series[Any], cuts: pd.Series[int]
) -> NDArray[np.bool_]:
    """Which records have today the values that they had at their cut-off: nothing of them was changed since."""
    t = neutral(engine, entity)
    found = query(engine, t.select(key=t.id, at=t.modified_at)).drop_duplicates("key").set_index("key")["at"]
    return np.asarray(ids.map(found).astype("float64").to_numpy() <= cuts.to_numpy(dtype=float))
