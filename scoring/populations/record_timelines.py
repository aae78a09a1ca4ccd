"""The life of every record of a population: when it began, when its event happened, when it left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sales_consultant.engine import Engine, alive, neutral, of_known_state, query
from sales_consultant.scoring.core import is_placeholder_sale
from sales_consultant.scoring.features import deal_contacts
from sales_consultant.scoring.populations import disqualified
from sales_consultant.scoring.populations.exclusions import for_testing, reasons

if TYPE_CHECKING:
    from sales_consultant.config.populations import Event, Exclusions, Population


def is_renewal(kinds: pd.Series[str]) -> pd.Series[bool]:
    """Whether deal types name a renewal."""
    return kinds.fillna("").str.lower().str.contains("renewal", regex=False)


def _companies(engine: Engine) -> pd.DataFrame:
    t = neutral(engine, "companies")
    return query(
        engine,
        t.select(
            company_id=t.id,
            company_domain=t.domain,
            company_name=t.name,
            company_created_at=t.created_at,
            company_do_not_score=t.do_not_score.fill_null(False),
        ),
    )


def _deals(engine: Engine) -> pd.DataFrame:
    """Deals with the end of their life; one without a closing time has the first closed stage's."""
    t = of_known_state(alive(neutral(engine, "deals")))
    rows = query(
        engine,
        t.select(
            record_id=t.id,
            name=t.name,
            amount=t.amount.cast("float64"),
            created_at=t.created_at,
            company_id=t.company_id,
            pipeline=t.pipeline,
            type=t.type,
            closed_at=t.closed_at,
            is_closed=t.is_closed.fill_null(False),
            is_won=t.is_won.fill_null(False),
            do_not_score=t.do_not_score.cast("boolean").fill_null(False),
        ),
    )
    h = neutral(engine, "deal_history")
    stages = neutral(engine, "stages")
    closing = stages.filter((stages.object == "deals") & stages.closed.fill_null(False))
    closing = closing.select(of_stage=closing.stage).distinct()
    first = h.inner_join(closing, h.stage == closing.of_stage)
    first = first.group_by(first.deal_id).aggregate(first_closed=first.changed_at.min())
    rows = rows.merge(query(engine, first), how="left", left_on="record_id", right_on="deal_id")
    end = rows["closed_at"].astype("float64").fillna(rows["first_closed"].astype("float64"))
    rows["ended_at"] = end.fillna(rows["created_at"].astype("float64")).where(rows["is_closed"])
    rows["event_at"] = rows["ended_at"].where(rows["is_won"])
    rows["domain"] = None
    return rows


def _contacts(engine: Engine, event: Event) -> pd.DataFrame:
    t = alive(neutral(engine, "contacts"))
    rows = query(
        engine,
        t.select(
            record_id=t.id,
            name=t.first_name.fill_null("") + " " + t.last_name.fill_null(""),
            domain=t.domain,
            created_at=t.created_at,
            company_id=t.company_id,
            is_converted=t.is_converted.fill_null(False),
            converted_at=t.converted_at,
            converted_contact_id=t.converted_contact_id,
            converted_deal_id=t.converted_deal_id,
            do_not_score=t.do_not_score.fill_null(False),
        ),
    )
    converted = rows["converted_at"].astype("float64")
    # A conversion without a date cannot be placed in time: such a lead is in no training row.
    undated = rows["is_converted"] & converted.isna()
    converted = converted.mask(undated, rows["created_at"].astype("float64"))
    if event in ("converted", "converted_with_deal"):
        rows["ended_at"] = converted
        counts = ~undated
        if event == "converted_with_deal":
            counts &= rows["converted_deal_id"].notna()
        rows["event_at"] = rows["ended_at"].where(counts)
        return rows
    links = query(engine, deal_contacts(engine).select("contact_id", "deal_id", "since"))
    opened = rows["record_id"].map(links.groupby("contact_id")["since"].min()).astype("float64")
    if event == "won":
        # A deal that is opened has a score of its own: what is asked of a person is asked before, as it is of a lead.
        rows["ended_at"] = np.fmin(opened, converted)
        rows["event_at"] = _first_won(engine, rows.assign(converted_at=converted), links).mask(undated)
        return rows
    rows["event_at"] = opened
    rows["ended_at"] = opened
    return rows


def _first_won(engine: Engine, rows: pd.DataFrame, links: pd.DataFrame) -> pd.Series[float]:
    """When the first deal of each contact was won, in milliseconds; of a converted lead the deal that it became.

    `links` (contact_id, deal_id, since) says which deals a contact is on and from when. A lead that was converted without
    a deal is the contact that it became, from then on.
    """
    won = _deals(engine).set_index("record_id")["event_at"].dropna().astype("float64")
    pairs = links.assign(won=links["deal_id"].map(won)).dropna(subset="won")
    # Of a contact who was put on a deal after it was won, that is when the CRM knew it.
    pairs["won"] = np.maximum(pairs["won"], pairs["since"].astype("float64"))
    first = rows["record_id"].map(pairs.groupby("contact_id")["won"].min()).astype("float64")
    became = rows["converted_deal_id"].map(won).astype("float64")
    without = rows[rows["converted_deal_id"].isna() & rows["converted_contact_id"].notna()]
    later = without[["record_id", "converted_contact_id", "converted_at"]].merge(
        pairs, left_on="converted_contact_id", right_on="contact_id"
    )
    later = later[later["won"] >= later["converted_at"]]
    as_contact = rows["record_id"].map(later.groupby("record_id")["won"].min()).astype("float64")
    return first.fillna(became).fillna(as_contact)


def _given_up(engine: Engine, rows: pd.DataFrame, as_of: int) -> pd.DataFrame:
    """Contacts whose life ends when they are given up for good; what happens to them later is not their event."""
    spells = disqualified.spells(engine, as_of=as_of)
    end = (
        rows["record_id"].map(spells[spells["end"].isna()].set_index("record_id")["start"]).astype("float64")
    )
    rows["ended_at"] = rows["ended_at"].where(~(end < rows["ended_at"].fillna(float("inf"))), end)
    rows["event_at"] = rows["event_at"].where(~(rows["event_at"] > end))
    return rows


def _company_life(engine: Engine, event: Event) -> pd.DataFrame:
    t = alive(neutral(engine, "companies"))
    rows = query(
        engine,
        t.select(
            record_id=t.id,
            name=t.name,
            domain=t.domain,
            created_at=t.created_at,
            do_not_score=t.do_not_score.fill_null(False),
        ),
    )
    rows["company_id"] = rows["record_id"]
    deals = _deals(engine)
    won = deals[deals["event_at"].notna() & deals["company_id"].notna()]
    if event == "new_business_won":
        won = won[~is_renewal(won["type"])]
    first = won.groupby("company_id")["event_at"].min()
    rows["event_at"] = rows["record_id"].map(first).astype("float64")
    rows["ended_at"] = rows["event_at"]
    return rows


def record_timelines(
    engine: Engine, population: Population, exclusions: Exclusions, *, as_of: int
) -> pd.DataFrame:
    """One row a record that existed by the as-of time, ordered by id, whatever its filter.

    Columns: record_id, created_at, ended_at (when it left the population, gap while it is in it), event_at,
    company_id, company_created_at, pipeline, contact_id, group (whose rows are not independent: the company,
    else the record) and excluded (a reason or ""). What happened after the as-of time is not seen. People whose event
    is a won deal leave when the deal is opened: their event_at is later than their ended_at.
    """
    if population.object == "deals":
        rows = _deals(engine)
    elif population.object == "contacts":
        rows = _contacts(engine, population.event)
        if not disqualified.wanted(population):
            rows = _given_up(engine, rows, as_of)
    else:
        rows = _company_life(engine, population.event)
    rows = rows.merge(_companies(engine), how="left", on="company_id")
    rows["do_not_score"] |= rows["company_do_not_score"].astype("boolean").fillna(False).astype(bool)
    rows["excluded"] = reasons(rows, exclusions)
    for column in ("pipeline", "contact_id"):
        if column not in rows:
            rows[column] = None
    if population.object == "contacts":
        rows["contact_id"] = rows["record_id"]
    rows = rows[rows["created_at"].notna() & (rows["created_at"] <= as_of)]
    for column in ("ended_at", "event_at"):
        rows[column] = rows[column].where(rows[column] <= as_of)
    rows["group"] = rows["company_id"].where(rows["company_id"].notna(), rows["record_id"])
    rows["created_at"] = rows["created_at"].astype("int64")
    rows["company_created_at"] = rows["company_created_at"].astype("Int64")
    kept = rows[_COLUMNS].sort_values("record_id", ignore_index=True)
    return pd.DataFrame(kept)


_COLUMNS = [
    "record_id",
    "created_at",
    "ended_at",
    "event_at",
    "company_id",
    "company_created_at",
    "contact_id",
    "pipeline",
    "group",
    "excluded",
]


def purchase_times(engine: Engine, *, as_of: int, exclusions: Exclusions) -> dict[str, Any]:
    """The sorted times of the won deals of each company, as arrays of milliseconds.

    What is no purchase for a customer's value is none here: zero, negative and made-up amounts, deals made for testing.
    """
    deals = _deals(engine)
    won = deals[(deals["event_at"] <= as_of) & deals["company_id"].notna()]
    nothing = (won["amount"] <= 0) | won["amount"].map(is_placeholder_sale).astype(bool)
    won = won[~(nothing | for_testing(won["name"], exclusions))]
    return {str(k): v.sort_values().to_numpy() for k, v in won.groupby("company_id")["event_at"]}
