"""From declared features to blocks: what was known of each member strictly before a cut-off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.engine import MARK, Block, Engine, compiled, neutral, per_cut
from sales_consultant.scoring.features.deal_path import edge, entries, histories, pipelines
from sales_consultant.scoring.features.sources import dated_rows, deal_contacts, key_of

if TYPE_CHECKING:
    from sales_consultant.scoring.features.declarations import Entity, Feature, Match


_GAPS = ("days_since_last", "days_until_next", "trend", "rate")
"""Aggregates that are gaps, not zero, where there are no rows."""
_KEYS, _ROWS = "_sc_keys", "_sc_rows"


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
    """One feature over rows that were known at the cut-off, with their flags and windows."""
    import ibis

    match = rows[_flag(feature.where)]
    if feature.aggregate == "planned":
        return rows.count(
            where=match & ~rows.past & (rows.occurred_at < cut + (feature.window or 0) * DAY_MS)
        )
    if feature.aggregate == "days_until_next":
        return (rows.occurred_at.min(where=match & ~rows.past) - cut) // DAY_MS
    if feature.aggregate == "days_since_last":
        return (cut - rows.occurred_at.max(where=match & rows.past)) // DAY_MS
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


def _flags(rows: Any, features: list[Feature]) -> dict[str, Any]:
    """A flag for each condition that a feature has."""
    return {
        _flag(w): _matches(rows, w) for w in sorted({w for f in features for w in (f.where, f.over)}, key=str)
    }


def _keyed(engine: Engine, entity: Entity, source: str, features: list[Feature]) -> str:
    """SQL for the rows of a source that belong to members: the member's number, both clocks, and the flags."""
    import ibis

    rows = dated_rows(engine, source, entity)
    keys = ibis.table({"member": "string", "code": "int32"}, name=_KEYS)
    joined = rows.inner_join(keys, rows.key == keys.member)
    joined = joined.select("code", "occurred_at", "known_at", **_flags(joined, features))
    return engine.text(joined)


def _sums(engine: Engine, features: list[Feature]) -> str:
    """SQL for the features of each member's number over the keyed rows that were known at the cut-off."""
    import ibis

    flags = {_flag(w): "boolean" for f in features for w in (f.where, f.over)}
    rows = ibis.table({"code": "int32", "occurred_at": "int64", "known_at": "int64", **flags}, name=_ROWS)
    cut = ibis.literal(MARK, "int64")
    known = rows.filter(rows.known_at <= cut)
    past = known.occurred_at < cut
    spans = {"past": past}
    for days in sorted({w for f in features for w in _spans(f) if w is not None}):
        spans[_within(days)] = past & (known.occurred_at >= cut - days * DAY_MS)
    known = known.select("code", "occurred_at", *flags, **spans)
    sums = known.group_by(known.code).aggregate(
        **{f.name: _aggregate(known, f, cut).cast("float32") for f in features}
    )
    return engine.text(sums)


def counted(
    engine: Engine,
    entity: Entity,
    source: str,
    features: list[Feature],
    members: pd.DataFrame,
) -> pd.DataFrame:
    """Counts, shares and days since or until, in the order of the members: a column a feature, as 32-bit floats.

    The rows are found once, numbered by member; then there is one statement a cut-off, and no more than one cut-off's
    results beside the frame.
    """
    key = key_of(source, entity)
    codes, keys = pd.factorize(members[key])
    codes = codes.astype(np.int32)
    cuts = members["cut"].to_numpy()
    names = [f.name for f in features]
    empty = np.array([np.nan if f.aggregate in _GAPS else 0.0 for f in features], dtype=np.float32)
    name = (source, entity, *features)
    rows = compiled(engine, lambda: _keyed(engine, entity, source, features), name=("rows", *name))
    sums = compiled(engine, lambda: _sums(engine, features), name=("sums", *name))
    numbered = pd.DataFrame({"member": keys.astype("str"), "code": np.arange(len(keys), dtype=np.int32)})
    out = np.empty((len(members), len(features)), dtype=np.float32, order="F")
    out[:] = empty
    with engine.lend(_KEYS, numbered), engine.keep(_ROWS, rows):
        for cut in np.unique(cuts):
            found = engine.arrays(sums.replace(str(MARK), str(cut)))
            here = np.flatnonzero((cuts == cut) & (codes >= 0))
            place = np.full(len(keys), -1, dtype=np.int32)
            place[found["code"]] = np.arange(len(found["code"]))
            place = place[codes[here]]
            here, place = here[place >= 0], place[place >= 0]
            for j, feature in enumerate(names):
                column: Any = found.pop(feature)
                out[here, j] = np.ma.filled(column, np.nan)[place]
    return pd.DataFrame(out, columns=names, index=members.index, copy=False)


def deal_state(engine: Engine, members: pd.DataFrame) -> pd.DataFrame:
    """Stage, time in it against the habit, amount and close date of each deal as of its cut-off.

    The habit of a stage is the median of the stays of its pipeline's deals that were over by the cut-off.
    """
    return per_cut(engine, lambda: _deal_state(engine), members, name="deal_state")


def _deal_state(engine: Engine) -> Block:
    import ibis

    rows, of = histories(engine), pipelines(engine)
    stages = neutral(engine, "stages")
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
        usual = ibis.cases((joined.usual > DAY_MS, joined.usual), (joined.usual.notnull(), float(DAY_MS)))
        stay = (cut - joined.entered).cast("float64")
        return joined.select(
            record_id=joined.record_id,
            cut=joined.cut,
            stage=joined.stage,
            stage_order=joined.stage_order,
            days_in_stage=(cut - joined.entered) // DAY_MS,
            stage_slowness=stay / usual,
            amount=joined.amount,
            days_to_close_date=(joined.close_date - cut) // DAY_MS,
            close_date_passed=joined.close_date < cut,
            close_date=joined.close_date,
        )

    return block


def primary_contacts(engine: Engine, members: pd.DataFrame) -> pd.DataFrame:
    """The contact a deal hangs on at its cut-off: the primary one, else the one linked first."""
    return per_cut(engine, lambda: _primary_contacts(engine), members, name="primary_contacts")


def _primary_contacts(engine: Engine) -> Block:
    import ibis

    rows = deal_contacts(engine)

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
