"""What reports of the funnel need beside deals: activities, the way of a lead, and fields that a customer added."""

from collections.abc import Sequence

import pandas as pd

from sales_consultant.config.neutral import quote
from sales_consultant.engine.duck import DuckEngine
from sales_consultant.engine.reads.deals import frame

# Done by a person and known by then; a planned meeting is none.
_TOUCHES = """
SELECT s.to_id AS deal_id, a.occurred_at AS at, coalesce(a.type, '') AS kind FROM activities a
JOIN associations s ON s.from_object = 'activity' AND s.from_id = a.id AND s.to_object = 'deal'
WHERE NOT coalesce(a.deleted, false) AND NOT coalesce(a.automated, false) AND a.occurred_at <= {until}
  AND coalesce(a.known_at, a.occurred_at) <= {until}
"""
# Words of lifecycle stages and lead states by which teams tell that marketing, and that sales, took a lead up.
MARKETING = ("marketingqualifiedlead", "marketing qualified", "mql")
SALES = (
    "salesqualifiedlead", "sales qualified", "sales accepted", "sql", "sal", "accepted", "qualified", "converted",
)  # fmt: skip
STEPS = ("lead", "marketing", "sales", "deal", "won")
# A company is told of as one, whoever of its people came first; a person without a company stands for itself.
_MILESTONES = """
WITH people AS (
  SELECT id, CASE WHEN company_id <> '' THEN 'companies:' || company_id
    ELSE 'contacts:' || coalesce(nullif(converted_contact_id, ''), id) END AS unit, created_at, converted_at
  FROM contacts WHERE NOT coalesce(deleted, false)
), sold AS (
  SELECT CASE WHEN d.company_id <> '' THEN 'companies:' || d.company_id ELSE 'contacts:' || p.contact END AS unit,
    d.created_at, CASE WHEN d.is_won THEN d.closed_at END AS won_at
  FROM deals d LEFT JOIN (
    SELECT from_id AS deal_id, min(to_id) AS contact FROM associations
    WHERE from_object = 'deal' AND to_object = 'contact' GROUP BY 1
  ) p ON p.deal_id = d.id WHERE NOT coalesce(d.deleted, false)
), said AS (
  SELECT p.unit, lower(trim(f.value)) AS value, f.changed_at FROM field_history f JOIN people p ON p.id = f.record_id
  WHERE f.object = 'contacts' AND f.field IN ('lifecycle_stage', 'status')
), moments AS (
  SELECT unit, 'lead' AS step, created_at AS reached FROM people
  UNION ALL SELECT unit, 'marketing', changed_at FROM said WHERE value IN ({marketing})
  UNION ALL SELECT unit, 'sales', changed_at FROM said WHERE value IN ({sales})
  UNION ALL SELECT unit, 'sales', converted_at FROM people
  UNION ALL SELECT unit, 'deal', created_at FROM sold
  UNION ALL SELECT unit, 'won', won_at FROM sold
)
SELECT unit, {steps} FROM moments WHERE unit IS NOT NULL AND reached IS NOT NULL GROUP BY unit
HAVING min(reached) FILTER (WHERE step = 'lead') IS NOT NULL ORDER BY unit
"""
_COLUMNS = "SELECT column_name FROM duckdb_columns() WHERE table_name = 'deals' ORDER BY column_name"
# In the names that teams give a field for why a deal was lost.
_LOST, _REASON = ("loss", "lost"), ("reason",)


def touches(engine: DuckEngine, until: int) -> pd.DataFrame:
    """What people did with deals by a moment (ms UTC): deal_id, at, kind (call, email, meeting and so on)."""
    return frame(engine, _TOUCHES.format(until=int(until)))


def milestones(engine: DuckEngine) -> pd.DataFrame:
    """When each company, or person without one, first reached each of STEPS (ms UTC; gaps: not): unit, and a column a step.

    lead: its first contact was created. marketing, sales: a contact's lifecycle stage or status first said one of MARKETING or
    SALES, or a lead was converted. deal: its first deal was created. won: its first won deal was closed.
    """
    words = {k: ", ".join(f"'{w}'" for w in v) for k, v in (("marketing", MARKETING), ("sales", SALES))}
    steps = ", ".join(f"min(reached) FILTER (WHERE step = '{s}') AS {s}" for s in STEPS)
    return frame(engine, _MILESTONES.format(steps=steps, **words))


def loss_reasons(engine: DuckEngine) -> pd.DataFrame | None:
    """Why deals were lost, as people wrote it: deal_id, reason ("" where none is given); None where the CRM has no field for it.

    The CRM's own field counts where anybody uses it, else a text field of the customer's whose name says so.
    """
    own = frame(
        engine, "SELECT id AS deal_id, coalesce(trim(loss_reason), '') AS reason FROM deals ORDER BY id"
    )
    if (own["reason"] != "").any():
        return own
    found = field_of_deals(engine, _LOST, _REASON)
    return None if found is None else found.rename(columns={"value": "reason"})


def field_of_deals(engine: DuckEngine, *parts: Sequence[str]) -> pd.DataFrame | None:
    """A text field of deals that the customer added, found by its name: deal_id, value; None where there is none.

    Its name holds one of the words of each of `parts`. Of several the first by name is taken.
    """
    names = [str(r[0]) for r in engine.con.execute(_COLUMNS).fetchall()]
    fit = [n for n in names if n.startswith("c_") and all(any(w in n.lower() for w in p) for p in parts)]
    if not fit:
        return None
    return frame(
        engine,
        f"SELECT id AS deal_id, coalesce(CAST({quote(fit[0])} AS VARCHAR), '') AS value FROM deals ORDER BY id",
    )
