"""What stops a run before it writes: more change than the admin allows, a first write, a state from a backup."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sales_consultant.config.errors import GuardError
from sales_consultant.config.language.numbers import percent
from sales_consultant.config.records import RecordRef
from sales_consultant.config.sections import Guards
from sales_consultant.sync.plan.plan import Plan, Values
from sales_consultant.sync.plan.returning import measured

# A share of fewer records than this says nothing: a judgement, a dozen edited deals would stop a small CRM every night.
ENOUGH = 200
_NOTHING: Mapping[RecordRef, Values] = MappingProxyType({})


def override(guards: Guards, given: dict[str, Any]) -> Guards:
    """The settings' guards with those of the command line in their place; raises ValueError as the settings would."""
    chosen = {k: v for k, v in given.items() if v is not None}
    return Guards.model_validate({**guards.model_dump(), **chosen}) if chosen else guards


def _reasons(plan: Plan, guards: Guards, before: Mapping[RecordRef, Values]) -> list[str]:
    reasons = []
    records, grades, graded = measured(plan.entries, before)

    def share(what: str, count: int, of: int, allowed: float, name: str) -> None:
        if of >= ENOUGH and count > allowed * of:
            reasons.append(f"{percent(count / of)} of {of:,} {what}, [guards] {name} is {percent(allowed)}")

    share("records would change", records, plan.looked_at, guards.max_share, "max_share")
    share("grades would change", grades, plan.graded + graded, guards.max_grade_share, "max_grade_share")
    if plan.looked_at >= ENOUGH and plan.emptied > guards.max_emptied * plan.looked_at:
        named = ", ".join(f"{key} of {count:,}" for key, count in plan.emptied_by_field().items())
        reasons.append(
            f"{plan.emptied:,} of {plan.looked_at:,} records would lose values ({named}), [guards] max_emptied is "
            f"{percent(guards.max_emptied)}"
        )
    return reasons


def guard(
    plan: Plan,
    guards: Guards,
    *,
    first: bool,
    first_tasks: bool = False,
    restored: bool = False,
    before: Mapping[RecordRef, Values] = _NOTHING,
) -> None:
    """Raise GuardError where the plan would change more than the admin allows.

    `first`: nothing was ever written to this org; `first_tasks`: no task was ever made in it. `restored`: the state came from
    a backup and no run went through since.
    `before`: what we had written where a rollback was let go again (see `returning`); shares and counts go by that.
    """
    count = len(plan.entries)
    reasons = []
    news = measured(plan.entries, before)[0] if before else count
    if guards.max_records is not None and news > guards.max_records:
        reasons.append(f"{news:,} records would change, [guards] max_records is {guards.max_records:,}")
    if not first:
        reasons += _reasons(plan, guards, before)
    if guards.max_api_calls is not None and plan.calls > guards.max_api_calls:
        reasons.append(
            f"{plan.calls:,} calls would be spent, [guards] max_api_calls is {guards.max_api_calls:,}"
        )
    if plan.new_tasks > guards.max_new_tasks:
        reasons.append(
            f"{plan.new_tasks:,} tasks would be made, [guards] max_new_tasks is {guards.max_new_tasks:,}"
        )
    if first_tasks and plan.new_tasks:
        reasons.append(f"these are the first tasks in this org: {plan.new_tasks:,} would be made")
    if first and count:
        reasons.append(f"this is the first write to this org: {count:,} records would get values")
    if restored and (count or plan.tasks):
        reasons.append(
            "the state was restored from a backup, so that it does not know what was rolled back or put on hold since"
        )
    if reasons:
        raise GuardError(
            "Stopped before writing: " + "; ".join(reasons) + ".",
            action="Look at the plan (sales-consultant plan), then run again with --yes, or widen the guard: in the "
            "settings, or for one run with an option, as --max-records.",
            details=plan.summary(),
        )
