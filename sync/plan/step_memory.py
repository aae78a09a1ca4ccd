"""What the state remembers of steps: reps' answers, when a rule's step was withdrawn, and who got a new one today."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from sales_consultant.config import playbook
from sales_consultant.config.clock import DAY_MS
from sales_consultant.config.fields.catalogue import by_key
from sales_consultant.config.playbook import Rule
from sales_consultant.config.records import RecordRef
from sales_consultant.scoring.next_steps import Answer, Evidence, rule_of, shares_in_force, zone_of
from sales_consultant.sync.journal import Entry
from sales_consultant.sync.plan.desired_values import Desired
from sales_consultant.sync.plan.plan import CurrentValues
from sales_consultant.sync.plan.steps import StepMemory, Steps, playbook_path
from sales_consultant.sync.runtime import Workspace
from sales_consultant.sync.stores import State, choices, exposures, feedback, runs, written

# A year is the longest that a rule can be told to cool off.
_REMEMBERED_DAYS = 366


def read(state: State, as_of: int, zone: ZoneInfo) -> StepMemory:
    """What is remembered as of a time; days are days in the company's zone."""
    answers = _answers(state, zone)
    return StepMemory(steps_of_day(state, as_of, zone), answers, _ended(state, as_of, zone))


def _shares(
    rules: Sequence[Rule], known: Mapping[str, Evidence], answers: Mapping[RecordRef, Sequence[Answer]]
) -> dict[str, float]:
    """The shares of rules by evidence, moved by what reps answered to their steps."""
    counted: dict[str, Counter[str]] = {}
    for given in answers.values():
        for answer in given:
            counted.setdefault(rule_of(answer.step_id), Counter())[answer.value] += 1
    return shares_in_force(rules, known, counted)


EVIDENCE = "step_evidence"


def evidence(state: State) -> dict[str, Evidence]:
    """What the last training found of each rule."""
    held = state.get(EVIDENCE)
    return {r: Evidence.from_dict(e) for r, e in json.loads(held).items()} if held else {}


def keep_drawn(state: State, desired: Desired, entries: Iterable[Entry], *, now: int) -> None:
    """Keep which of the planned steps were drawn, and with which chance; the first time of a step counts."""
    if not desired.drawn:
        return
    planned = {RecordRef(e.object, e.record_id) for e in entries}
    rows = [
        {"object": k.object, "record_id": k.record_id, "step_id": s, "rule": rule_of(s),
         "propensity": chance, "probability": p, "chosen_at": now}
        for k, (s, chance, p) in desired.drawn.items()
        if k in planned and chance < 1
    ]  # fmt: skip
    if rows:
        with state.begin() as c:
            c.execute(sa.insert(choices).prefix_with("OR IGNORE"), rows)


def steps_of(ws: Workspace, as_of: int) -> Steps:
    """What makes the next steps of a connection: its playbook and language, and what the state remembers.

    Raises:
        PlaybookError: the playbook cannot be used.
    """
    rules = playbook.load(playbook_path(ws.settings))
    memory = read(ws.state, as_of, zone_of(ws.warehouse.engine))
    memory = replace(memory, shares=_shares(rules.rules, evidence(ws.state), memory.answers))
    return Steps(ws.settings, rules, ws.connection.language, memory)


def steps_of_day(state: State, moment: int, zone: ZoneInfo) -> list[RecordRef]:
    """Records that got their step on the day of a moment in a zone: an owner's allowance of that day is used by them."""
    begin = datetime.combine(_day(moment, zone), time(), zone)
    day = int(begin.timestamp() * 1000)
    end = int((begin + timedelta(days=1)).timestamp() * 1000)
    query = sa.select(written.c.object, written.c.record_id).where(
        written.c.field == "next_step_id",
        written.c.value.is_not(None),
        written.c.at >= day,
        written.c.at < end,
    )
    with state.begin() as c:
        return [RecordRef(str(o), str(i)) for o, i in c.execute(query)]


def _day(ms: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone).date()


def _answers(state: State, zone: ZoneInfo) -> dict[RecordRef, list[Answer]]:
    found: dict[RecordRef, list[Answer]] = {}
    for r in state.rows(sa.select(feedback).order_by(feedback.c.seen_at)):
        answer = Answer(str(r["step_id"]), str(r["value"]), _day(int(r["seen_at"]), zone))
        found.setdefault(RecordRef(str(r["object"]), str(r["record_id"])), []).append(answer)
    return found


def _ended(state: State, as_of: int, zone: ZoneInfo) -> dict[RecordRef, Mapping[str, date]]:
    query = sa.select(
        exposures.c.object, exposures.c.record_id, exposures.c.value, exposures.c.visible_to
    ).where(
        exposures.c.field == "next_step_id",
        exposures.c.value.is_not(None),
        exposures.c.visible_to.is_not(None),
        exposures.c.visible_to > as_of - _REMEMBERED_DAYS * DAY_MS,
    )
    found: dict[RecordRef, dict[str, date]] = {}
    taken = _taken_back(state)
    for r in state.rows(query.order_by(exposures.c.visible_to)):
        key = RecordRef(str(r["object"]), str(r["record_id"]))
        if key in taken:
            continue
        found.setdefault(key, {})[rule_of(str(r["value"]))] = _day(int(r["visible_to"]), zone)
    return dict(found)


def _taken_back(state: State) -> set[RecordRef]:
    """Records whose step a rollback took back, or that were emptied as a whole: no rule ended, so that none cools off."""
    rolled = sa.select(runs.c.id).where(runs.c.job == "rollback")
    by_rollback = sa.and_(written.c.field == "next_step_id", written.c.run_id.in_(rolled))
    whole = sa.and_(written.c.field == "next_step_reason", written.c.value.is_(None))
    query = sa.select(written.c.object, written.c.record_id).where(sa.or_(by_rollback, whole))
    return {RecordRef(str(r["object"]), str(r["record_id"])) for r in state.rows(query)}


def _emptied(state: State) -> dict[tuple[str, str], int]:
    """When we last emptied the answer of each record."""
    query = sa.select(written.c.object, written.c.record_id, written.c.at).where(
        written.c.field == "next_step_feedback", written.c.value.is_(None)
    )
    return {(str(r["object"]), str(r["record_id"])): int(r["at"]) for r in state.rows(query)}


def keep_feedback(state: State, held: CurrentValues, *, now: int) -> int:
    """Keep what reps answered to a step, with the step it belongs to; returns how many answers are new or others.

    A value that is not one of ours is nobody's answer. The time of an answer is when it was first seen; the same answer to
    a step that has come back is a new one, as the field was emptied in between.
    """
    known = by_key("next_step_feedback").options
    given = {
        (key.object, key.record_id, str(v["next_step_id"])): str(v["next_step_feedback"])
        for key, v in held.values.items()
        if v.get("next_step_id") and v.get("next_step_feedback") in known
    }
    if not given:
        return 0
    before = {
        (str(r["object"]), str(r["record_id"]), str(r["step_id"])): (str(r["value"]), int(r["seen_at"]))
        for r in state.rows(sa.select(feedback))
    }
    emptied = _emptied(state)
    new = {
        k: v
        for k, v in given.items()
        if before.get(k, ("", 0))[0] != v or emptied.get((k[0], k[1]), -1) >= before[k][1]
    }
    rows = [
        {"object": o, "record_id": i, "step_id": s, "value": v, "seen_at": now}
        for (o, i, s), v in new.items()
    ]
    if rows:
        with state.begin() as c:
            c.execute(sa.insert(feedback).prefix_with("OR REPLACE"), rows)
    return len(rows)
