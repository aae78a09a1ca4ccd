"""Deals with their past, as reports read them: one frame a table, small types, no deleted deals."""

from collections.abc import Mapping

import pandas as pd
import pyarrow as pa

from sales_consultant.engine.duck import DuckEngine

# Hundredths, so that sums are exact. A past amount beyond what a CRM can hold is nobody's amount.
_CENTS = "CASE WHEN abs({0}) < 90000000000000 THEN CAST(round({0} * 100) AS BIGINT) END"
# Of an amount that could not be read nobody knows what it is: it is a gap, not nothing.
_DEALS = f"""
SELECT d.id AS deal_id, coalesce(d.name, d.id) AS name, coalesce(d.pipeline, '') AS pipeline, d.owner_id, d.company_id,
  coalesce(d.currency, '') AS currency, d.stage, {_CENTS.format("d.amount")} AS cents, d.close_date, d.created_at, d.closed_at,
  d.is_closed, d.is_won, coalesce(d.type, '') AS type, coalesce(s.source, '') AS source, coalesce(p.product, '') AS product,
  coalesce(d.forecast_category, '') AS forecast_category
FROM deals d LEFT JOIN (
  SELECT a.from_id AS deal_id, arg_min(c.lead_source, (c.created_at, c.id)) AS source
  FROM associations a JOIN contacts c ON c.id = a.to_id
  WHERE a.from_object = 'deal' AND a.to_object = 'contact' AND c.lead_source <> '' AND c.created_at IS NOT NULL GROUP BY 1
) s ON s.deal_id = d.id LEFT JOIN (
  SELECT deal_id, arg_max(product, (cents, product)) AS product FROM (
    SELECT l.deal_id, coalesce(p.name, l.name, l.product_id) AS product, sum(coalesce(l.amount, 0)) AS cents
    FROM line_items l LEFT JOIN products p ON p.id = l.product_id WHERE NOT coalesce(l.deleted, false) GROUP BY 1, 2
  ) WHERE product <> '' GROUP BY 1
) p ON p.deal_id = d.id
WHERE NOT coalesce(d.deleted, false) ORDER BY d.created_at, d.id
"""
_HISTORY = f"""
SELECT h.deal_id, h.changed_at, h.stage, {_CENTS.format("h.amount")} AS cents, h.close_date, h.owner_id
FROM deal_history h WHERE h.changed_at IS NOT NULL
UNION ALL
SELECT f.record_id, f.changed_at, NULL, NULL, NULL, f.value FROM field_history f
WHERE f.object = 'deals' AND f.field = 'owner_id' AND f.changed_at IS NOT NULL AND f.value <> ''
"""
# Two pipelines of an org may use one stage; a CRM may give a stage twice where it was renamed.
_STAGES = """
SELECT coalesce(pipeline, '') AS pipeline, coalesce(max(pipeline_label), pipeline, '') AS pipeline_label, stage,
  coalesce(max(label), stage) AS label, min(display_order) AS place, bool_or(closed) AS closed, bool_or(won) AS won,
  bool_and(coalesce(gone, false)) AS gone
FROM stages WHERE object = 'deals' AND stage IS NOT NULL GROUP BY pipeline, stage ORDER BY pipeline, place, stage
"""
_RATES = "SELECT code, rate, start_at, end_at FROM currencies WHERE code IS NOT NULL AND rate IS NOT NULL"
_TYPES: Mapping[pa.DataType, pd.api.extensions.ExtensionDtype] = {
    pa.int64(): pd.Int64Dtype(),
    pa.int32(): pd.Int64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.string(): pd.StringDtype("pyarrow"),
    pa.float64(): pd.Float64Dtype(),
}


def frame(engine: DuckEngine, query: str) -> pd.DataFrame:
    """The rows of a query with pandas' types that know gaps."""
    found: pd.DataFrame = engine.con.sql(query).to_arrow_table().to_pandas(types_mapper=_TYPES.get)
    return found


def deals(engine: DuckEngine) -> pd.DataFrame:
    """Deals as they are now, with the source of their first contact and the product that is most of their amount.

    Columns: deal_id, name, pipeline, owner_id, company_id, currency, stage, cents (hundredths of its currency), close_date,
    created_at, closed_at (ms UTC), is_closed, is_won, type, source, product, forecast_category (the rep's, as the CRM has it).
    """
    return frame(engine, _DEALS)


def history(engine: DuckEngine) -> pd.DataFrame:
    """What changed on deals, a change a row: deal_id, changed_at, stage, cents, close_date, owner_id; gaps: not changed."""
    return frame(engine, _HISTORY)


def stages(engine: DuckEngine) -> pd.DataFrame:
    """Stages by pipeline: pipeline, pipeline_label, stage, label, place, closed, won, gone (the CRM has it no more)."""
    return frame(engine, _STAGES)


def rates(engine: DuckEngine) -> pd.DataFrame:
    """Exchange rates: code, rate (units for one of the org's), start_at, end_at (ms UTC; a gap: always)."""
    return frame(engine, _RATES)
