"""The way a deal came, as of each cut-off: stages passed, back and over, and how amount and close date moved."""

from __future__ import annotations

from typing import Any

import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.engine import Block, Engine, alive, as_ms, neutral, per_cut


def entries(rows: Any, cut: Any) -> Any:
    """The stages that deals entered by the cut-off: deal_id, stage, changed_at, left_at (a gap: it stands there).

    `rows` is deal_history; a row that repeats the stage is no entry.
    """
    import ibis

    known = rows.filter(rows.stage.notnull() & (rows.changed_at <= cut))
    order = ibis.window(group_by=known.deal_id, order_by=[known.changed_at, known.stage])
    known = known.mutate(before=known.stage.lag().over(order))
    found = known.filter(known.before.isnull() | (known.before != known.stage))
    order = ibis.window(group_by=found.deal_id, order_by=[found.changed_at, found.stage])
    found = found.mutate(left_at=found.changed_at.lead().over(order))
    return found.select("deal_id", "stage", "changed_at", "left_at")


def edge(rows: Any, column: str, cut: Any, *, last: bool) -> Any:
    """The first or last value of a column of deal_history that was set by the cut-off.

    Columns: `{column}_deal`, the value under its own name (`first_{column}` for the first) and `{column}_since`.
    """
    import ibis

    known = rows.filter(rows[column].notnull() & (rows.changed_at <= cut))
    by = [known.changed_at.desc(), known[column].desc()] if last else [known.changed_at, known[column]]
    known = known.mutate(rank=ibis.row_number().over(ibis.window(group_by=known.deal_id, order_by=by)))
    name = column if last else f"first_{column}"
    return known.filter(known["rank"] == 0).select(
        **{f"{name}_deal": known.deal_id, name: known[column], f"{name}_since": known.changed_at}
    )


def histories(engine: Engine) -> Any:
    """deal_history with close dates in milliseconds and amounts as floats."""
    rows = neutral(engine, "deal_history")
    return rows.mutate(close_date=as_ms(rows.close_date), amount=rows.amount.cast("float64"))


def pipelines(engine: Engine) -> Any:
    """The pipeline of every deal: of_deal, of."""
    deals = neutral(engine, "deals")
    return deals.select(of_deal=deals.id, of=deals.pipeline)


def won_deals(engine: Engine) -> Any:
    """Won deals with what they are compared by: won_deal, pipeline, company_id, currency, created_at, closed_at."""
    t = alive(neutral(engine, "deals"))
    t = t.filter(t.is_closed.fill_null(False) & t.is_won.fill_null(False) & t.closed_at.notnull())
    return t.select(
        "pipeline", "company_id", "created_at", "closed_at", won_deal=t.id, currency=t.currency.fill_null("")
    )


def _ranks(engine: Engine) -> Any:
    """Each open stage with its place in its pipeline, 0 first, whatever numbers the CRM orders them by."""
    import ibis

    stages = neutral(engine, "stages")
    stages = stages.filter((stages.object == "deals") & ~stages.closed.fill_null(False))
    stages = stages.filter(~stages.gone.fill_null(False))
    stages = stages.group_by([stages.pipeline, stages.stage]).aggregate(order=stages.display_order.min())
    order = ibis.window(group_by=stages.pipeline, order_by=[stages.order, stages.stage])
    return stages.select(
        of_pipeline=stages.pipeline, of_stage=stages.stage, place=ibis.row_number().over(order)
    )


def deal_path(engine: Engine, members: pd.DataFrame) -> pd.DataFrame:
    """Stages passed, moves back and stages skipped of each deal by its cut-off, its age against the pipeline's habit,
    its amount against the first one and the days its close date has moved.

    The habit is the median cycle of the pipeline's deals that were won by the cut-off; a cycle shorter than a day counts
    as a day. Stages are placed by the pipeline's order of today.
    """
    return per_cut(engine, lambda: _deal_path(engine), members, name="deal_path")


def _deal_path(engine: Engine) -> Block:
    import ibis

    rows, ranks, of, won = histories(engine), _ranks(engine), pipelines(engine), won_deals(engine)
    won = won.mutate(days=(won.closed_at - won.created_at).cast("float64") / DAY_MS)

    def block(at: Any, cut: Any) -> Any:
        seen = entries(rows, cut)
        seen = seen.inner_join(at.select("record_id"), seen.deal_id == at.record_id)
        seen = seen.inner_join(of, seen.deal_id == of.of_deal)
        seen = seen.inner_join(ranks, (seen.of == ranks.of_pipeline) & (seen.stage == ranks.of_stage))
        seen = seen.select("deal_id", "changed_at", "stage", "place")
        order = ibis.window(group_by=seen.deal_id, order_by=[seen.changed_at, seen.stage])
        seen = seen.mutate(step=seen.place - seen.place.lag().over(order))
        path = seen.group_by(seen.deal_id).aggregate(
            entered=seen.stage.nunique(),
            back=seen.count(where=(seen.step < 0).fill_null(False)),
            over=(seen.step - 1).sum(where=(seen.step > 1).fill_null(False)),
        )
        path = path.select("entered", "back", "over", path_deal=path.deal_id)
        past = won.filter(won.closed_at <= cut)
        habit = past.group_by(past.pipeline).aggregate(usual=past.days.median())
        habit = habit.select(habit_of=habit.pipeline, usual=habit.usual)
        joined = at.left_join(path, at.record_id == path.path_deal)
        joined = joined.left_join(habit, joined.pipeline == habit.habit_of)
        for column in ("amount", "close_date"):
            for last in (False, True):
                found = edge(rows, column, cut, last=last)
                joined = joined.left_join(
                    found, joined.record_id == found[f"{column if last else f'first_{column}'}_deal"]
                )
        usual = ibis.cases((joined.usual > 1, joined.usual), (joined.usual.notnull(), 1.0))
        age = (cut - joined.created_at).cast("float64") / DAY_MS
        return joined.select(
            record_id=joined.record_id,
            cut=joined.cut,
            stages_passed=joined.entered - 1,
            moved_back=joined.back,
            stages_skipped=ibis.cases((joined.entered.notnull(), joined.over.fill_null(0))),
            age_slowness=age / usual,
            amount_growth=ibis.cases((joined.first_amount > 0, joined.amount / joined.first_amount)),
            close_date_moved_days=(joined.close_date - joined.first_close_date) // DAY_MS,
        )

    return block
