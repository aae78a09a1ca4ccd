"""What `status`, `runs`, `explain` and `evaluate` tell, as plain data for tables and JSON."""

import json
import re
from typing import Any

import sqlalchemy as sa

from sales_consultant.config.clock import DAY_MS, iso
from sales_consultant.config.errors import UsageError
from sales_consultant.config.neutral import quote
from sales_consultant.scoring import scorer
from sales_consultant.scoring.customers import value
from sales_consultant.scoring.populations import Membership
from sales_consultant.sync.models import registry
from sales_consultant.sync.plan import current_values as held
from sales_consultant.sync.plan import desired_values as desiring
from sales_consultant.sync.reports import risks
from sales_consultant.sync.reports.company_profile import profile
from sales_consultant.sync.runtime import Workspace, open_pulled
from sales_consultant.sync.stores import (
    CallCounts,
    State,
    changes,
    dead_letters,
    exposures,
    feedback,
    groups,
    holds,
    runs,
    waits,
)
from sales_consultant.sync.use_cases import rollback


def _run(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "job": row["job"],
        "started": iso(row["started_at"]),
        "ended": iso(row["ended_at"]),
        "as_of": iso(row["as_of"]),
        "outcome": row["outcome"] or "going on, or killed",
        "counts": json.loads(row["counts"]),
        "error": row["error"],
    }


def list_runs(state: State, limit: int = 20) -> list[dict[str, Any]]:
    """The newest runs first."""
    return [_run(r) for r in state.rows(sa.select(runs).order_by(runs.c.started_at.desc()).limit(limit))]


def show_run(state: State, run_id: str) -> dict[str, Any]:
    """One run with its changes by state and field, and its refusals grouped by the CRM's reason."""
    rows = state.rows(sa.select(runs).where(runs.c.id == run_id))
    if not rows:
        raise UsageError(f'There is no run "{run_id}".', action="See: sales-consultant runs list")
    by = state.rows(
        sa.select(changes.c.state, changes.c.object, changes.c.field, sa.func.count().label("n"))
        .where(changes.c.run_id == run_id)
        .group_by(changes.c.state, changes.c.object, changes.c.field)
    )
    refused = state.rows(
        sa.select(changes.c.code, changes.c.message, changes.c.object, changes.c.record_id)
        .where(changes.c.run_id == run_id, changes.c.state == "dead")
        .distinct()
        .order_by(changes.c.object, changes.c.record_id)
    )
    return {**_run(rows[0]), "changes": by, "refused": _by_reason(refused)}


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


def _by_reason(refused: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Refusals by code and reason, the most frequent first, each with one record and the CRM's words for it."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for r in refused:
        example = f"{r['object']}/{r['record_id']}"
        group = {"code": r["code"], "message": r["message"], "records": 0, "for_example": example}
        held = found.setdefault((r["code"] or "", reason(r["message"])), group)
        held["records"] += 1
    return sorted(found.values(), key=lambda g: -int(g["records"]))


def calls_of_the_day(ws: Workspace) -> dict[str, Any]:
    """Our calls of the last 24 hours, the org's daily limit as last stated and our share of it; makes no call."""
    counts = CallCounts(ws.state)
    limit = counts.limit()
    return {
        "last_24_hours": counts.take(0, 0, ws.clock() - DAY_MS),
        "org_limit": limit,
        "allowed": None if limit is None else int(limit * ws.connection.daily_share),
    }


def status(ws: Workspace) -> dict[str, Any]:
    """How the connection stands: last success, models, holds, dead letters, groups, feedback."""
    state = ws.state
    good = state.rows(
        sa.select(runs)
        .where(runs.c.job.in_(("sync", "changed")), runs.c.outcome.like("done%"))
        .order_by(runs.c.started_at.desc())
        .limit(1)
    )
    identity = state.identity
    return {
        "connection": ws.name,
        "org": str(identity) if identity else None,
        "last_success": iso(good[0]["ended_at"]) if good else None,
        "last_success_age_seconds": (ws.clock() - good[0]["ended_at"]) // 1000 if good else None,
        "models": [m for m in models_list(state) if m["in_force"]],
        "on_hold": [
            {"field": h["field"], "since": iso(h["since"]), "run": h["run_id"]}
            for h in state.rows(sa.select(holds))
        ],
        "dead_letters": _count(state, sa.select(sa.func.count()).select_from(dead_letters)),
        **_unrestored(state),
        "waiting_for_a_lock": _count(state, sa.select(sa.func.count()).select_from(waits)),
        "calls": calls_of_the_day(ws),
        **_read(state),
        "in_flight": _count(
            state, sa.select(sa.func.count()).select_from(changes).where(changes.c.state == "inflight")
        ),
        "groups": {
            str(r["name"]): int(r["n"])
            for r in state.rows(sa.select(groups.c.name, sa.func.count().label("n")).group_by(groups.c.name))
        },
        "feedback": {
            str(r["value"]): int(r["n"])
            for r in state.rows(
                sa.select(feedback.c.value, sa.func.count().label("n")).group_by(feedback.c.value)
            )
        },
    }


def _read(state: State) -> dict[str, Any]:
    """When what the CRM computes was read last and all ids were compared, with what came of it."""
    found: dict[str, Any] = {}
    for name, key in (("computed_fields_read", "computed_fields_of"), ("compared", "compared")):
        rows = state.rows(
            sa.select(runs.c.ended_at, runs.c.counts)
            .where(runs.c.counts.like(f'%"{key}"%'), runs.c.ended_at.is_not(None))
            .order_by(runs.c.started_at.desc())
            .limit(1)
        )
        held = rows[0]["counts"] if rows else None
        counts = json.loads(held) if isinstance(held, str) else held
        found[name] = {"at": iso(rows[0]["ended_at"]), "of": counts[key]} if counts else None
    return found


def _unrestored(state: State) -> dict[str, Any]:
    """What a rollback could not restore, with the command that tries again; nothing where there is none."""
    left = rollback.unrestored(state)
    if not left:
        return {}
    listed = [
        {"object": r.object, "record": r.record_id, "fields": ", ".join(r.fields), "rollback": r.run_id}
        for r in left
    ]
    return {"not_restored": listed, "not_restored_is_tried_again_by": rollback.AGAIN}


def _count(state: State, query: sa.Select[Any]) -> int:
    with state.begin() as c:
        return int(c.execute(query).scalar() or 0)


def explain(ws: Workspace, record: str) -> dict[str, Any]:
    """Why a record has its score: reasons with points, features, what the CRM holds, what was shown when.

    A deal comes with its open risks and, where it has no expected value, why. A company comes with its profile:
    purchases, people, open deals, activity, risks. `record` is an id, alone or as "deals/ID". Raises UsageError where
    no record has it.
    """
    wanted_object, _, record_id = record.rpartition("/")
    open_pulled(ws)
    current = held.read(ws.connector, ws.warehouse, ws.state, ws.fields)
    keys = [k for k in current.values if k[1] == record_id and wanted_object in ("", k[0])]
    if not keys:
        raise UsageError(
            f'No record "{record}" was pulled.',
            action="Give its id as the CRM shows it in the address of its page.",
        )
    key = keys[0]
    in_force = registry.in_force(ws.state, ws.models_folder, ws.settings)
    as_of = _last_as_of(ws)
    found: dict[str, Any] = {
        "object": key[0],
        "id": key[1],
        "as_of": iso(as_of),
        "holds": current.values[key],
        "population": None,
        "reasons": [],
    }
    table = "contacts" if key[0] == "leads" else key[0]
    for name, population in ws.settings.populations.items():
        model = in_force.populations.get(name)
        if model is None or population.object != table:
            continue
        frame, features = scorer.score_and_tell(
            ws.warehouse.engine, model, record_id, as_of=as_of, exclusions=ws.settings.exclude
        )
        mine = frame[frame["record_id"] == record_id]
        if len(mine):
            row: Any = next(mine.itertuples(index=False))
            found |= {
                "population": name,
                "score": int(row.score),
                "grade": row.grade,
                "probability": None if row.probability is None else float(row.probability),
                "reasons": [{"text": r.text, "points": r.points, "feature": r.feature} for r in row.reasons],
                "lines": desiring.reason_lines(row.reasons),
                "features": features,
            }
            if loan := model.card.get("borrowed"):
                found["model"] = loan["said"]
            if table == "deals":
                found |= _worth(ws, in_force, mine, features, as_of)
            break
    found["record"] = _record(ws, table, record_id)
    scored = [key]
    if table == "companies":
        told = profile(
            ws.warehouse.engine, record_id, as_of=as_of, holds=current.values[key], shown=current.values
        )
        found |= told
        scored += [("deals", str(d["id"])) for d in told["open_deals"]]
        scored += [(o, str(p["id"])) for p in told["people"] for o in ("contacts", "leads")]
    if not found["reasons"]:
        found["why_no_score"] = _why_none(ws, in_force, table, key, as_of)
    found["history"] = _history(ws.state, scored)
    return found


def _history(state: State, keys: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """What records showed when; of more than one record the scores and grades, each with the record it stood on."""
    found = []
    for object_, record_id in keys:
        query = sa.select(exposures).where(exposures.c.object == object_, exposures.c.record_id == record_id)
        if (object_, record_id) != keys[0]:
            query = query.where(exposures.c.field.in_(("score", "grade")))
        of = {"record": f"{object_}/{record_id}"} if len(keys) > 1 else {}
        found += [
            {
                **of,
                "field": e["field"],
                "value": e["value"],
                "from": iso(e["visible_from"]),
                "to": iso(e["visible_to"]),
            }
            for e in state.rows(query.order_by(exposures.c.id))
        ]
    return found


def _record(ws: Workspace, table: str, record_id: str) -> dict[str, Any]:
    """The neutral row, times as ISO 8601, empty cells left out."""
    result = ws.warehouse.engine.con.execute(f"SELECT * FROM {quote(table)} WHERE id = ?", [record_id])
    names = [d[0] for d in result.description or ()]
    row = result.fetchone() or ()
    moments = {n for n in names if n.endswith("_at") or n == "close_date"}
    return {
        n: iso(v) if n in moments else v
        for n, v in zip(names, row, strict=False)
        if v is not None and v != ""
    }


def _worth(
    ws: Workspace, in_force: Any, mine: Any, features: list[dict[str, Any]], as_of: int
) -> dict[str, Any]:
    """A deal's open risks, and why it has no expected value where it has none."""
    engine, estimates = ws.warehouse.engine, {}
    if in_force.amount is not None:
        guessed = in_force.amount.estimate(engine)
        estimates = dict(zip(guessed["record_id"], guessed["amount"], strict=True))
    why = str(value.deal_values(engine, mine, as_of=as_of, estimates=estimates)["reason"].iloc[0])
    found: dict[str, Any] = {"risks": risks.of_deal({f["feature"]: f["value"] for f in features}, why)}
    return found | ({"why_no_value": risks.NO_VALUE[why]} if why else {})


def _why_none(ws: Workspace, in_force: Any, table: str, key: tuple[str, str], as_of: int) -> str:
    """Why a record has no score: excluded, without a model, or not open in any population."""
    for name, population in ws.settings.populations.items():
        if population.object != table:
            continue
        today = Membership(ws.warehouse.engine, population, ws.settings.exclude, as_of=as_of)
        out = scorer.left_out(today)
        if key[1] in out:
            return f"left out of {name}: {out[key[1]].replace('_', ' ')}"
        if name not in in_force.populations and key[1] in scorer.members(today):
            return f"{name} has no model in force; see: sales-consultant evaluate"
    if not any(p.object == table for p in ws.settings.populations.values()):
        return f"no population of {table} is configured"
    return (
        f"not open in any population of {table}: its event has happened, it has ended, or no filter takes it"
    )


def _last_as_of(ws: Workspace) -> int:
    rows = ws.state.rows(
        sa.select(runs.c.as_of).where(runs.c.as_of.is_not(None)).order_by(runs.c.started_at.desc()).limit(1)
    )
    return int(rows[0]["as_of"]) if rows else ws.connector.now()


def models_list(state: State) -> list[dict[str, Any]]:
    """All models, newest first."""
    return [
        {
            "name": m["name"],
            "digest": m["digest"][:12],
            "verdict": m["verdict"],
            "as_of": iso(m["as_of"]),
            "in_force": m["published_at"] is not None and m["withdrawn_at"] is None,
        }
        for m in registry.index(state)
    ]
