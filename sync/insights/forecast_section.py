"""The section "forecast", and what was said before beside what came."""

from __future__ import annotations

from collections.abc import Mapping

from sales_consultant.insight.core import Period
from sales_consultant.insight.forecast import Hidden, as_given
from sales_consultant.insight.reports import Context, Section, forecast, forecast_more
from sales_consultant.sync.insights.control import hidden
from sales_consultant.sync.insights.forecasting import attained, came, given, is_kept, known
from sales_consultant.sync.runtime import Workspace


def of_forecast(ws: Workspace, context: Context) -> Section:
    """What will be booked, against the targets."""
    said = given(ws, context)
    if isinstance(said, Hidden):
        return forecast.section(said, context)
    deals = _named(ws, context, {d for d, _, _ in said.changes.deals} if said.changes else set())
    told = forecast.Told(said, attained(ws, context, said), deals, made_now=not is_kept(ws, context))
    return forecast.section(told, context)


def of_as_given(ws: Workspace, context: Context) -> Section:
    """Said, commit and came for the last quarters that are over."""
    kept = [one for said in known(ws) if said.as_of <= context.as_of for one in said.kept()]
    kept = [one for one in kept if one.currency == context.words.currency and "-Q" in one.period]
    periods: dict[str, Period] = {}
    for one in kept:
        if one.period not in periods:
            periods[one.period] = context.calendar.period("quarter", one.period_end - 1)
    starts = {label: period.start for label, period in periods.items()}
    found = as_given(kept, came(context, list(periods.values())), context.as_of, starts)
    return forecast_more.as_given(found, context.words)


def _named(ws: Workspace, context: Context, wanted: set[str]) -> Mapping[str, tuple[str, str]]:
    """Name and owner of deals by id, without those of the control group: no list names them."""
    control = hidden(ws.state, ws.warehouse.engine)
    rows = context.tables.deals
    rows = rows[rows["deal_id"].isin(wanted)]
    return {
        str(deal): (str(name), context.name(owner, "owner_id"))
        for deal, name, owner in zip(rows["deal_id"], rows["name"], rows["owner_id"], strict=True)
        if deal not in control
    }
