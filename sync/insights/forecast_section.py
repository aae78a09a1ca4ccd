"""The section "forecast", and what was said before beside what came."""

from __future__ import annotations

from collections.abc import Mapping

from sales_consultant.config.language.translation import Language
from sales_consultant.insight.core import Period
from sales_consultant.insight.forecast import Hidden, Kept, as_given
from sales_consultant.insight.reports import Context, Section, forecast, forecast_more
from sales_consultant.sync.insights.control import hidden
from sales_consultant.sync.insights.forecasting import came, fits, given, is_kept, known
from sales_consultant.sync.insights.sources import context as context_of
from sales_consultant.sync.insights.sources import without_records
from sales_consultant.sync.insights.targets import attained
from sales_consultant.sync.runtime import Workspace


def of_forecast(ws: Workspace, context: Context) -> Section:
    """What will be booked, against the targets."""
    said = given(ws, context)
    if isinstance(said, Hidden):
        return forecast.section(said, context)
    deals = _named(ws, context, {d for d, _, _ in said.changes.deals} if said.changes else set())
    found, origin = attained(ws, context, said)
    told = forecast.Told(said, found, origin, deals, made_now=not is_kept(ws, said))
    return forecast.section(told, context)


def of_as_given(ws: Workspace, context: Context) -> Section:
    """Said, commit and came for the last quarters that are over."""
    kept: list[Kept] = []
    periods: dict[str, Period] = {}
    for said in known(ws):
        if said.as_of > context.as_of or said.currency != context.words.currency:
            continue
        # A quarter by another calendar has other months, perhaps under the same label.
        own = [s for s in said.spans if s.kind == "quarter" and fits(s, context.calendar)]
        periods |= {s.label: context.calendar.period("quarter", s.start) for s in own}
        kept += [one for one in said.kept() if one.period in {s.label for s in own}]
    starts = {label: period.start for label, period in periods.items()}
    unread = ws.warehouse.empty
    what_came = {} if unread else came(context, list(periods.values()))
    found = as_given(kept, what_came, context.as_of, starts)
    return forecast_more.as_given(found, context.words, unread=unread)


def ground_of_as_given(
    ws: Workspace, *, as_of: int | None, since: int | None, by: str, language: Language | None
) -> Context:
    """The ground of `of_as_given`: what was said is in the state, so it is told without a warehouse too."""
    told = known(ws)
    if not ws.warehouse.empty or not told:
        return context_of(ws, as_of=as_of, since=since, by=by, language=language)
    currency = told[-1].currency
    return without_records(ws, as_of=as_of, since=since, by=by, language=language, currency=currency)


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
