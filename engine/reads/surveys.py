"""Survey fields of the CRM, and what customers answered in them."""

from dataclasses import dataclass

import pandas as pd

from sales_consultant.config.neutral import literal, quote
from sales_consultant.engine.duck import DuckEngine
from sales_consultant.engine.reads.deals import frame

_TABLES = {"contacts": "contacts", "companies": "companies"}
# Words of a name or label; "satisfaction" also as a part of "customer_satisfaction_score".
_FIELDS = r"""
SELECT f.object, f.column_name, coalesce(nullif(f.label, ''), f.name) AS label, f.known FROM fields f
WHERE f.object IN ('contacts', 'companies') AND NOT coalesce(f.ours, false) AND f.type = 'number'
  AND regexp_matches(lower(concat_ws(' ', f.name, f.label)), '(^|[^a-z])(nps|csat)([^a-z]|$)|satisfaction|net.?promoter')
ORDER BY f.object, f.column_name
"""


@dataclass(frozen=True)
class SurveyField:
    """A number field of a table that by its name holds answers; `dated` where the CRM tells its history."""

    object: str
    column: str
    label: str
    dated: bool


def fields(engine: DuckEngine) -> list[SurveyField]:
    """Number fields on contacts and companies whose name or label contains nps, csat, satisfaction or "net promoter"."""
    found = []
    for obj, column, label, known in engine.con.execute(_FIELDS).fetchall():
        present = {str(d[0]) for d in engine.con.execute(f"DESCRIBE {quote(str(obj))}").fetchall()}
        if column in present or known == "history":
            found.append(SurveyField(str(obj), str(column), str(label), known == "history"))
    return found


def answers(engine: DuckEngine, field: SurveyField) -> pd.DataFrame:
    """Answers of a field: record_id, company_id, score (a gap: no number), at (ms UTC; a gap: not known)."""
    table = _TABLES[field.object]
    company = "t.id" if table == "companies" else "t.company_id"
    if field.dated:
        query = (
            f"SELECT h.record_id, {company} AS company_id, TRY_CAST(h.value AS DOUBLE) AS score, h.changed_at AS at "
            f"FROM field_history h JOIN {table} t ON t.id = h.record_id WHERE NOT coalesce(t.deleted, false) "
            f"AND h.object = {literal(field.object)} AND h.field = {literal(field.column)} "
            "AND h.value IS NOT NULL AND h.value <> '' ORDER BY h.changed_at, h.record_id"
        )
    else:
        query = (
            f"SELECT t.id AS record_id, {company} AS company_id, TRY_CAST(t.{quote(field.column)} AS DOUBLE) AS score, "
            f"CAST(NULL AS BIGINT) AS at FROM {table} t WHERE NOT coalesce(t.deleted, false) "
            f"AND t.{quote(field.column)} IS NOT NULL ORDER BY t.id"
        )
    return frame(engine, query)
