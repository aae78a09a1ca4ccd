"""What became of steps: shown, answered, left; what drawn ones brought; and how well writing goes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import sqlalchemy as sa

from sales_consultant.config.clock import DAY_MS
from sales_consultant.config.records import RecordRef
from sales_consultant.engine.reads import deals
from sales_consultant.insight.experiments import against_model
from sales_consultant.insight.reports import Context, value
from sales_consultant.scoring.next_steps import rule_of
from sales_consultant.sync.plan import directory
from sales_consultant.sync.runtime import Workspace, known_until
from sales_consultant.sync.stores import calls_by_hour, choices, dead_letters, exposures, feedback

# As steps are judged elsewhere (`scoring.next_steps.evidence`): a quarter is long enough for something to follow.
FOLLOW_DAYS = 90
# Counts of calls are kept for a week (`CallCounts`).
_CALL_DAYS = 7


def answers(ws: Workspace, context: Context) -> list[value.Answers]:
    """Steps that became visible in the report's time, by rule, by pipeline, and by owner where an admin wants that."""
    t, as_of = exposures.c, known_until(ws, context.as_of)
    query = (
        sa.select(
            t.object, t.record_id, t.value, sa.func.max(sa.func.coalesce(t.visible_to, as_of + 1)).label("to")
        )
        .where(
            t.field == "next_step_id",
            t.value.is_not(None),
            t.visible_from >= context.since,
            t.visible_from <= as_of,
        )
        .group_by(t.object, t.record_id, t.value)
    )
    shown = ws.state.rows(query)
    given = {
        (r["object"], r["record_id"], r["step_id"]): str(r["value"])
        for r in ws.state.rows(sa.select(feedback).where(feedback.c.seen_at <= as_of))
    }
    pipelines = dict(zip(context.tables.deals["deal_id"], context.tables.deals["pipeline"], strict=True))

    def pipeline(object: str, record_id: str) -> str:
        if object != "deals" or record_id not in pipelines:
            return context.words("no deal")
        return context.name(pipelines[record_id], "pipeline")

    groups: dict[str, Callable[[str, str, str], str]] = {
        "rule": lambda o, i, step: rule_of(step),
        "pipeline": lambda o, i, step: pipeline(o, i),
    }
    owners: Mapping[RecordRef, str | None] = {}
    if context.teams or ws.settings.reports.by_owner:
        owners = {e.key: e.owner for e, _ in directory.read(ws.warehouse.engine, ())}
    if context.teams:
        members = Counter(context.teams.values())

        def team(object: str, record_id: str, step: str) -> str:
            found = context.teams.get(owners.get(RecordRef(object, record_id)) or "", "")
            # A team of one would tell of a person, which only `by_owner` may.
            return (
                context.words("teams of one person") if members[found] == 1 else context.name(found, "team")
            )

        groups["team"] = team
    if ws.settings.reports.by_owner:
        groups["owner"] = lambda o, i, step: context.name(owners.get(RecordRef(o, i)), "owner_id")
    out = []
    for by, name_of in groups.items():
        rows: dict[str, list[tuple[str | None, bool]]] = defaultdict(list)
        for r in shown:
            key = (r["object"], r["record_id"], r["value"])
            rows[name_of(*key)].append((given.get(key), int(r["to"]) > as_of))
        out += [_counted(by, name, became) for name, became in rows.items()]
    return out


def _counted(by: str, name: str, became: Sequence[tuple[str | None, bool]]) -> value.Answers:
    answered = Counter(a for a, _ in became if a is not None)
    waiting = sum(there for a, there in became if a is None)
    left = len(became) - answered.total() - waiting
    return value.Answers(by, name, len(became), dict(answered), left, waiting)


def drawn(ws: Workspace, context: Context) -> list[value.Drawn]:
    """What followed steps on deals whose rule was drawn by lot, once their quarter is over."""
    until = context.as_of - FOLLOW_DAYS * DAY_MS
    t = choices.c
    rows = ws.state.rows(
        sa.select(choices).where(
            t.object == "deals", t.chosen_at <= until, t.probability.is_not(None), t.propensity < 1
        )
    )
    if not rows:
        return []
    log = pd.DataFrame(rows)
    known = deals.deals(ws.warehouse.engine)
    won = known[known["is_won"].fillna(False)]
    closed = log["record_id"].map(dict(zip(won["deal_id"], won["closed_at"], strict=True))).astype("Float64")
    after = closed - log["chosen_at"]
    log["outcome"] = ((after > 0) & (after <= FOLLOW_DAYS * DAY_MS)).fillna(False).astype("float64")
    found = against_model(log)
    return [
        value.Drawn(
            r["rule"], int(r["drawn"]), r["expected"], r["happened"], r["change"], r["low"], r["high"]
        )
        for r in found.to_dict("records")
    ]


def upkeep(ws: Workspace, context: Context) -> value.Upkeep:
    """Records that cannot be written, by reason, and calls of the last week."""
    d = dead_letters.c
    letters = ws.state.rows(
        sa.select(d.code, sa.func.count().label("n"))
        .where(d.first_at <= known_until(ws, context.as_of))
        .group_by(d.code)
        .order_by(sa.func.count().desc(), d.code)
    )
    c = calls_by_hour.c
    called = ws.state.rows(
        sa.select(sa.func.coalesce(sa.func.sum(c.calls), 0).label("n")).where(
            c.hour > context.as_of - _CALL_DAYS * DAY_MS, c.hour <= known_until(ws, context.as_of)
        )
    )
    return value.Upkeep(
        [(str(r["code"] or ""), int(r["n"])) for r in letters], int(called[0]["n"]), _CALL_DAYS
    )
