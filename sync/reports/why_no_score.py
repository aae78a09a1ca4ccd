"""Why a record has no score: left out, without a model, or no open member of any population."""

from datetime import UTC, datetime
from typing import Any

import pandas as pd

from sales_consultant.config.language import dates
from sales_consultant.config.populations import Population
from sales_consultant.config.records import RecordRef
from sales_consultant.config.settings import Settings
from sales_consultant.engine import Engine
from sales_consultant.scoring import scorer
from sales_consultant.scoring.populations import Membership

# What has happened to a record that is open no more, by the event of its population.
_HAPPENED = {
    "won": "it was won",
    "new_business_won": "it was won",
    "converted": "it was converted",
    "converted_with_deal": "it was converted with a deal",
    "deal_opened": "a deal was opened with it",
    "next_purchase": "it bought again",
}


def said(engine: Engine, settings: Settings, in_force: Any, key: RecordRef, *, table: str, as_of: int) -> str:
    """The one reason that holds, of the first population that has something to say of the record."""
    of_table = {n: p for n, p in settings.populations.items() if p.object == table}
    if not of_table:
        return f"no population of {table} is configured"
    over: list[str] = []
    for name, population in of_table.items():
        today = Membership(engine, population, settings.exclude, as_of=as_of)
        out = scorer.left_out(today)
        if key.record_id in out:
            return f"left out of {name}: {out[key.record_id].replace('_', ' ')}"
        if name not in in_force.populations and key.record_id in scorer.members(today):
            return f"{name} has no model in force; next: sales-consultant evaluate"
        if population.scorer is not None and key.record_id in scorer.members(today):
            return f"the model of {name}, {population.scorer}, gave it no score"
        if ended := _ended(today.life, population, key.record_id, as_of):
            over.append(ended)
    return over[0] if over else _not_taken(of_table)


def _ended(life: pd.DataFrame, population: Population, record_id: str, as_of: int) -> str:
    """How the record's time in a population ended; "" where it has not, or where it never was in it."""
    mine = life[life["record_id"] == record_id]
    if mine.empty:
        return ""
    event, end = mine["event_at"].iloc[0], mine["ended_at"].iloc[0]
    if population.object == "contacts" and population.event == "won" and pd.notna(end) and end <= as_of:
        return f"a deal was opened with it, or it was given up, on {_day(end)}, and who has no deal yet is scored"
    if pd.notna(event) and event <= as_of:
        return f"{_HAPPENED[population.event]} on {_day(event)}, and only what is open is scored"
    if pd.notna(end) and end <= as_of:
        return f"it ended on {_day(end)} without the event, and only what is open is scored"
    return ""


def _day(ms: float) -> str:
    return dates.day(datetime.fromtimestamp(ms / 1000, UTC))


def _not_taken(populations: dict[str, Population]) -> str:
    """What populations ask of a member that the record does not fulfil."""
    filters = [f"{name} ({_filter(p)})" for name, p in populations.items()]
    return f"it is in no population now: it would have to fulfil {' or '.join(filters)}"


def _filter(population: Population) -> str:
    """A population's conditions, as `status is open`."""
    conditions = [
        f"{column} is {value if isinstance(value, str) else ' or '.join(value)}"
        for column, value in population.where.items()
    ]
    if population.event == "next_purchase":
        conditions.append("it has bought something")
    if population.object == "contacts":
        conditions.append("it is not disqualified")
    return ", ".join(conditions) or "it is open"
