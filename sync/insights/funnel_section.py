"""The section "funnel": deals with activities, the way of leads, reasons of losses, and steps of the playbook."""

import re
from collections import Counter

import pandas as pd

from sales_consultant.config import playbook
from sales_consultant.config.language.translation import translator
from sales_consultant.engine.reads import funnel as reads
from sales_consultant.insight.reports import Context, Section
from sales_consultant.insight.reports import funnel as report
from sales_consultant.sync.insights import control
from sales_consultant.sync.plan import current_values, playbook_path
from sales_consultant.sync.runtime import Workspace

_BRACES = re.compile(r"\{[a-z_]+\}")
_STEP_COLUMNS = ["pipeline", "stage", "step", "deals"]


def of_funnel(ws: Workspace, context: Context) -> Section:
    """Where deals are lost, as of the report's date."""
    engine = ws.warehouse.engine
    reasons = reads.loss_reasons(engine)
    hidden = control.hidden(ws.state, engine)
    facts = report.FunnelFacts(
        reads.touches(engine, context.as_of),
        reads.milestones(engine),
        reasons,
        _steps(ws, context, hidden),
        hidden,
    )
    return report.section(context, facts)


def _steps(ws: Workspace, context: Context, hidden: frozenset[str]) -> pd.DataFrame:
    """How many open deals of each stage have a step of each rule of the playbook today."""
    held = current_values.read(ws.connector, ws.warehouse, ws.state, ws.fields)
    shown = current_values.shown(held, "next_step_id")
    rules = playbook.load(playbook_path(ws.settings)).rules
    say, language = translator(context.words.language), context.words.language
    said = {r.id: own.step if (own := r.translations.get(language)) else say(r.step) for r in rules}
    deals = context.tables.deals
    open_deals = deals[~deals["is_closed"].fillna(False).astype(bool) & ~deals["deal_id"].isin(list(hidden))]
    where = open_deals.set_index("deal_id")[["pipeline", "stage"]].to_dict("index")
    counts = Counter(
        (where[key.record_id]["pipeline"], where[key.record_id]["stage"], said[rule])
        for key, step in shown.items()
        if key.object == "deals" and key.record_id in where and (rule := step.rpartition("-")[0]) in said
    )
    rows = [
        (pipeline, stage, _BRACES.sub("…", text), n) for (pipeline, stage, text), n in counts.most_common()
    ]
    return pd.DataFrame(rows, columns=_STEP_COLUMNS)
