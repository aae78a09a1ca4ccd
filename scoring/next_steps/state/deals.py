"""The facts of deals: where they stand, how their close date moved, and who is on them."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.engine import Engine, alive, as_ms, neutral, query
from sales_consultant.scoring.features import deal_contacts, deal_state
from sales_consultant.scoring.next_steps.state.days import calendar_day, day_of, zone_of
from sales_consultant.scoring.next_steps.state.people import decides_by_role
from sales_consultant.scoring.next_steps.state.touches import at_time

_PERSONAL = ["contact_id", "contact_name", "no_email", "no_call"]


def deal_facts(engine: Engine, chosen: pd.DataFrame, *, as_of: int) -> pd.DataFrame:
    """Facts of the deals of `chosen` (record_id and the score's columns), out of what was known as of a time."""
    t = alive(neutral(engine, "deals"))
    deals = query(
        engine,
        t.select(
            "owner_id",
            "company_id",
            "currency",
            "created_at",
            amount_now=t.amount.cast("float64"),
            record_id=t.id,
            pipeline_id=t.pipeline,
            deal_type=t.type.lower(),
            closed=t.is_closed.fill_null(False) & (t.closed_at.fill_null(0) <= as_of),
        ),
    )
    rows = chosen.merge(deals, on="record_id")
    members = rows.rename(columns={"pipeline_id": "pipeline"}).assign(
        cut=as_of, company_id=None, company_created_at=None, contact_id=None
    )
    members["company_created_at"] = members["company_created_at"].astype("Int64")
    state = deal_state(engine, members).drop(columns=["cut", "stage_order"])
    rows = rows.merge(
        state.rename(columns={"stage": "stage_id", "close_date": "at_close"}), on="record_id", how="left"
    )
    rows = rows.merge(_moves(engine, as_of), on="record_id", how="left")
    rows["close_date_moves"] = rows["close_date_moves"].astype("float64").fillna(0)
    # A CRM that keeps no history of amounts tells today's only.
    rows["amount"] = rows["amount"].astype("float64").fillna(rows["amount_now"])
    rows["has_amount"] = (rows["amount"].fillna(0) > 0).astype(object)
    usual = rows[rows["amount"] > 0].groupby(rows["currency"].fillna(""))["amount"].median()
    rows["amount_ratio"] = rows["amount"] / rows["currency"].fillna("").map(usual).replace(0, np.nan)
    rows["has_close_date"] = rows["at_close"].notna().astype(object)
    ahead = _days_ahead(rows["at_close"], zone_of(engine), as_of)
    rows["days_to_close_date"] = ahead
    rows["close_date_passed"] = (ahead < 0).astype(object)
    return _stages(engine, rows)


def _days_ahead(at: pd.Series[float], zone: ZoneInfo, as_of: int) -> pd.Series[float]:
    """Days of the calendar until each date: a deal that closes today has not passed its date."""
    today = day_of(as_of, zone)
    days = {float(ms): calendar_day(float(ms), zone) for ms in at.dropna().unique()}
    ahead = {ms: (d - today).days for ms, d in days.items() if d is not None and today is not None}
    return at.astype("float64").map(ahead).astype("float64")


def _moves(engine: Engine, as_of: int) -> pd.DataFrame:
    """How often each deal's close date was moved to a later day."""
    import ibis

    def moved(now: Any) -> Any:
        rows = neutral(engine, "deal_history")
        rows = rows.mutate(close_date=as_ms(rows.close_date))
        rows = rows.filter(rows.close_date.notnull() & (rows.changed_at <= now))
        order = ibis.window(group_by=rows.deal_id, order_by=[rows.changed_at, rows.close_date])
        rows = rows.mutate(before=rows.close_date.lag().over(order))
        later = rows.filter(rows.close_date >= rows.before + DAY_MS)
        return later.group_by(record_id=later.deal_id).aggregate(close_date_moves=later.count())

    return at_time(engine, "moves", moved, as_of)


def _stages(engine: Engine, rows: pd.DataFrame) -> pd.DataFrame:
    t = neutral(engine, "stages")
    table = query(
        engine,
        t.filter(t.object == "deals").select(
            "pipeline", "pipeline_label", "stage", "label", "display_order", closed=t.closed.fill_null(False)
        ),
    )
    table = table.sort_values(["pipeline", "display_order", "stage"]).drop_duplicates(["pipeline", "stage"])
    places: dict[tuple[Any, Any], float] = {}
    for pipeline, of in table[~table["closed"].astype(bool)].groupby("pipeline"):
        last = max(1, len(of) - 1)
        places |= {(pipeline, s): n / last for n, s in enumerate(of["stage"])}
    labels = {(p, s): n for p, s, n in zip(table["pipeline"], table["stage"], table["label"], strict=True)}
    pipelines = dict(zip(table["pipeline"], table["pipeline_label"], strict=True))
    keys = list(zip(rows["pipeline_id"], rows["stage_id"], strict=True))
    rows["stage"] = pd.Series([labels.get(k) or k[1] for k in keys], rows.index, dtype=object)
    rows["stage_share"] = pd.Series([places.get(k, np.nan) for k in keys], rows.index, dtype="float64")
    rows["pipeline"] = pd.Series(
        [pipelines.get(p) or p for p in rows["pipeline_id"]], rows.index, dtype=object
    )
    return rows


def deal_contact_facts(
    engine: Engine, rows: pd.DataFrame, people: pd.DataFrame, *, as_of: int
) -> pd.DataFrame:
    """Who is on each deal: contacts, decision_makers, and the primary contact with their channels.

    Decision makers are not known where no contact of the deal has a title or a role.
    """

    def linked(now: Any) -> Any:
        links = deal_contacts(engine)
        return links.filter(links.since <= now)

    pairs = at_time(engine, "deal contacts", linked, as_of)
    pairs = pairs[pairs["deal_id"].isin(set(rows["record_id"]))]
    pairs = pairs.sort_values(["primary", "since", "contact_id"], ascending=[False, True, True])
    of = rows["record_id"]
    rows["contacts"] = of.map(pairs.groupby("deal_id").size()).astype("float64").fillna(0)
    rows["decision_makers"] = of.map(_deciding(engine, pairs, people)).astype("float64")
    first = pairs.drop_duplicates("deal_id").set_index("deal_id")["contact_id"]
    # Of a company whose deals have no contacts all are gaps, which pandas takes for numbers.
    rows["contact_id"] = of.map(first).astype(object)
    return rows.merge(people[_PERSONAL], on="contact_id", how="left")


def _deciding(engine: Engine, pairs: pd.DataFrame, people: pd.DataFrame) -> pd.Series[float]:
    links = neutral(engine, "associations")
    links = links.filter(
        (links.from_object == "deal") & (links.to_object == "contact") & links.label.notnull()
    )
    labels = query(engine, links.select(deal_id=links.from_id, contact_id=links.to_id, label=links.label))
    labels = labels[labels["label"].map(decides_by_role).astype(bool)]
    named = set(zip(labels["deal_id"], labels["contact_id"], strict=True))
    titles = dict(zip(people["contact_id"], people["decision_maker"], strict=True))
    told = [
        True if (d, c) in named else titles.get(c)
        for d, c in zip(pairs["deal_id"], pairs["contact_id"], strict=True)
    ]
    values = pd.Series([np.nan if t is None else float(t) for t in told], pairs.index, dtype="float64")
    known = pairs.assign(told=values).dropna(subset=["told"])
    return known.groupby("deal_id")["told"].sum().astype("float64")
