"""What a report is made from: deals with their past, as far as they were known at its date, and what things are called."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.config.errors import UsageError
from sales_consultant.config.fields.naming import Naming
from sales_consultant.config.language.translation import Language
from sales_consultant.engine.reads import deals, records
from sales_consultant.insight.core import (
    DEAL_COLUMNS,
    HISTORY_COLUMNS,
    STAGE_COLUMNS,
    Calendar,
    DealTables,
    Rates,
    as_known,
)
from sales_consultant.insight.reports import Context, Words
from sales_consultant.sync.plan import current_values
from sales_consultant.sync.runtime import Workspace, last_as_of, open_pulled

# A year tells of every season once.
DAYS = 365
# Columns of deals that come from what the CRM shows of our own fields on their company.
_OF_COMPANY = {"segment": "segment", "tier": "customer_tier"}


def context(
    ws: Workspace, *, as_of: int | None, since: int | None, by: str, language: Language | None
) -> Context:
    """The ground of a report on what was pulled last.

    `as_of` (default: when the last run looked at the CRM) and `since` (default: a year before) are milliseconds UTC. Raises
    UsageError where nothing was pulled, or the time is in the future, turned round or before anything is known.
    """
    open_pulled(ws)
    begin, at = _asked_for(ws, as_of, since, by)
    engine = ws.warehouse.engine
    own, _ = records.currencies(engine, [])
    reporting = ws.settings.company.reporting_currency or own
    chosen = language or ws.connection.language
    calendar = _calendar(ws)
    now, past = (
        frame.assign(close_date=calendar.dates(frame["close_date"]))
        for frame in (_deals(ws), deals.history(engine))
    )
    every = DealTables(now, past, deals.stages(engine))
    tables = as_known(every, at)
    rates = Rates(deals.rates(engine), own, reporting)
    _valued(tables.deals, rates)
    return Context(
        tables,
        rates,
        calendar,
        Words(chosen, reporting, _zone(ws)),
        begin,
        at,
        by,
        _names(ws, chosen),
        since is not None,
        _teams(ws),
        deals_later=tables.deals.empty and not every.deals.empty,
    )


def without_records(
    ws: Workspace, *, as_of: int | None, since: int | None, by: str, language: Language | None, currency: str
) -> Context:
    """The ground of a report on the state alone, where no warehouse is: no deals, no names. Errors are those of `context`.

    `currency` is the reporting one where the settings have none: what the CRM has is not known.
    """
    begin, at = _asked_for(ws, as_of, since, by)
    reporting = ws.settings.company.reporting_currency or currency
    frames = (
        pd.DataFrame(columns=list(columns)) for columns in (DEAL_COLUMNS, HISTORY_COLUMNS, STAGE_COLUMNS)
    )
    return Context(
        DealTables(*frames),
        Rates(pd.DataFrame(columns=["code", "rate", "start_at", "end_at"]), reporting, reporting),
        _calendar(ws),
        Words(language or ws.connection.language, reporting, _zone(ws)),
        begin,
        at,
        by,
        since_given=since is not None,
    )


def _valued(rows: pd.DataFrame, rates: Rates) -> None:
    """UsageError where no amount of any deal can be told in the reporting currency: the report would be full of zeros."""
    known = rows[rows["cents"].notna()]
    when = pd.Series(pd.NA, index=known.index, dtype="Int64")
    if known.empty or rates.rate(known["currency"], when).notna().any():
        return
    mine = known["currency"].replace("", pd.NA).fillna(rates.own)
    first, *_ = mine.value_counts().index
    raise UsageError(
        f"No amount of a deal can be told in {rates.reporting}: the CRM has no rate for it, or for {first}.",
        action=f'Set [company] reporting_currency = "{first}", or add the rates in the CRM and pull.',
    )


def _asked_for(ws: Workspace, as_of: int | None, since: int | None, by: str) -> tuple[int, int]:
    """Since when, and as of when; UsageError where that, or the breakdown, cannot be."""
    if by == "team" and not ws.settings.reports.teams:
        raise UsageError(
            "No owner belongs to a team.",
            action='Name teams in the settings: [reports.teams] "anna@example.com" = "North", or take --by owner.',
        )
    newest = last_as_of(ws)
    at = newest if as_of is None else as_of
    if at > newest:
        raise UsageError(
            "A report cannot be as of later than the CRM was last read.",
            action="Leave --as-of out, or read the CRM first: sales-consultant pull",
        )
    begin = at - DAYS * DAY_MS if since is None else since
    if begin >= at:
        raise UsageError("--since is not before --as-of.", action="Give an earlier --since.")
    return begin, at


def _zone(ws: Workspace) -> tzinfo:
    return ZoneInfo(ws.settings.time_zone) if ws.settings.time_zone else UTC


def _calendar(ws: Workspace) -> Calendar:
    zone = _zone(ws)
    return Calendar(
        ws.settings.company.fiscal_year_start, zone if isinstance(zone, ZoneInfo) else ZoneInfo("UTC")
    )


def _deals(ws: Workspace) -> pd.DataFrame:
    """The deals, with segment and tier of their companies as the CRM shows them."""
    rows = deals.deals(ws.warehouse.engine)
    held = current_values.read(ws.connector, ws.warehouse, ws.state, ws.fields)
    for column, field in _OF_COMPANY.items():
        shown = {
            key.record_id: value
            for key, value in current_values.shown(held, field).items()
            if key.object == "companies"
        }
        rows[column] = rows["company_id"].map(shown).astype(rows["source"].dtype).fillna("")
    rows["team"] = rows["owner_id"].map(dict(_teams(ws))).astype(rows["source"].dtype).fillna("")
    return rows


def _teams(ws: Workspace) -> Mapping[str, str]:
    """The team of each owner of the settings, by the owner's id."""
    wanted = {address.lower(): team for address, team in ws.settings.reports.teams.items()}
    return {
        str(owner): wanted[address]
        for owner, address in records.owners(ws.warehouse.engine)
        if address in wanted
    }


def _names(ws: Workspace, language: Language) -> Mapping[str, Mapping[str, str]]:
    """What people call owners, pipelines, segments and tiers."""
    engine = ws.warehouse.engine
    stages = deals.stages(engine)
    naming = Naming(language=language)
    own = {f.key: f for fields in ws.fields.values() for f in fields}
    options = {
        column: {choice: naming.option(own[field], choice) for choice in own[field].choices}
        for column, field in {**_OF_COMPANY, "lifecycle": "lifecycle"}.items()
        if field in own
    }
    return {
        "owner_id": records.owner_names(engine),
        "pipeline": dict(zip(stages["pipeline"], stages["pipeline_label"], strict=True)),
        **options,
    }
