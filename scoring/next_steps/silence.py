"""What a rep's answers and earlier steps silence, and until when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

from sales_consultant.scoring.next_steps.step_ids import rule_of
from sales_consultant.scoring.next_steps.working_days import WEEKDAYS, working_day

if TYPE_CHECKING:
    from sales_consultant.config.playbook import Rule
    from sales_consultant.scoring.next_steps.working_days import Calendar

Cause = Literal["done", "later", "not_useful", "wrong", "cooling_off"]
# What reps are told: a week of work, and a month.
LATER_WORKING_DAYS = 5
NOT_USEFUL_DAYS = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody answered to a step of a record, on which day."""

    step_id: str
    value: str
    on: date


@dataclass(frozen=True, slots=True)
class Silence:
    """A rule that is silent on a record.

    Where `step_id` is set only that step is silent: the rule speaks again on new evidence. `until` is the day on which it
    may come back, None for never.
    """

    rule: str
    cause: Cause
    until: date | None = None
    step_id: str = ""


def of_answers(answers: Iterable[Answer], today: date, of: Calendar = WEEKDAYS) -> list[Silence]:
    """What is silent today because of answers: done, later (5 working days), not useful (30 days), wrong (for good)."""
    found = []
    for answer in answers:
        rule = rule_of(answer.step_id)
        if answer.value == "done":
            found.append(Silence(rule, "done", None, answer.step_id))
        elif answer.value == "later":
            until = working_day(answer.on, LATER_WORKING_DAYS, of)
            if today < until:
                found.append(Silence(rule, "later", until, answer.step_id))
        elif answer.value == "not_useful":
            until = answer.on + timedelta(days=NOT_USEFUL_DAYS)
            if today < until:
                found.append(Silence(rule, "not_useful", until))
        elif answer.value == "wrong":
            found.append(Silence(rule, "wrong"))
    return found


def cooling_off(
    rules: Iterable[Rule],
    ended: Mapping[str, date],
    shown: str,
    today: date,
    answers: Iterable[Answer] = (),
) -> list[Silence]:
    """The rules that are silent on a record because their step was withdrawn lately.

    `ended` says by rule when its last step was withdrawn; `shown` is the step that the record shows, which is not cooled. A
    step that went because of an answer comes back when the answer says so.
    """
    found = []
    answered = {(rule_of(a.step_id), a.on) for a in answers}
    for rule in rules:
        last = ended.get(rule.id)
        if last is None or not rule.cooling_off_days or rule_of(shown) == rule.id:
            continue
        if any((rule.id, last - timedelta(days=n)) in answered for n in (0, 1)):
            continue
        until = last + timedelta(days=rule.cooling_off_days)
        if today < until:
            found.append(Silence(rule.id, "cooling_off", until))
    return found
