"""From declared features to blocks: what was known of each member strictly before a cut-off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sales_consultant.scoring.sources import dated_rows
from sales_consultant.scoring.tables import as_ms, neutral, per_cut
from sales_consultant.scoring.times import DAY

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from sales_consultant.scoring.declare import Entity, Feature


def _matches(rows: Any, feature: Feature) -> Any:
    import ibis

    condition = ibis.literal(True)
    for column, values in feature.where:
        present = [v for v in values if v is not None]
        hit = rows[column].isin(present)
        condition = condition & ((hit.fill_null(False) | rows[column].isnull()) if None in values else hit)
    return condition


def _aggregate(rows: Any, feature: Feature, cut: Any) -> Any:
    """One feature over rows that are known at the cut-off and, but for plans, older than it."""
    match = _matches(rows, feature)
    past = rows.occurred_at < cut
    if feature.aggregate == "planned":
        ahead = (rows.occurred_at >= cut) & (rows.occurred_at < cut + (feature.window or 0) * DAY)
        return rows.count(where=match & ahead)
    if feature.aggregate == "days_since_last":
        return (cut - rows.occurred_at.max(where=match & past)) // DAY
    if feature.window is not None:
        past = past & (rows.occurred_at >= cut - feature.window * DAY)
    return rows.count(where=match & past)


def counted(
    con: duckdb.DuckDBPyConnection,
    entity: Entity,
    source: str,
    features: list[Feature],
    members: pd.DataFrame,
) -> pd.DataFrame:
    """Counts and days since, one row a member: record_id, cut, then the features by name."""
    rows, key = dated_rows(con, source, entity)

    def block(at: Any, cut: Any) -> Any:
        known = rows.filter(rows.known_at <= cut)
        sums = known.group_by(known.key).aggregate(**{f.name: _aggregate(known, f, cut) for f in features})
        joined = at.left_join(sums, at[key] == sums.key)
        named = {
            f.name: joined[f.name] if f.aggregate == "days_since_last" else joined[f.name].fill_null(0)
            for f in features
        }
        return joined.select(record_id=joined.record_id, cut=joined.cut, **named)

    return per_cut(con, block, members)


def _latest(rows: Any, column: str, cut: Any) -> Any:
    """The last value of a column of deal_history that was set by the cut-off."""
    import ibis

    known = rows.filter(rows[column].notnull() & (rows.changed_at <= cut))
    order = ibis.window(group_by=known.deal_id, order_by=[known.changed_at.desc(), known[column].desc()])
    known = known.mutate(rank=ibis.row_number().over(order))
    return known.filter(known["rank"] == 0).select(
        **{f"{column}_deal": known.deal_id, column: known[column], f"{column}_since": known.changed_at}
    )


def deal_state(con: duckdb.DuckDBPyConnection, members: pd.DataFrame) -> pd.DataFrame:
    """Stage, time in it against the habit, amount and close date of each deal as of its cut-off.

    The habit of a stage is the median of the stays that were over by the cut-off.
    """
    import ibis

    rows = neutral(con, "deal_history")
    rows = rows.mutate(close_date=as_ms(rows.close_date), amount=rows.amount.cast("float64"))
    stages = neutral(con, "stages")
    stages = stages.filter(stages.object == "deals")
    stages = stages.group_by([stages.pipeline, stages.stage]).aggregate(
        stage_order=stages.display_order.min()
    )
    stages = stages.select(of_pipeline=stages.pipeline, of_stage=stages.stage, stage_order=stages.stage_order)

    def block(at: Any, cut: Any) -> Any:
        known = rows.filter(rows.stage.notnull() & (rows.changed_at <= cut))
        order = ibis.window(group_by=known.deal_id, order_by=[known.changed_at, known.stage])
        known = known.mutate(before=known.stage.lag().over(order))
        entries = known.filter(known.before.isnull() | (known.before != known.stage))
        order = ibis.window(group_by=entries.deal_id, order_by=[entries.changed_at, entries.stage])
        entries = entries.mutate(left_at=entries.changed_at.lead().over(order))
        stays = entries.filter(entries.left_at.notnull())
        habit = stays.group_by(stays.stage).aggregate(
            usual=(stays.left_at - stays.changed_at).cast("float64").median()
        )
        habit = habit.select(usual_stage=habit.stage, usual=habit.usual)
        now = entries.filter(entries.left_at.isnull()).select(
            stage_deal=entries.deal_id, stage=entries.stage, entered=entries.changed_at
        )
        joined = at.left_join(now, at.record_id == now.stage_deal)
        joined = joined.left_join(habit, joined.stage == habit.usual_stage)
        joined = joined.left_join(
            stages, (joined.pipeline == stages.of_pipeline) & (joined.stage == stages.of_stage)
        )
        for column in ("amount", "close_date"):
            latest = _latest(rows, column, cut)
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

    return per_cut(con, block, members)


def primary_contacts(con: duckdb.DuckDBPyConnection, members: pd.DataFrame) -> pd.DataFrame:
    """The contact a deal hangs on at its cut-off: the primary one, else the one linked first."""
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

    return per_cut(con, block, members)
