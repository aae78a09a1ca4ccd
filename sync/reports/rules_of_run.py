"""What became of each rule of the playbook in one run: held, chosen, written, refused and why, withdrawn, done."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from sales_consultant.scoring.next_steps import rule_of
from sales_consultant.sync.results import RuleRun
from sales_consultant.sync.stores import ChangeState, State, changes, feedback

_COUNTED = ("eligible", "chosen", "capped", "blocked", "silent")


def rules_of_run(state: State, run_id: str, counted: Mapping[str, Mapping[str, int]]) -> tuple[RuleRun, ...]:
    """A row for each rule that held, was written or withdrawn; `counted` are the run's own counts by rule."""
    rows = state.rows(sa.select(changes).where(changes.c.run_id == run_id, changes.c.field == "next_step_id"))
    answered = {
        (str(r["object"]), str(r["record_id"]), str(r["step_id"]))
        for r in state.rows(sa.select(feedback).where(feedback.c.value == "done"))
    }
    found: dict[str, dict[str, Any]] = {
        rule: {k: int(counts.get(k, 0)) for k in _COUNTED} for rule, counts in counted.items()
    }
    reasons: dict[str, Counter[str]] = {}
    for r in rows:
        if r["new"]:
            rule, state_ = rule_of(str(r["new"])), r["state"]
            key = "written" if state_ == ChangeState.DONE else "refused" if state_ == ChangeState.DEAD else ""
            _count(found, rule, key)
            if key == "refused":
                reasons.setdefault(rule, Counter())[str(r["message"] or r["code"] or "")] += 1
        if r["old"] and r["state"] == ChangeState.DONE:
            _count(found, rule_of(str(r["old"])), "withdrawn")
            if (str(r["object"]), str(r["record_id"]), str(r["old"])) in answered:
                _count(found, rule_of(str(r["old"])), "done")
    for rule, why in reasons.items():
        found[rule]["why"] = why.most_common(1)[0][0]
    return tuple(RuleRun(rule, **found[rule]) for rule in found)


def _count(found: dict[str, dict[str, Any]], rule: str, key: str) -> None:
    if key:
        row = found.setdefault(rule, {})
        row[key] = row.get(key, 0) + 1
