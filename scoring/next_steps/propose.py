"""Next steps: the first rule of the playbook that holds, within what a rep can take on a day."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd

from sales_consultant.config.clock import DAY_MS, iso_day
from sales_consultant.engine import Engine, neutral, query
from sales_consultant.scoring.next_steps.record_state import situations
from sales_consultant.scoring.propensity import band, clean, length, since

if TYPE_CHECKING:
    from sales_consultant.config.playbook import Conditions, Playbook, Rule

COLUMNS = ("object", "record_id", "step", "due", "reason", "worth", "step_id", "stands")
PREPARE = "prepare"
_KINDS = {"meeting": "meeting", "call": "call"}
Situation = dict[str, Any]


def _days(row: Situation, name: str, as_of: int) -> float | None:
    at = row.get(name)
    return None if at is None else (as_of - float(at)) / DAY_MS


def _between(days: float | None, age: float | None, least: float | None, most: float | None) -> bool:
    """Where it never happened a "least" holds once the record itself is that old, a "most" does not."""
    waited = age if days is None else days
    if least is not None and (waited is None or waited < least):
        return False
    return most is None or (days is not None and days <= most)


def _later(row: Situation, first: str, second: str) -> bool:
    """Whether the first time is there and younger than the second."""
    a, b = row.get(first), row.get(second)
    return a is not None and (b is None or float(a) > float(b))


def _state_holds(when: Conditions, row: Situation, names: Mapping[str, str]) -> bool:
    amount, slow = row.get("amount"), row.get("stage_slowness")
    ahead, contacts = row.get("days_to_close_date"), row.get("contacts")
    age = row.get("days_in_stage")
    stage = str(row.get("stage") or "")
    checks = (
        when.has_amount is None or when.has_amount == (amount is not None and amount > 0),
        when.amount_min is None or (amount is not None and amount >= when.amount_min),
        when.stage_age_days_min is None or (age is not None and age >= when.stage_age_days_min),
        when.stage_slowness_min is None or (slow is not None and slow >= when.stage_slowness_min),
        not when.stages or stage in when.stages or names.get(stage) in when.stages,
        when.close_date_passed is None or when.close_date_passed == bool(row.get("close_date_passed")),
        when.close_date_within_days is None
        or (ahead is not None and 0 <= ahead <= when.close_date_within_days),
        when.contacts_min is None or (contacts is not None and contacts >= when.contacts_min),
        when.contacts_max is None or (contacts is not None and contacts <= when.contacts_max),
    )
    return all(checks)


def holds(when: Conditions, row: Situation, *, as_of: int, names: Mapping[str, str]) -> bool:
    """Whether all conditions hold for a situation; `names` are the labels of stages."""
    score = int(row["score"])
    inbound, outbound = _days(row, "last_inbound", as_of), _days(row, "last_outbound", as_of)
    meeting, age = _days(row, "last_meeting", as_of), _days(row, "created_at", as_of)
    return (
        (when.score_min is None or score >= when.score_min)
        and (when.score_max is None or score <= when.score_max)
        and (not when.grades or row["grade"] in when.grades)
        and (when.unanswered is None or when.unanswered == _later(row, "last_inbound", "last_outbound"))
        and (
            when.silent_since_meeting is None
            or when.silent_since_meeting == _later(row, "last_meeting", "last_outbound")
        )
        and _between(inbound, age, when.days_since_inbound_min, when.days_since_inbound_max)
        and _between(outbound, age, when.days_since_outbound_min, when.days_since_outbound_max)
        and _between(meeting, age, when.days_since_meeting_min, when.days_since_meeting_max)
        and _state_holds(when, row, names)
    )


def blocked(rule: Rule, row: Situation) -> bool:
    """Whether the person must not be reached by the rule's channel."""
    return bool(
        row.get("no_email")
        if rule.channel == "email"
        else row.get("no_call")
        if rule.channel == "call"
        else False
    )


def working_day(start: date, days: int) -> date:
    """The date so many working days (Monday to Friday) after a date; 0 gives the next working day from it.

    >>> working_day(date(2026, 11, 20), 1)  # a Friday
    datetime.date(2026, 11, 23)
    """
    day = start
    while day.weekday() >= 5:
        day += timedelta(days=1)
    for _ in range(days):
        day += timedelta(days=3 if day.weekday() == 4 else 1)
    return day


def step_id(rule: str, record: str, trigger: object) -> str:
    """The same from night to night as long as what triggered the step is the same."""
    return f"{rule}-{hashlib.sha256(f'{record}|{trigger}'.encode()).hexdigest()[:8]}"


def _trigger(rule: Rule, row: Situation) -> object:
    if rule.trigger == "close_date":
        at = row.get("close_date")
        return None if at is None else int(at) // DAY_MS
    if rule.trigger == "stage":
        return row.get("stage")
    if rule.trigger == "record":
        return ""
    at = row.get(f"last_{rule.trigger}")
    return None if at is None else int(at)


def _words(row: Situation, *, as_of: int, names: Mapping[str, str]) -> dict[str, str]:
    def ago(name: str) -> str:
        days = _days(row, name, as_of)
        return "never" if days is None else since(days)

    stage, amount, age = str(row.get("stage") or ""), row.get("amount"), row.get("days_in_stage")
    close = row.get("close_date")
    return {
        "last_inbound": ago("last_inbound"),
        "last_outbound": ago("last_outbound"),
        "last_meeting": ago("last_meeting"),
        "stage": clean(names.get(stage, stage)) or "no stage",
        "stage_age": length(float(age)) if age is not None else "an unknown time",
        "close_date": iso_day(int(close)) if close is not None else "unknown",
        "amount": band(float(amount)) if amount is not None else "unknown",
        "score": str(int(row["score"])),
        "grade": str(row["grade"]),
        "contacts": str(int(row.get("contacts") or 0)),
    }


def _date(ms: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone).date()


def _worth(rule: Rule | None, row: Situation) -> Decimal | None:
    p, amount = row.get("probability"), row.get("amount")
    if rule is None or p is None or amount is None or amount <= 0:
        return None
    return Decimal(repr(float(p) * float(amount) * rule.share)).quantize(Decimal("0.01"))


def _choose(
    row: Situation, playbook: Playbook, *, as_of: int, names: Mapping[str, str], zone: ZoneInfo
) -> dict[str, Any] | None:
    """The step of one record, or None."""
    if row.get("closed"):
        return None
    today = _date(as_of, zone)
    base = {"object": row["object"], "record_id": row["record_id"]}
    if row.get("next_at") is not None:
        kind = _KINDS.get(str(row["next_kind"]))
        if kind is None:
            return None
        at = _date(int(row["next_at"]), zone)
        words = {"kind": kind, "date": at.isoformat()}
        due = max(today, at - timedelta(days=3 if at.weekday() == 0 else 1))
        key = step_id(PREPARE, str(row["record_id"]), int(row["next_at"]))
        text, why = playbook.planned.step.format(**words), playbook.planned.reason.format(**words)
        return {**base, "step": text, "due": due.isoformat(), "reason": why, "worth": None, "step_id": key}
    words = _words(row, as_of=as_of, names=names)
    for rule in playbook.rules:
        if row["kind"] not in rule.objects or blocked(rule, row):
            continue
        if holds(rule.when, row, as_of=as_of, names=names):
            return {
                **base,
                "step": rule.step.format(**words),
                "due": working_day(today, rule.due_working_days).isoformat(),
                "reason": rule.reason.format(**words),
                "worth": _worth(rule, row),
                "step_id": step_id(rule.id, str(row["record_id"]), _trigger(rule, row)),
            }
    return None


def propose(
    engine: Engine,
    scores: pd.DataFrame,
    playbook: Playbook,
    *,
    as_of: int,
    current: Mapping[tuple[str, str], str],
    max_new_per_owner: int,
    given_today: Mapping[str, int] | None = None,
) -> pd.DataFrame:
    """The next steps of scored records (columns object, record_id, score, grade, probability).

    Columns of the answer: object, record_id, step, due (ISO date), reason, worth, step_id, stands. A step
    whose id is that of `current` stands: it does not count as new, and its text and date in the CRM should be
    left as they are. Of the new ones each owner gets at most `max_new_per_owner`, less what `given_today`
    counts for them, most worth first, then the highest score; records without an owner share one allowance.

    `worth` is the rule's share of the expected value (probability x amount), in the deal's currency. It orders
    steps; it is no estimate of what the step causes: reps call good deals, so the past cannot tell.
    """
    zone = _zone(engine)
    names = _stage_names(engine)
    ranked: list[tuple[tuple[Any, ...], str, dict[str, Any]]] = []
    for row in situations(engine, scores, as_of=as_of):
        chosen = _choose(row, playbook, as_of=as_of, names=names, zone=zone)
        if chosen is None:
            continue
        key = (str(row["object"]), str(row["record_id"]))
        chosen["stands"] = current.get(key) == chosen["step_id"]
        rank = (-(chosen["worth"] or Decimal(0)), -int(row["score"]), key)
        ranked.append((rank, str(row.get("owner_id") or ""), chosen))
    left: dict[str, int] = {}
    kept = []
    for _, owner, chosen in sorted(ranked, key=lambda f: f[0]):
        if not chosen["stands"]:
            room = left.setdefault(owner, max_new_per_owner - (given_today or {}).get(owner, 0))
            if room <= 0:
                continue
            left[owner] -= 1
        kept.append(chosen)
    kept.sort(key=lambda c: (c["object"], c["record_id"]))
    return pd.DataFrame({c: pd.Series([k[c] for k in kept], dtype=object) for c in COLUMNS})


def _zone(engine: Engine) -> ZoneInfo:
    zones = query(engine, neutral(engine, "org").select("time_zone"))["time_zone"].dropna()
    try:
        return ZoneInfo(str(zones.iloc[0]) if len(zones) else "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _stage_names(engine: Engine) -> dict[str, str]:
    t = neutral(engine, "stages")
    rows = query(engine, t.filter(t.object == "deals").select("stage", "label"))
    return {str(s): str(n) for s, n in zip(rows["stage"], rows["label"], strict=True) if n}
