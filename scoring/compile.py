"""From declared features to blocks: what was known of each member strictly before a cut-off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sales_consultant.scoring.path import edge, entries, histories, pipelines
from sales_consultant.scoring.sources import dated_rows
from sales_consultant.scoring.tables import Block, neutral, per_cut
from sales_consultant.scoring.times import DAY

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from sales_consultant.scoring.declare import Entity, Feature, Match


_GAPS = ("days_since_last", "days_until_next", "trend", "rate")
"""Aggregates that are gaps, not zero, where there are no rows."""


def _matches(rows: Any, where: Match) -> Any:
    import ibis

    condition = ibis.literal(True)
    for column, values in where:
        present = [v for v in values if v is not None]
        hit = rows[column].isin(present)
        condition = condition & ((hit.fill_null(False) | rows[column].isnull()) if None in values else hit)
    return condition


def _spans(feature: Feature) -> tuple[int | None, ...]:
    """The windows back from the cut-off that a feature counts in."""
    if feature.aggregate == "trend":
        return feature.window, (feature.window or 0) * 3
    return (feature.window,) if feature.aggregate in ("count", "rate") else ()


def _aggregate(rows: Any, feature: Feature, cut: Any) -> Any:
    """One feature over rows that are known at the cut-off, with the flags that `_flagged` gave them."""
    import ibis

    match = rows[_flag(feature.where)]
    if feature.aggregate == "planned":
        return rows.count(where=match & ~rows.past & (rows.occurred_at < cut + (feature.window or 0) * DAY))
    if feature.aggregate == "days_until_next":
        return (rows.occurred_at.min(where=match & ~rows.past) - cut) // DAY
    if feature.aggregate == "days_since_last":
        return (cut - rows.occurred_at.max(where=match & rows.past)) // DAY
    n = rows.count(where=match & rows[_within(feature.window)])
    if feature.aggregate == "count":
        return n
    if feature.aggregate == "trend":
        whole = rows.count(where=match & rows[_within((feature.window or 0) * 3)])
        return ibis.cases((whole > 0, 3 * n.cast("float64") / whole))
    whole = rows.count(where=rows[_flag(feature.over)] & rows[_within(feature.window)])
    return ibis.cases(((whole > 0) & (n > whole), 1.0), (whole > 0, n.cast("float64") / whole))


def _flag(where: Match) -> str:
    return "is_" + "_".join(
        [c + "".join(f"_{'gap' if v is None else v}" for v in values) for c, values in where] or ["any"]
    )


def _within(days: int | None) -> str:
    return "past" if days is None else f"past_{days}d"


def _flagged(rows: Any, features: list[Feature], cut: Any) -> Any:
    """Rows known at the cut-off with a flag for each condition and window, so that none is computed twice."""
    known = rows.filter(rows.known_at <= cut)
    past = known.occurred_at < cut
    flags = {"past": past}
    for days in {w for f in features for w in _spans(f) if w is not None}:
        flags[_within(days)] = past & (known.occurred_at >= cut - days * DAY)
    for where in {w for f in features for w in (f.where, f.over)}:
        flags[_flag(where)] = _matches(known, where)
    return known.select("key", "occurred_at", **flags)


def counted(
    con: duckdb.DuckDBPyConnection,
    entity: Entity,
    source: str,
    features: list[Feature],
    members: pd.DataFrame,
) -> pd.DataFrame:
    """Counts, shares and days since or until, one row a member: record_id, cut, then the features by name."""
    name = (source, entity, *features)
    return per_cut(con, lambda: _counted(con, entity, source, features), members, name=name)


def _counted(con: duckdb.DuckDBPyConnection, entity: Entity, source: str, features: list[Feature]) -> Block:
    rows, key = dated_rows(con, source, entity)

    def block(at: Any, cut: Any) -> Any:
        known = _flagged(rows, features, cut)
        sums = known.group_by(known.key).aggregate(**{f.name: _aggregate(known, f, cut) for f in features})
        joined = at.left_join(sums, at[key] == sums.key)
        named = {
            f.name: joined[f.name] if f.aggregate in _GAPS else joined[f.name].fill_null(0) for f in features
        }
        return joined.select(record_id=joined.record_id, cut=joined.cut, **named)

    return block


def deal_state(con: duckdb.DuckDBPyConnection, members: pd.DataFrame) -> pd.DataFrame:
    """Stage, time in it against the habit, amount and close date of each deal as of its cut-off.

    The habit of a stage is the median of the stays of its pipeline's deals that were over by the cut-off.
    """
    return per_cut(con, lambda: _deal_state(con), members, name="deal_state")


def _deal_state(con: duckdb.DuckDBPyConnection) -> Block:
    import ibis

    rows, of = histories(con), pipelines(con)
    stages = neutral(con, "stages")
    stages = stages.filter(stages.object == "deals")
    stages = stages.group_by([stages.pipeline, stages.stage]).aggregate(
        stage_order=stages.display_order.min()
    )
    stages = stages.select(of_pipeline=stages.pipeline, of_stage=stages.stage, stage_order=stages.stage_order)

    def block(at: Any, cut: Any) -> Any:
        seen = entries(rows, cut)
        stays = seen.filter(seen.left_at.notnull())
        stays = stays.inner_join(of, stays.deal_id == of.of_deal)
        habit = stays.group_by([stays.of, stays.stage]).aggregate(
            usual=(stays.left_at - stays.changed_at).cast("float64").median()
        )
        habit = habit.select(usual_pipeline=habit.of, usual_stage=habit.stage, usual=habit.usual)
        now = seen.filter(seen.left_at.isnull()).select(
            stage_deal=seen.deal_id, stage=seen.stage, entered=seen.changed_at
        )
        joined = at.left_join(now, at.record_id == now.stage_deal)
        joined = joined.left_join(
            habit, (joined.pipeline == habit.usual_pipeline) & (joined.stage == habit.usual_stage)
        )
        joined = joined.left_join(
            stages, (joined.pipeline == stages.of_pipeline) & (joined.stage == stages.of_stage)
        )
        for column in ("amount", "close_date"):
            latest = edge(rows, column, cut, last=True)
            joined = joined.left_join(latest, joined.record_id == latest[f"{column}_deal"])
        # Without a stay that is over there is no habit; one shorter than a day counts as a day.
        usual = ibis.cases((joined.usual > DAY, joined.usual), (joined.usual.notnull(), float(DAY)))
        stay = (cut - joined.entered).cast("float64")
        return joined.select(
            record_id=joined.record_id,
            cut=joined.cut,
            stage=joined.stage,
            stage_order=joined.stage_order,
            days_in_stage=(cut - joined.entered) // DAY,
            stage_slowness=stay / usual,
            amount=joined.amount,
            days_to_close_date=(joined.close_date - cut) // DAY,
            close_date_passed=joined.close_date < cut,
            close_date=joined.close_date,
        )

    return block


def primary_contacts(con: duckdb.DuckDBPyConnection, members: pd.DataFrame) -> pd.DataFrame:
    """The contact a deal hangs on at its cut-off: the primary one, else the one linked first."""
    return per_cut(con, lambda: _primary_contacts(con), members, name="primary_contacts")


def _primary_contacts(con: duckdb.DuckDBPyConnection) -> Block:
    import ibis

    from sales_consultant.scoring.sources import deal_contacts

    rows = deal_contacts(con)

    def block(at: Any, cut: Any) -> Any:
        known = rows.filter(rows.since <= cut)
        order = ibis.window(
            group_by=known.deal_id, order_by=[known["primary"].desc(), known.since, known.contact_id]
        )
        first = known.mutate(rank=ibis.row_number().over(order))
        first = first.filter(first["rank"] == 0).select(deal=first.deal_id, on_deal=first.contact_id)
        joined = at.inner_join(first, at.record_id == first.deal)
        return joined.select(record_id=joined.record_id, cut=joined.cut, contact_id=joined.on_deal)

    return block
