"""What customers say, where the CRM has fields for it."""

from __future__ import annotations

import re

import pandas as pd

from sales_consultant.engine.reads import surveys as reads
from sales_consultant.insight.experiments import csat, nps
from sales_consultant.insight.reports import Context, value
from sales_consultant.sync.plan import current_values
from sales_consultant.sync.runtime import Workspace

_NPS = re.compile(r"(^|[^a-z])nps([^a-z]|$)|net.?promoter", re.IGNORECASE)
# Of more fields only the first are told: a report is no questionnaire.
_MOST = 4


def surveys(ws: Workspace, context: Context) -> list[value.Survey]:
    """Each survey field with its answers up to the report's date."""
    found = reads.fields(ws.warehouse.engine)[:_MOST]
    if not found:
        return []
    held = current_values.read(ws.connector, ws.warehouse, ws.state, ws.fields)
    segments = {
        key.record_id: context.name(choice, "segment")
        for key, choice in current_values.shown(held, "segment").items()
        if key.object == "companies"
    }
    return [_survey(ws, field, segments, context) for field in found]


def _survey(
    ws: Workspace, field: reads.SurveyField, segments: dict[str, str], context: Context
) -> value.Survey:
    rows = reads.answers(ws.warehouse.engine, field)
    given = pd.DataFrame(
        {
            "score": rows["score"],
            # Without a history it is the last answer by now.
            "at": rows["at"] if field.dated else context.as_of,
            "segment": rows["company_id"].map(segments),
        }
    )
    if _NPS.search(f"{field.column} {field.label}"):
        told, dropped = nps(given, context.calendar, as_of=context.as_of)
        return value.Survey("nps", field.label, told, _odd(dropped), field.dated)
    top = given["score"].max()
    # Half of all systems ask for 1 to 5, the others for 0 to 10: an answer above 5 tells which.
    if pd.notna(top) and top > 5:
        told, dropped = csat(given, context.calendar, as_of=context.as_of, scale=(0, 10), satisfied=8)
        return value.Survey("csat10", field.label, told, _odd(dropped), field.dated)
    told, dropped = csat(given, context.calendar, as_of=context.as_of, satisfied=4)
    return value.Survey("csat", field.label, told, _odd(dropped), field.dated)


def _odd(dropped: dict[str, int]) -> int:
    return sum(n for code, n in dropped.items() if code != "future")
