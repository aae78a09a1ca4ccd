"""Goals or quotas of the CRM, as reports read them."""

import pandas as pd

from sales_consultant.engine.duck import DuckEngine
from sales_consultant.engine.reads.deals import frame

_GOALS = """
SELECT id, owner_id, coalesce(excluded, '') AS excluded, coalesce(part, '') AS part, coalesce(currency, '') AS currency,
  CASE WHEN abs(amount) < 90000000000000 THEN CAST(round(amount * 100) AS BIGINT) END AS cents, start_at, end_at, created_at
FROM goals ORDER BY created_at DESC NULLS LAST, id DESC
"""


def goals(engine: DuckEngine) -> pd.DataFrame:
    """Goals, the newest first: id, owner_id, excluded, part, currency, cents (a gap: not known), start_at, end_at,
    created_at (ms UTC)."""
    return frame(engine, _GOALS)
