"""When people saw a score: what a forward test needs to tell records that were shown from those that were not."""

import pandas as pd
import sqlalchemy as sa

from sales_consultant.sync.stores import State, exposures


def shown(state: State, obj: str) -> "pd.DataFrame":
    """The times at which the CRM showed a score on records of an object: record_id, start, end (ms; a gap: still)."""
    objects = ("contacts", "leads") if obj == "contacts" else (obj,)
    rows = state.rows(
        sa.select(exposures.c.record_id, exposures.c.visible_from, exposures.c.visible_to).where(
            exposures.c.object.in_(objects), exposures.c.field == "score", exposures.c.value.is_not(None)
        )
    )
    return pd.DataFrame(
        {
            "record_id": pd.Series([r["record_id"] for r in rows], dtype=object),
            "start": pd.Series([r["visible_from"] for r in rows], dtype="float64"),
            "end": pd.Series([r["visible_to"] for r in rows], dtype="float64"),
        }
    )
