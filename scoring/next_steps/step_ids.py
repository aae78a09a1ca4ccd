"""The id of a step: its rule and what triggered it, so that it stays the same as long as that does."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from sales_consultant.config.clock import DAY_MS
from sales_consultant.scoring.next_steps.wording import gap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sales_consultant.config.playbook.rules import Trigger

_TIMES = {
    "inbound": "at_inbound",
    "outbound": "at_outbound",
    "meeting": "at_meeting",
    "form": "at_form",
    "intent": "at_intent",
    "purchase": "at_purchase",
}
_DAYS = {"close_date": "at_close", "renewal": "at_renewal"}
EVENTS = frozenset({"inbound", "meeting", "form", "intent"})
"""Triggers that are something a person did: on several records of that person it is still one thing to answer."""


def step_id(rule: str, record: str, trigger: object) -> str:
    """The same from night to night as long as what triggered the step is the same."""
    return f"{rule}-{hashlib.sha256(f'{record}|{trigger}'.encode()).hexdigest()[:8]}"


def rule_of(step: str) -> str:
    """The rule of a step's id.

    >>> rule_of("close-date-passed-0a1b2c3d")
    'close-date-passed'
    """
    return step.rpartition("-")[0]


def trigger_of(trigger: Trigger, row: Mapping[str, Any]) -> object:
    """What triggered a step, out of a record's facts."""
    if trigger == "stage":
        stage = row.get("stage_id")
        return None if gap(stage) else stage
    if trigger in _DAYS:
        at = row.get(_DAYS[trigger])
        return None if gap(at) else int(float(at or 0)) // DAY_MS
    if trigger in _TIMES:
        at = row.get(_TIMES[trigger])
        return None if gap(at) else int(float(at or 0))
    return ""
