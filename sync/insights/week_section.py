"""The report "week": what the CRM shows of open deals, what moved, and what is due."""

from collections.abc import Mapping
from datetime import date

import pandas as pd
import sqlalchemy as sa

from sales_consultant.config.clock import DAY_MS
from sales_consultant.engine.reads import funnel as reads
from sales_consultant.insight.forecast import COMMITTED
from sales_consultant.insight.reports import Context, Section
from sales_consultant.insight.reports import week as report
from sales_consultant.sync.insights import control
from sales_consultant.sync.insights.forecasting import reached
from sales_consultant.sync.plan import current_values
from sales_consultant.sync.runtime import Workspace, last_as_of
from sales_consultant.sync.stores import State, exposures

_DEALS = "deals"


def of_week(ws: Workspace, context: Context) -> Section:
    """The page of the week, as of the report's date."""
    engine = ws.warehouse.engine
    newest = context.as_of >= last_as_of(ws)
    held = current_values.read(ws.connector, ws.warehouse, ws.state, ws.fields)

    def shown(field: str) -> dict[str, str]:
        """What each deal shows of a field, by its id."""
        values = current_values.shown(held, field)
        return {k.record_id: v for k, v in values.items() if k.object == _DEALS}

    deals = context.tables.deals
    # What reps say is known of today alone.
    said = newest and bool((deals["forecast_category"].fillna("") != "").any())
    facts = report.WeekFacts(
        shown("grade") if newest else grades_at(ws.state, context.as_of),
        shown("top_reason") if newest else {},
        moves(ws.state, context.as_of, newest=newest),
        _committed(deals) if said else None,
        # What was due, and what moved a score most, is kept for today only.
        steps(shown("next_step"), shown("next_step_due"), context) if newest else None,
        reads.touches(engine, context.as_of),
        report.reached(context, reached(ws, context)),
        control.hidden(ws.state, engine),
        past=not newest,
    )
    return report.section(context, facts)


def _committed(deals: pd.DataFrame) -> frozenset[str]:
    hit = deals["forecast_category"].fillna("").str.strip().str.casefold().isin(list(COMMITTED))
    return frozenset(deals.loc[hit, "deal_id"].astype(str))


def _grades(state: State) -> pd.DataFrame:
    e = exposures.c
    rows = state.rows(
        sa.select(
            e.record_id.label("deal_id"),
            e.value.label("grade"),
            e.visible_from.label("start"),
            e.visible_to.label("end"),
        )
        .where(e.object == _DEALS, e.field == "grade")
        .order_by(e.visible_from, e.id)
    )
    return pd.DataFrame(rows, columns=["deal_id", "grade", "start", "end"])


def grades_at(state: State, at: int) -> dict[str, str]:
    """The grade that each deal showed at a moment (ms UTC)."""
    rows = _grades(state)
    there = (rows["start"] <= at) & (rows["end"].isna() | (rows["end"] > at)) & rows["grade"].notna()
    return dict(zip(rows.loc[there, "deal_id"], rows.loc[there, "grade"], strict=True))


def moves(state: State, at: int, *, newest: bool = True, days: int = report.DAYS) -> pd.DataFrame:
    """Grades that changed in the days before a moment: deal_id, before, after, at (ms UTC).

    `newest`: what was written after the CRM was read, in the run of that moment, counts too.
    """
    rows = _grades(state)
    rows["before"] = rows.groupby("deal_id", sort=False)["grade"].shift()
    hit = rows["before"].notna() & rows["grade"].notna() & (rows["grade"] != rows["before"])
    hit &= rows["start"] > at - days * DAY_MS
    if not newest:
        hit &= rows["start"] <= at
    found = rows.loc[hit, ["deal_id", "before", "grade", "start"]]
    return found.rename(columns={"grade": "after", "start": "at"}).reset_index(drop=True)


def steps(said: Mapping[str, str], due: Mapping[str, str], context: Context) -> pd.DataFrame:
    """Next steps with the moment at which the day they are due begins: deal_id, step, due (ms UTC)."""
    rows = []
    for deal, day in due.items():
        try:
            rows.append((deal, said.get(deal, ""), context.calendar.ms(date.fromisoformat(day[:10]))))
        except ValueError:
            continue
    return pd.DataFrame(rows, columns=["deal_id", "step", "due"])
