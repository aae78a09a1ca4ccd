"""The section "response": monthly series out of what was pulled, the sales-return model, campaigns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import sqlalchemy as sa

from sales_consultant.engine.reads import campaigns as reads
from sales_consultant.engine.reads import experiments
from sales_consultant.insight.core import Period
from sales_consultant.insight.reports import Context, Section, response
from sales_consultant.insight.response import (
    LEAST_MONTHS,
    Response,
    WhatIf,
    campaign_returns,
    read_spend,
    respond,
    spend_by_month,
    what_if,
)
from sales_consultant.sync.runtime import Workspace, known_until
from sales_consultant.sync.stores import exposures

# A seed is no secret here: the same data give the same report.
_SEED = 14
# Intercept, leads, quality and trend, and from three years on a season; each coefficient takes four months.
_TERMS, _SEASON_TERMS, _SEASON_FROM, _MONTHS_EACH = 4, 2, 36, 4
# Of fewer graded leads a month a share is noise.
_LEAST_GRADED = 10


def of_response(ws: Workspace, context: Context) -> Section:
    """What booked revenue goes along with, and what campaigns brought."""
    campaigns = reads.campaigns(ws.warehouse.engine)
    cents = context.rates.cents(campaigns["cents"], campaigns["currency"], campaigns["start_at"])
    campaigns = campaigns.assign(cost=cents.astype("Float64"))
    series = _series(ws, campaigns, context)
    found = respond(
        series.months,
        series.channels,
        np.random.default_rng(_SEED),
    )
    return response.section(
        series, found, _wanted(found.channels, found), _returns(ws, campaigns, context), context.words
    )


def _wanted(channels: pd.DataFrame, found: Response) -> dict[str, WhatIf]:
    """Every channel with more spend than now, and all together first."""
    if found.reason:
        return {}
    now = dict(zip(channels["channel"], channels["spend"], strict=True))
    budgets = {"": now, **{c: {c: s} for c, s in now.items()}}
    out = {}
    for name, spends in budgets.items():
        told = what_if(found, {c: s * (1 + response.MORE) for c, s in spends.items()})
        if told is not None:
            out[name] = told
    return out


def _series(ws: Workspace, campaigns: pd.DataFrame, context: Context) -> response.Series:
    deals = context.tables.deals
    won = deals[deals["is_won"].fillna(False) & deals["closed_at"].notna()]
    leads = reads.leads(ws.warehouse.engine)
    leads = leads[leads["created_at"] <= context.as_of].reset_index(drop=True)
    months = _months(won["closed_at"], context)
    if not months:
        return response.Series(pd.DataFrame({"month": [], "revenue": [], "leads": []}), (), "")
    cents = context.rates.cents(won["cents"], won["currency"], won["closed_at"]).astype("Float64")
    labels = pd.Index([m.label for m in months])
    revenue = _by_month(won["closed_at"], cents.fillna(0.0), months)
    created = _by_month(leads["created_at"], pd.Series(1.0, index=leads.index), months)
    quality, kind = _quality(ws, leads, months, context)
    spend, dropped = spend_by_month(
        pd.DataFrame(
            {
                "channel": [context.name(t) for t in campaigns["type"]],
                "start_at": campaigns["start_at"],
                "end_at": campaigns["end_at"],
                "cost": campaigns["cost"],
            }
        ),
        months,
    )
    if path := ws.settings.reports.spend:
        given = read_spend(Path(path)) * 100
        spend = spend.drop(columns=[c for c in spend if c in given])
        spend = spend.join(given.reindex(labels).fillna(0.0))
    spend = _few(spend, len(months), context)
    table = pd.DataFrame({"month": labels, "revenue": revenue, "leads": created})
    if quality is not None:
        table["quality"] = quality
    table = table.join(spend.reset_index(drop=True))
    return response.Series(table, tuple(str(c) for c in spend), kind, dropped)


def _months(closed: pd.Series[int], context: Context) -> list[Period]:
    """Whole months from the first won deal on."""
    if not len(closed):
        return []
    return [
        m
        for m in context.calendar.between("month", int(closed.min()), context.as_of)
        if m.end <= context.as_of and m.start >= int(closed.min())
    ]


def _place(at: pd.Series[int], months: Sequence[Period]) -> np.ndarray:
    """The month in which each moment lies; -1 outside of all."""
    when = at.to_numpy(dtype="int64")
    place = np.searchsorted([m.start for m in months], when, side="right") - 1
    return np.where(when < months[-1].end, place, -1)


def _by_month(at: pd.Series[int], values: pd.Series[float], months: Sequence[Period]) -> np.ndarray:
    place = _place(at, months)
    inside = place >= 0
    weights = values.to_numpy(dtype="float64")[inside]
    return np.bincount(place[inside], weights=weights, minlength=len(months))


def _quality(
    ws: Workspace, leads: pd.DataFrame, months: Sequence[Period], context: Context
) -> tuple[np.ndarray | None, response.Quality]:
    """The share of good leads a month: by the first grade that each showed, else by whether they have a company."""
    t = exposures.c
    query = (
        sa.select(t.object, t.record_id, t.value, sa.func.min(t.visible_from))
        .where(
            t.field == "grade",
            t.value.is_not(None),
            t.object.in_(("contacts", "leads")),
            t.visible_from <= known_until(ws, context.as_of),
        )
        .group_by(t.object, t.record_id)
    )
    grades = {(r["object"], r["record_id"]): r["value"] for r in ws.state.rows(query)}
    key = pd.Series(list(zip(leads["object"], leads["id"], strict=True)), index=leads.index, dtype="object")
    grade = key.map(grades)
    shown = grade.notna()
    number = _by_month(leads["created_at"], shown.astype("float64"), months)
    if (number >= _LEAST_GRADED).sum() >= LEAST_MONTHS:
        good = _by_month(leads["created_at"], grade.isin(["A", "B"]).astype("float64"), months)
        share = np.divide(good, number, out=np.full(len(months), np.nan), where=number >= _LEAST_GRADED)
        return share, "grade"
    number = _by_month(leads["created_at"], pd.Series(1.0, index=leads.index), months)
    matched = _by_month(leads["created_at"], (leads["company_id"] != "").astype("float64"), months)
    share = np.divide(matched, number, out=np.full(len(months), np.nan), where=number > 0)
    if np.nanmax(share, initial=0.0) - np.nanmin(share, initial=1.0) < 0.01:
        return None, ""
    return share, "company"


def _few(spend: pd.DataFrame, months: int, context: Context) -> pd.DataFrame:
    """As many channels as the months can tell apart; the smallest are put together."""
    spend = spend.loc[:, spend.sum() > 0]
    terms = _TERMS + (_SEASON_TERMS if months >= _SEASON_FROM else 0)
    most = max(months // _MONTHS_EACH - terms, 1)
    if spend.shape[1] <= most:
        return spend
    order = spend.sum().sort_values(ascending=False).index
    kept = spend[order[: most - 1]]
    return kept.assign(**{context.words("other channels"): spend[order[most - 1 :]].sum(axis=1)})


def _returns(ws: Workspace, campaigns: pd.DataFrame, context: Context) -> response.CampaignRows | None:
    """Campaigns by members and spend; None without members."""
    members = reads.members(ws.warehouse.engine)
    if not len(members):
        return None
    of = experiments.units(ws.warehouse.engine)
    units = {o: rows.drop_duplicates("id").set_index("id")["unit"] for o, rows in of.groupby("object")}
    nobody = pd.Series(dtype="object")
    deals = context.tables.deals
    cents = context.rates.cents(deals["cents"], deals["currency"], deals["closed_at"]).astype("Float64")
    rows, _ = campaign_returns(
        members.assign(company=members["contact"].map(units.get("contact", nobody))),
        pd.DataFrame(
            {
                "deal_id": deals["deal_id"],
                "company": deals["deal_id"].map(units.get("deal", nobody)),
                "created_at": deals["created_at"],
                "won": deals["is_won"].fillna(False).astype(bool),
                "amount": cents,
            }
        ),
        campaigns[["id", "cost"]].rename(columns={"id": "campaign"}),
        np.random.default_rng(_SEED),
        as_of=context.as_of,
    )
    return response.CampaignRows(rows, dict(zip(campaigns["id"], campaigns["name"], strict=True)))
