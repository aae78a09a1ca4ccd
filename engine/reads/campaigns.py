"""Campaigns with their spend and members, and leads, as the sales-return model reads them."""

import pandas as pd

from sales_consultant.engine.duck import DuckEngine
from sales_consultant.engine.reads.deals import frame

# A contact that a lead became is that lead once more.
_LEADS = """
SELECT CASE c.source_object WHEN 'Lead' THEN 'leads' ELSE 'contacts' END AS object, c.id, c.created_at,
  coalesce(c.lead_source, '') AS source, coalesce(c.company_id, '') AS company_id
FROM contacts c WHERE NOT coalesce(c.deleted, false) AND c.created_at IS NOT NULL
  AND c.id NOT IN (SELECT converted_contact_id FROM contacts WHERE converted_contact_id IS NOT NULL)
ORDER BY c.created_at, c.id
"""
_CAMPAIGNS = """
SELECT id, coalesce(name, id) AS name, coalesce(type, '') AS type, start_at, end_at, coalesce(currency, '') AS currency,
  CASE WHEN abs(cost) < 90000000000000 THEN CAST(round(cost * 100) AS BIGINT) END AS cents
FROM campaigns WHERE id IS NOT NULL ORDER BY start_at, id
"""
_MEMBERS = """
SELECT m.campaign_id AS campaign, m.contact_id AS contact, m.responded_at FROM campaign_members m
WHERE m.campaign_id IS NOT NULL ORDER BY m.campaign_id, m.id
"""


def leads(engine: DuckEngine) -> pd.DataFrame:
    """Leads and contacts, each person once: object, id, created_at (ms UTC), source, company_id ("" for none)."""
    return frame(engine, _LEADS)


def campaigns(engine: DuckEngine) -> pd.DataFrame:
    """Campaigns: id, name, type, start_at, end_at (ms UTC), currency, cents (hundredths of it; a gap: not known)."""
    return frame(engine, _CAMPAIGNS)


def members(engine: DuckEngine) -> pd.DataFrame:
    """Members of campaigns: campaign, contact, responded_at (ms UTC; a gap: no answer)."""
    return frame(engine, _MEMBERS)
