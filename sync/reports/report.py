"""What `status`, `runs` and `explain` tell."""

import json
import math
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from sales_consultant.config.clock import iso, ms_of
from sales_consultant.config.errors import ConfigError, UsageError
from sales_consultant.config.records import RecordRef
from sales_consultant.engine.reads import records
from sales_consultant.scoring import scorer
from sales_consultant.scoring.core import org_currency
from sales_consultant.scoring.customers import value
from sales_consultant.sync.models import registry
from sales_consultant.sync.plan import current_values
from sales_consultant.sync.plan import desired_values as desiring
from sales_consultant.sync.reports import risks, why_no_score
from sales_consultant.sync.reports.company_profile import profile
from sales_consultant.sync.reports.rules_of_run import rules_of_run
from sales_consultant.sync.results import (
    Calls,
    ChangeCount,
    Explanation,
    FeatureValue,
    FieldOnHold,
    ModelInForce,
    NextJob,
    NotRestored,
    Reading,
    ReasonLine,
    RecordRow,
    Refusal,
    RunDetails,
    RunList,
    Running,
    RunRow,
    Scored,
    Shown,
    Status,
)
from sales_consultant.sync.runtime import Workspace, holder_lives, last_as_of, open_pulled
from sales_consultant.sync.service import jobs
from sales_consultant.sync.stores import (
    CallCounts,
    ChangeState,
    State,
    changes,
    dead_letters,
    exposures,
    feedback,
    groups,
    holds,
    run_names,
    runs,
    waits,
)
from sales_consultant.sync.use_cases import rollback


def _run(state: State, row: dict[str, Any]) -> RunRow:
    return RunRow(
        row["id"],
        row["job"],
        int(row["started_at"]),
        row["ended_at"],
        row["as_of"],
        row["outcome"] or None,
        json.loads(row["counts"]),
        row["error"],
        run_names.short(state, row["id"]),
    )


def list_runs(state: State, limit: int = 20) -> RunList:
    """The newest runs first."""
    query = sa.select(runs).order_by(runs.c.started_at.desc()).limit(limit)
    total = _count(state, sa.select(sa.func.count()).select_from(runs))
    return RunList(tuple(_run(state, r) for r in state.rows(query)), total)


def show_run(state: State, named: str) -> RunDetails:
    """One run with its changes by state and field, and its refusals grouped by the CRM's reason.

    `named` are the first letters of its id; UsageError where no run begins so, or several do.
    """
    run_id = run_names.named(state, named)
    rows = state.rows(sa.select(runs).where(runs.c.id == run_id))
    by = state.rows(
        sa.select(changes.c.state, changes.c.object, changes.c.field, sa.func.count().label("n"))
        .where(changes.c.run_id == run_id)
        .group_by(changes.c.state, changes.c.object, changes.c.field)
    )
    refused = state.rows(
        sa.select(changes.c.code, changes.c.message, changes.c.object, changes.c.record_id)
        .where(changes.c.run_id == run_id, changes.c.state == ChangeState.DEAD)
        .distinct()
        .order_by(changes.c.object, changes.c.record_id)
    )
    made = _run(state, rows[0])
    told = rules_of_run(state, run_id, made.counts.get("rules") or {})
    return RunDetails(made, tuple(ChangeCount(**r) for r in by), _by_reason(refused), told)


# What differs from record to record in a CRM's words: addresses, what it quotes, ids, numbers.
_PARTICULAR = re.compile(
    r"""[\w.+-]+@[\w.-]+|(["'])[^"']{1,80}\1|\b(?=\w*\d)[0-9A-Za-z]{15,18}\b|\b\d[\d.,:/-]*\b"""
)


def reason(message: str | None) -> str:
    """A refusal without what is particular to one record, so that the same reason is one group.

    >>> reason('Property "amount" of 4711 was not valid: 12.5')
    'Property … of … was not valid: …'
    """
    return _PARTICULAR.sub("…", message or "")


def _by_reason(refused: list[dict[str, Any]]) -> tuple[Refusal, ...]:
    """Refusals by code and reason, the most frequent first, each with one record and the CRM's words for it."""
    refusals: dict[tuple[str, str], Refusal] = {}
    for r in refused:
        key = (r["code"] or "", reason(r["message"]))
        first = refusals.get(key)
        if first is None:
            refusals[key] = Refusal(r["code"], r["message"], 1, f"{r['object']}/{r['record_id']}")
        else:
            refusals[key] = replace(first, records=first.records + 1)
    return tuple(sorted(refusals.values(), key=lambda g: -g.records))


def calls_of_the_day(ws: Workspace) -> Calls:
    """Our calls of the last 24 hours, the org's daily limit as last stated and our share of it; makes no call."""
    counts = CallCounts(ws.state)
    limit = counts.limit()
    used = counts.last_day(ws.clock())
    return Calls(used, limit, None if limit is None else int(limit * ws.connection.daily_share))


def status(ws: Workspace) -> Status:
    """How the connection stands: last success, models, holds, dead letters, groups, feedback."""
    state = ws.state
    good = state.rows(
        sa.select(runs)
        .where(runs.c.job.in_(("sync", "changed")), runs.c.outcome.like("done%"))
        .order_by(runs.c.started_at.desc())
        .limit(1)
    )
    identity = state.identity
    coming, schedule_error = _next_job(ws)
    return Status(
        connection=ws.name,
        org=str(identity) if identity else None,
        now=ws.clock(),
        last_success=good[0]["ended_at"] if good else None,
        models=_in_force(state),
        on_hold=tuple(
            FieldOnHold(h["field"], int(h["since"]), h["run_id"]) for h in state.rows(sa.select(holds))
        ),
        dead_letters=_count(state, sa.select(sa.func.count()).select_from(dead_letters)),
        not_restored=tuple(
            NotRestored(r.object, r.record_id, tuple(r.fields), r.run_id) for r in rollback.unrestored(state)
        ),
        try_again=rollback.AGAIN,
        waiting_for_a_lock=_count(state, sa.select(sa.func.count()).select_from(waits)),
        calls=calls_of_the_day(ws),
        computed_fields_read=_read(state, "computed_fields_of"),
        compared=_read(state, "compared"),
        in_flight=_count(
            state,
            sa.select(sa.func.count()).select_from(changes).where(changes.c.state == ChangeState.IN_FLIGHT),
        ),
        groups=_numbers(state, groups.c.name),
        feedback=_numbers(state, feedback.c.value),
        running=_running(state),
        next_job=coming,
        schedule_error=schedule_error,
    )


def _running(state: State) -> Running | None:
    """The run that goes on, where the process that holds the connection lives."""
    newest = state.rows(
        sa.select(runs).where(runs.c.ended_at.is_(None)).order_by(runs.c.started_at.desc()).limit(1)
    )
    if not newest or not holder_lives(state):
        return None
    run_id = str(newest[0]["id"])
    short = run_names.short(state, run_id)
    return Running(run_id, newest[0]["job"], int(newest[0]["started_at"]), short)


def _next_job(ws: Workspace) -> tuple[NextJob | None, str]:
    """The connection's next job, None where there is none; and why the schedule cannot be read, "" where it can."""
    now = datetime.fromtimestamp(ws.clock() / 1000, UTC)
    try:
        coming = [(j.next_at, j) for j in jobs(ws.settings, now=now) if j.connection == ws.name and j.next_at]
    except ConfigError as e:
        # How the connection stands is told all the same.
        return None, e.message
    if not coming:
        return None, ""
    at, job = min(coming, key=lambda c: c[0])
    return NextJob(job.name, job.job, ms_of(at)), ""


def _numbers(state: State, column: sa.Column[Any]) -> dict[str, int]:
    query = sa.select(column.label("name"), sa.func.count().label("n")).group_by(column)
    return {str(r["name"]): int(r["n"]) for r in state.rows(query)}


def _in_force(state: State) -> tuple[ModelInForce, ...]:
    return tuple(
        ModelInForce(m["name"], m["digest"][:12], m["verdict"], m["as_of"])
        for m in registry.index(state)
        if m["published_at"] is not None and m["withdrawn_at"] is None
    )


def _read(state: State, key: str) -> Reading | None:
    """When what the CRM computes was read last, or all ids were compared, with what came of it."""
    rows = state.rows(
        sa.select(runs.c.ended_at, runs.c.counts)
        .where(runs.c.counts.like(f'%"{key}"%'), runs.c.ended_at.is_not(None))
        .order_by(runs.c.started_at.desc())
        .limit(1)
    )
    held = rows[0]["counts"] if rows else None
    counts = json.loads(held) if isinstance(held, str) else held
    return Reading(rows[0]["ended_at"], counts[key]) if counts else None


def _count(state: State, query: sa.Select[Any]) -> int:
    with state.begin() as c:
        return int(c.execute(query).scalar() or 0)


def explain(ws: Workspace, record: str) -> Explanation:
    """Why a record has its score: reasons with points, features, what the CRM holds, what was shown when.

    A deal comes with its open risks and, where it has no expected value, why. A company comes with its profile:
    purchases, people, open deals, activity, risks. `record` is an id, alone or as "deals/ID". Raises UsageError where
    no record has it.
    """
    wanted_object, _, record_id = record.rpartition("/")
    open_pulled(ws)
    current = current_values.read(ws.connector, ws.warehouse, ws.state, ws.fields)
    keys = [k for k in current.values if k.record_id == record_id and wanted_object in ("", k.object)]
    if not keys:
        raise UsageError(
            f'No record "{record}" was pulled.',
            action="Give its id as the CRM shows it in the address of its page.",
        )
    key = keys[0]
    in_force = registry.in_force(ws.state, ws.models_folder, ws.settings)
    as_of = last_as_of(ws)
    table = "contacts" if key.object == "leads" else key.object
    scored = _scored(ws, in_force, table, record_id, as_of)
    company, of = None, [key]
    if table == "companies":
        company = profile(
            ws.warehouse.engine, record_id, as_of=as_of, holds=current.values[key], shown=current.values
        )
        of += [RecordRef("deals", d.id) for d in company.open_deals]
        of += [RecordRef(o, p.id) for p in company.people for o in ("contacts", "leads")]
    reasoned = scored is not None and scored.reasons
    row = RecordRow.of(_record(ws, table, record_id))
    if table == "deals":
        row = replace(row, stage=records.stage_label(ws.warehouse.engine, record_id) or row.stage)
    return Explanation(
        key.object,
        key.record_id,
        as_of,
        current.values[key],
        scored,
        row,
        company,
        None
        if reasoned
        else why_no_score.said(ws.warehouse.engine, ws.settings, in_force, key, table=table, as_of=as_of),
        _history(ws.state, of),
        row.currency or org_currency(ws.warehouse.engine),
    )


def _scored(ws: Workspace, in_force: Any, table: str, record_id: str, as_of: int) -> Scored | None:
    """The record's score by the first population that it is open in; None where it is in none."""

    for name, population in ws.settings.populations.items():
        model = in_force.populations.get(name)
        if model is None or population.object != table:
            continue
        frame, features = scorer.score_with_features(
            ws.warehouse.engine, model, record_id, as_of=as_of, exclusions=ws.settings.exclude
        )
        mine = frame[frame["record_id"] == record_id]
        if mine.empty:
            continue
        row: Any = next(mine.itertuples(index=False))
        risks_, why = None, None
        if table == "deals":
            risks_, why = _worth(ws, in_force, mine, features, as_of)
        loan = model.card.get("borrowed")
        return Scored(
            name,
            int(row.score),
            row.grade,
            _known(row.probability),
            tuple(ReasonLine(r.text, r.points, r.feature) for r in row.reasons),
            tuple(desiring.reason_lines(row.reasons)),
            tuple(FeatureValue(**f) for f in features),
            loan["said"] if loan else None,
            risks_,
            why,
        )
    return None


def _known(value: Any) -> float | None:
    """A number, or None for a gap: a model of rules gives no probability."""
    return None if value is None or math.isnan(value) else float(value)


def _history(state: State, keys: list[RecordRef]) -> tuple[Shown, ...]:
    """What records showed when; of more than one record the scores and grades, each with the record it stood on."""
    shown: list[Shown] = []
    for key in keys:
        query = sa.select(exposures).where(
            exposures.c.object == key.object, exposures.c.record_id == key.record_id
        )
        if key != keys[0]:
            query = query.where(exposures.c.field.in_(("score", "grade")))
        of = str(key) if len(keys) > 1 else None
        shown += [
            Shown(e["field"], e["value"], e["visible_from"], e["visible_to"], of)
            for e in state.rows(query.order_by(exposures.c.id))
        ]
    return tuple(shown)


def _record(ws: Workspace, table: str, record_id: str) -> dict[str, Any]:
    """The neutral row, times as ISO 8601, empty cells left out."""
    row = records.one(ws.warehouse.engine, table, record_id)
    moments = {n for n in row if n.endswith("_at") or n == "close_date"}
    return {n: iso(v) if n in moments else v for n, v in row.items() if v is not None and v != ""}


def _worth(
    ws: Workspace, in_force: Any, mine: Any, features: list[dict[str, Any]], as_of: int
) -> tuple[tuple[str, ...], str | None]:
    """A deal's open risks, and why it has no expected value where it has none."""
    engine, estimates = ws.warehouse.engine, {}
    if in_force.amount is not None:
        guessed = in_force.amount.estimate(engine)
        estimates = dict(zip(guessed["record_id"], guessed["amount"], strict=True))
    why = str(value.deal_values(engine, mine, as_of=as_of, estimates=estimates)["reason"].iloc[0])
    found = risks.of_deal({f["feature"]: f["value"] for f in features}, why)
    return tuple(found), risks.NO_VALUE[why] if why else None
