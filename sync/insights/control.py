"""Who is in the control group: reports count them, and never name them."""

import pandas as pd
import sqlalchemy as sa

from sales_consultant.engine import DuckEngine
from sales_consultant.engine.reads import experiments
from sales_consultant.sync.stores import State, groups

CONTROL = "control"
_OBJECT = {"deals": "deal", "contacts": "contact", "leads": "contact", "companies": "company"}


def control_units(state: State) -> frozenset[str]:
    """The units of the control group: "companies:ID", or the record itself where it has no company."""
    return frozenset(
        str(r["unit"]) for r in state.rows(sa.select(groups.c.unit).where(groups.c.name == CONTROL))
    )


def unit_of_deal(engine: DuckEngine) -> pd.Series:
    """The unit of every deal, by its id."""
    return unit_of(engine, "deals")


def unit_of(engine: DuckEngine, objects: str) -> pd.Series:
    """The unit of every record of an object (deals, contacts, leads, companies), by its id."""
    of = experiments.units(engine)
    return of[of["object"] == _OBJECT[objects]].drop_duplicates("id").set_index("id")["unit"]


def hidden(state: State, engine: DuckEngine, objects: str = "deals") -> frozenset[str]:
    """The ids of an object's records that no list may name."""
    units = control_units(state)
    if not units:
        return frozenset()
    of = unit_of(engine, objects)
    return frozenset(of.index[of.isin(list(units))].astype(str))
