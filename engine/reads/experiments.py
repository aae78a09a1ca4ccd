"""What happened to companies: the deals that they won, and what was done with their records."""

import pandas as pd

from sales_consultant.engine.duck import DuckEngine
from sales_consultant.engine.reads.deals import frame

# A record without a company is a unit of its own.
_UNIT = "CASE WHEN {0}.company_id <> '' THEN 'companies:' || {0}.company_id ELSE '{1}:' || {0}.id END"
_LEAD = (
    "CASE WHEN {0}.company_id <> '' THEN 'companies:' || {0}.company_id "
    "WHEN {0}.source_object = 'Lead' THEN 'leads:' || {0}.id ELSE 'contacts:' || {0}.id END"
)
_UNITS = f"""
SELECT 'deal' AS object, d.id, {_UNIT.format("d", "deals")} AS unit FROM deals d WHERE NOT coalesce(d.deleted, false)
UNION ALL
SELECT 'contact', c.id, {_LEAD.format("c")} FROM contacts c WHERE NOT coalesce(c.deleted, false)
UNION ALL
SELECT 'company', c.id, 'companies:' || c.id FROM companies c WHERE NOT coalesce(c.deleted, false)
"""
# An activity of several records of a company counts once for it.
_DONE = f"""
SELECT DISTINCT u.unit, a.id AS activity, a.type, a.occurred_at AS at FROM activities a
JOIN associations s ON s.from_object = 'activity' AND s.from_id = a.id
JOIN ({_UNITS}) u ON u.object = s.to_object AND u.id = s.to_id
WHERE NOT coalesce(a.deleted, false) AND NOT coalesce(a.automated, false) AND a.occurred_at BETWEEN {{since}} AND {{until}}
  AND coalesce(a.known_at, a.occurred_at) <= {{until}}
"""


def units(engine: DuckEngine) -> pd.DataFrame:
    """Each record's unit, its company or itself: object (deal, contact, company), id, unit."""
    return frame(engine, _UNITS)


def activities(engine: DuckEngine, since: int, until: int) -> pd.DataFrame:
    """What people did with each unit between two moments (ms UTC): unit, activity, type, at."""
    return frame(engine, _DONE.format(since=int(since), until=int(until)))
