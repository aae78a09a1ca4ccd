"""The feature frame: one row a member and cut-off, one column a feature, all as of the cut-off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.engine import MEMBER_COLUMNS, Engine
from sales_consultant.engine.reads import own_scores
from sales_consultant.scoring.features import crm_fields as own
from sales_consultant.scoring.features.cleaning import FeatureTable, possible
from sales_consultant.scoring.features.compile import counted, deal_state, primary_contacts
from sales_consultant.scoring.features.coverage import masked
from sales_consultant.scoring.features.deal_path import deal_path
from sales_consultant.scoring.features.declarations import FieldSource
from sales_consultant.scoring.features.field_snapshots import snapshots_of
from sales_consultant.scoring.features.typical_values import amount_against_usual, company_open

if TYPE_CHECKING:
    from sales_consultant.scoring.features.declarations import Entity, Feature

_KEY = ["record_id", "cut"]
# A source of this beginning is a file of somebody else's probabilities, whose path follows.
OWN_SCORES = "scores:"
# Log-odds of 15, as far as a model's margin goes.
_SURE = 3e-7
# By the source that a feature names: files of models hold it, so it stays as it was.
_STATES = {
    "deal_state": deal_state,
    "deal_path": deal_path,
    "amount_habits": amount_against_usual,
    "company_open": company_open,
}


def with_contacts(engine: Engine, members: pd.DataFrame) -> pd.DataFrame:
    """Members of a deal population with the contact each hung on at its cut-off."""
    found = primary_contacts(engine, members)
    return members.drop(columns="contact_id").merge(found, how="left", on=_KEY)


def build(engine: Engine, entity: Entity, features: list[Feature], members: pd.DataFrame) -> pd.DataFrame:
    """The features of members in the order of `features`; the index is the members' own.

    `members` has the columns record_id, cut, created_at, company_id, company_created_at, contact_id and
    pipeline, each record once a cut-off. Impossible values are gaps, and so are activities where nobody logs them.
    """
    return build_table(engine, entity, features, members).values


def build_table(
    engine: Engine, entity: Entity, features: list[Feature], members: pd.DataFrame
) -> FeatureTable:
    """The same, with what was made a gap in it."""
    if members.empty:
        nothing = {f.name: pd.Series(dtype="float64") for f in features}
        return FeatureTable(pd.DataFrame(nothing, index=members.index))
    if entity == "deals":
        members = with_contacts(engine, members).set_axis(members.index)
    members = members[list(MEMBER_COLUMNS)].copy()
    # A company that was made later was not known by then, whatever today's link says.
    unknown = ~(members["company_created_at"].astype("float64") <= members["cut"])
    members["company_id"] = members["company_id"].astype(object).mask(unknown, None)
    by_source: dict[str, list[Feature]] = {}
    for feature in features:
        by_source.setdefault(feature.source, []).append(feature)
    parts = []
    for source, wanted in by_source.items():
        if source == "members":
            parts.append(_ages(members)[[f.name for f in wanted]])
        elif (place := FieldSource.parse(source)) is not None:
            parts.append(_fields(engine, place, wanted, members))
        elif source.startswith(OWN_SCORES):
            parts.append(_own_scores(source.removeprefix(OWN_SCORES), wanted, members))
        elif source in _STATES:
            parts.append(_aligned(_STATES[source](engine, members), wanted, members))
        else:
            parts.append(counted(engine, entity, source, wanted, members))
    frame = pd.concat(parts, axis=1)[[f.name for f in features]]
    frame, impossible = possible(frame.set_axis(members.index), features)
    values, unlogged, low = masked(engine, entity, features, frame, members)
    return FeatureTable(values, impossible, tuple(unlogged), low)


def _aligned(found: pd.DataFrame, wanted: list[Feature], members: pd.DataFrame) -> pd.DataFrame:
    """Columns of a block in the order of the members, numbers as float with nan for gaps."""
    rows = members[_KEY].merge(found, how="left", on=_KEY).set_axis(members.index)
    out = {}
    for feature in wanted:
        column = rows[feature.column or feature.name]
        numeric = pd.api.types.is_numeric_dtype(column)  # flags are numbers to pandas
        out[feature.name] = column.astype("float64") if numeric else _text_or_number(column)
    return pd.DataFrame(out, index=members.index)


def _text_or_number(column: pd.Series[Any]) -> pd.Series[Any]:
    """A column of flags with gaps arrives as objects; text stays text with None for gaps."""
    seen = column.dropna()
    if len(seen) and seen.map(lambda v: isinstance(v, bool)).all():
        return column.astype("float64")
    return column.astype(object).where(column.notna(), None)


def _own_scores(path: str, wanted: list[Feature], members: pd.DataFrame) -> pd.DataFrame:
    """The log-odds that a model of the admin's own gave each member, as of its cut-off."""
    out = {f.name: own_scores.given(path, members, days=f.window) for f in wanted}
    return pd.DataFrame({name: np.log(p / (1 - p)) for name, p in _inside(out).items()}, index=members.index)


def _inside(given: dict[str, pd.Series[Any]]) -> dict[str, pd.Series[Any]]:
    """Probabilities that have odds: what is called certain is no more than one in three million."""
    return {name: p.clip(_SURE, 1 - _SURE) for name, p in given.items()}


def _ages(members: pd.DataFrame) -> pd.DataFrame:
    company = members["company_created_at"].astype("float64")
    known = company.where(company <= members["cut"])
    return pd.DataFrame(
        {
            "age_days": ((members["cut"] - members["created_at"]) // DAY_MS).astype("float64"),
            "company_age_days": (members["cut"] - known) // DAY_MS,
        },
        index=members.index,
    )


def _fields(
    engine: Engine, source: FieldSource, wanted: list[Feature], members: pd.DataFrame
) -> pd.DataFrame:
    """Values of the customer's own fields."""
    known, entity, key = source.known, source.entity, source.key
    names = sorted({f.column for f in wanted})
    kinds = {f.column: f.dtype for f in wanted}
    values: dict[str, pd.Series[Any]] = {}
    if known == "fixed":
        table = own.fixed(engine, entity, names)
        seen = snapshots_of(engine, entity, names, members[key], members["cut"])
        for name in names:
            values[name] = seen.then(name, members[key].map(table[name]))
    else:
        rows = own.historic(engine, entity, key, names, members)
        place = pd.MultiIndex.from_frame(members[_KEY])
        for name in names:
            history = rows[rows["field"] == name].set_index(_KEY).reindex(place)
            values[name] = history["value"].set_axis(members.index)
            if kinds[name] == "number":
                now = pd.to_numeric(history["value"], errors="coerce")
                then = pd.to_numeric(history["before"], errors="coerce").fillna(0.0)
                values[f"{name}.change_30d"] = (now - then).set_axis(members.index)
                since = (members["cut"].to_numpy() - history["changed_at"].to_numpy(dtype=float)) // DAY_MS
                values[f"{name}.days_since_change"] = pd.Series(since, index=members.index)
    out = {}
    for feature in wanted:
        suffix = feature.name.removeprefix(f"{entity}.{feature.column}")
        column = values[feature.column + suffix]
        if not suffix:
            column = own.typed(column, kinds[feature.column], members["cut"])
            if feature.column == "title":
                column = own.seniority(column)
        out[feature.name] = column
    return pd.DataFrame(out, index=members.index)
