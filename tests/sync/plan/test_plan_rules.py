"""Nights are quiet, scores end, guards stop: each rule of docs/explanation/architecture.md, section 10."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_consultant.config.errors import GuardError
from sales_consultant.config.fields.catalogue import fields, with_retired
from sales_consultant.config.records import RecordRef
from sales_consultant.config.sections import Guards
from sales_consultant.sync.journal.changes import Entry
from sales_consultant.sync.plan.desired_values import Desired, Record
from sales_consultant.sync.plan.guards import guard
from sales_consultant.sync.plan.plan import CurrentValues, Edit, Limits, Plan, Values, make
from sales_consultant.sync.plan.quiet import quiet

FIELDS = fields("all", ["deals", "contacts", "companies", "leads"])
NOW: Values = {
    "score": "60",
    "grade": "B",
    "probability": "0.4000",
    "top_reason": "3 meetings: +10",
    "reasons": "3 meetings: +10\neverything else: +0",
    "trend": "steady",
    "next_step": "Call",
    "next_step_id": "call:1",
    "next_step_due": "2024-06-01",
    "next_step_priority": "low",
    "expected_value": "1000.00",
    "scored_at": "2024-05-30T00:00:00Z",
    "model": "m 1",
}


def plan_for(wanted: Values | None, current: Values, **limits: object) -> Plan:
    desired = Desired(0, modelled={"deals"})
    if wanted is not None:
        desired.records[RecordRef("deals", "1")] = Record("deals", "1", dict(wanted))
    written = limits.pop("written", {})
    key = RecordRef("deals", "1")
    renew = {key: limits.pop("renew", ())}
    held = CurrentValues({key: dict(current)}, {key: written} if written else {}, renew)  # type: ignore[dict-item, arg-type]  # short forms of the test
    return make(desired, held, with_retired(FIELDS), Limits(**limits), identity="x")  # type: ignore[arg-type]  # short forms of the test


def changed(plan: Plan) -> Values:
    return {k: new for e in plan.entries for k, _, new in e.fields}


def test_a_day_that_has_come_is_not_said_to_be_ahead() -> None:
    """The plan of these tests is as of 1 January 1970."""
    none = {**NOW, "next_step": None, "next_step_id": None, "next_step_due": None, "next_step_priority": None}
    capped = {**none, "next_step_reason": "within the cap of 5 new steps a day for this owner"}
    for day, written in (
        ("1 Jan 1970", True),
        ("30 Dec 1969", True),
        ("2 Jan 1970", False),
        ("31 Jan 1970", False),
    ):
        shown = {**none, "next_step_reason": f"nothing to do before {day}"}
        assert bool(changed(plan_for(capped, shown))) is written, day
    assert changed(plan_for(capped, {**none, "next_step_reason": "nothing to do for now"})) == {}


TEXT_CASES = {
    "top_reason": ("3次会议：+10", "3 meetings: +10"),
    "reasons": ("3次会议：+10", "3 meetings: +10"),
    "next_step": ("致电客户", "Call"),
    "next_step_reason": ("目前无需行动", "nothing to do for now"),
    "recommended_product_why": ("31家中有12家购买", "bought by 12 of 31"),
}


@pytest.mark.parametrize("key", TEXT_CASES)
@pytest.mark.parametrize("back", [False, True])
def test_a_text_in_another_language_is_worth_a_write(key: str, back: bool) -> None:
    new, old = TEXT_CASES[key][::-1] if back else TEXT_CASES[key]
    none: Values = {"next_step": None, "next_step_id": None} if key == "next_step_reason" else {}
    wanted, current = {**NOW, **none, key: new}, {**NOW, **none, key: old}
    assert changed(plan_for(wanted, current)) == {}
    assert changed(plan_for(wanted, current, renew={key})) == {key: new}
    assert changed(plan_for(wanted, wanted, renew={key})) == {}
    # A text that people put in its place stays.
    assert (
        changed(plan_for(wanted, current, renew={key}, written={**current, key: "x"}, keep_foreign=True))
        == {}
    )


@pytest.mark.parametrize(
    "difference",
    [
        {"score": "62"},
        {"score": "58", "grade": "C"},
        {"top_reason": "2 meetings: +9"},
        {"reasons": "other words"},
        {"scored_at": "2024-06-01T00:00:00Z"},
        {"model": "m 2"},
        {"trend": "rising"},
        {"probability": "0.4300"},
        {"expected_value": "1090.00"},
        {"next_step_due": "2024-06-02", "next_step_priority": "high", "next_step": "Call now"},
    ],
    ids=lambda d: next(iter(d)),
)
def test_what_never_causes_a_write(difference: Values) -> None:
    assert plan_for({**NOW, **difference}, NOW).entries == []


@pytest.mark.parametrize(
    "difference",
    [
        {"score": "63"},
        {"score": "57", "grade": "C"},
        {"next_step_id": "mail:1", "next_step": "Mail"},
        {"next_step_id": None, "next_step": None},
        {"expected_value": "1101.00"},
        {"expected_value": None},
    ],
    ids=str,
)
def test_what_causes_a_write_takes_the_rest_along(difference: Values) -> None:
    riders: Values = {"reasons": "new words", "scored_at": "2024-06-01T00:00:00Z"}
    found = changed(plan_for({**NOW, **difference, **riders}, NOW))
    assert found == {**difference, **riders}


@given(st.integers(1, 99), st.integers(1, 99), st.sampled_from("ABCD"), st.sampled_from("ABCD"))
def test_a_grade_changes_only_with_a_score_that_moved(old: int, new: int, was: str, now: str) -> None:
    found = quiet({"score": str(new), "grade": now}, {"score": str(old), "grade": was}, set())
    assert bool(found) == (abs(new - old) >= 3)


@given(st.integers(1, 99), st.integers(1, 99))
def test_what_was_written_is_not_written_again(old: int, new: int) -> None:
    """The plan is a fixed point: applied, the same wish plans nothing."""
    wanted: Values = {**NOW, "score": str(new), "reasons": "words"}
    before: Values = {**NOW, "score": str(old)}
    after = {**before, **changed(plan_for(wanted, before))}
    assert plan_for(wanted, after).entries == []


def test_a_closed_deal_keeps_its_score_and_loses_step_and_trend() -> None:
    found = changed(plan_for(None, NOW))
    assert set(found) == {"trend", "next_step", "next_step_due", "next_step_priority", "next_step_id"}
    assert set(found.values()) == {None}
    assert plan_for(None, {**NOW, **found}).entries == [], "one last write, not one a night"


def test_an_excluded_record_is_emptied() -> None:
    desired = Desired(0, modelled={"deals"}, excluded_records={RecordRef("deals", "1")})
    plan = make(
        desired, CurrentValues({RecordRef("deals", "1"): dict(NOW)}, {}), FIELDS, Limits(), identity="x"
    )
    assert {k for k, v in changed(plan).items() if v is None} == set(NOW)
    assert plan.emptied == 1


def test_without_a_model_the_fields_are_emptied() -> None:
    desired = Desired(0)
    plan = make(
        desired, CurrentValues({RecordRef("deals", "1"): dict(NOW)}, {}), FIELDS, Limits(), identity="x"
    )
    assert changed(plan)["score"] is None


def test_people_s_fields_are_never_in_a_plan() -> None:
    current: Values = {**NOW, "next_step_feedback": "done"}
    assert "next_step_feedback" not in changed(
        plan_for({**NOW, "score": "90", "next_step_feedback": None}, current)
    )


def test_a_foreign_edit_is_counted_then_overwritten_or_kept() -> None:
    edited: Values = {**NOW, "top_reason": "call my cousin"}
    over = plan_for(NOW, edited, written=NOW)
    assert over.foreign_edits == [Edit("deals", "1", "top_reason", NOW["top_reason"], "call my cousin")]
    assert changed(over) == {"top_reason": NOW["top_reason"]}
    kept = plan_for(NOW, edited, written=NOW, keep_foreign=True)
    assert kept.entries == []
    assert kept.foreign_edits == over.foreign_edits


@pytest.mark.parametrize("key", ["top_reason", "grade", "next_step", "next_step_due", "score"])
def test_an_edit_is_overwritten_though_nothing_of_ours_moved(key: str) -> None:
    """What keeps nights quiet takes a value in the CRM for ours; an edited one is not."""
    other = {"grade": "D", "next_step_due": "2031-01-01", "score": "3"}.get(key, "as I like it")
    plan = plan_for(NOW, {**NOW, key: other}, written=NOW)
    assert changed(plan) == {key: NOW[key]}
    assert plan_for(NOW, {**NOW, key: other}, written=NOW, keep_foreign=True).entries == []


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"allowed": frozenset()}, "outside the pilot"),
        ({"waiting": frozenset({RecordRef("deals", "1")})}, "dead letter, waiting"),
        ({"fields_on_hold": frozenset(NOW)}, "on hold"),
    ],
)
def test_what_is_left_alone_is_counted_by_reason(limits: dict[str, object], reason: str) -> None:
    plan = plan_for({**NOW, "score": "90"}, NOW, **limits)
    assert plan.entries == []
    assert plan.left_alone == {reason: 1}


CONTROL = {"control": frozenset({RecordRef("deals", "1")})}


def test_a_control_record_gets_nothing_and_loses_what_it_shows() -> None:
    """Drawn anew by an experiment, it may show values of the time before."""
    nothing = plan_for({**NOW, "score": "90"}, {}, **CONTROL)
    assert nothing.entries == []
    assert nothing.left_alone == {"control group": 1}
    shown = plan_for({**NOW, "score": "90"}, NOW, **CONTROL)
    assert changed(shown) == dict.fromkeys(k for k, v in NOW.items() if v)
    assert [e.why for e in shown.entries] == ["control group"]
    # A pilot that writes others does not keep it.
    assert plan_for(NOW, NOW, allowed=frozenset(), **CONTROL).entries == shown.entries


def test_a_control_record_keeps_what_a_hold_keeps() -> None:
    plan = plan_for(NOW, NOW, fields_on_hold=frozenset({"score"}), **CONTROL)
    assert "score" not in changed(plan)


def test_the_first_write_and_too_wide_a_plan_are_guarded() -> None:
    plan = plan_for({**NOW, "score": "90"}, NOW)
    with pytest.raises(GuardError, match="first write") as e:
        guard(plan, Guards(), first=True)
    assert e.value.code == 6
    guard(plan, Guards(), first=False)
    with pytest.raises(GuardError, match="max_records is 0"):
        guard(plan, Guards(max_records=0), first=False)
    plan.looked_at = 200
    with pytest.raises(GuardError, match="max_share"):
        guard(plan, Guards(max_share=0.001), first=False)
    plan.calls = 9
    with pytest.raises(GuardError, match="max_api_calls"):
        guard(plan, Guards(max_api_calls=8), first=False)


def test_the_same_changes_have_the_same_digest() -> None:
    assert plan_for({**NOW, "score": "90"}, NOW).digest == plan_for({**NOW, "score": "90"}, NOW).digest
    assert plan_for({**NOW, "score": "90"}, NOW).digest != plan_for({**NOW, "score": "91"}, NOW).digest


@pytest.mark.parametrize("key", ["score", "value_12m", "segment", "next_step"])
def test_records_that_lose_any_value_are_guarded(key: str) -> None:
    lost = [Entry("companies", str(n), "", "", ((key, "x", None),)) for n in range(21)]
    # A reason that goes with a new score says nothing of its own.
    riding = [Entry("deals", str(n), "", "", (("top_reason", "x", None),)) for n in range(50)]
    plan = Plan(0, "", [*lost, *riding], looked_at=200)
    assert (plan.emptied, plan.emptied_by_field()) == (21, {key: 21})
    with pytest.raises(GuardError, match=f"21 of 200 records would lose values .{key} of 21."):
        guard(plan, Guards(), first=False)
    plan.entries = plan.entries[1:]
    guard(plan, Guards(), first=False)


def test_an_answer_is_emptied_with_its_step_and_never_else() -> None:
    answered = {**NOW, "next_step_feedback": "done"}
    assert changed(plan_for({**NOW, "score": "70"}, answered)) == {"score": "70"}
    other = {**NOW, "next_step": "Write", "next_step_id": "write:2"}
    assert changed(plan_for(other, answered))["next_step_feedback"] is None
    assert "next_step_feedback" not in changed(plan_for(other, NOW))
    assert plan_for(other, answered).emptied == plan_for(other, NOW).emptied, (
        "no guard takes it for a value that is lost"
    )


def test_the_money_of_a_step_is_emptied_and_never_written_again() -> None:
    assert changed(plan_for(NOW, {**NOW, "next_step_worth": "100.00"})) == {"next_step_worth": None}
    assert all(f.key != "next_step_worth" for fs in FIELDS.values() for f in fs)


@pytest.mark.parametrize(
    ("why", "before", "writes"),
    [
        ("a task is planned for 1 Jun 2024", "nothing to do for now", True),
        ("nothing to do for now", "nothing to do before 15 Jan 1970", False),
        ("within the cap of 5 new steps a day for this owner", "nothing to do before 15 Jan 1970", False),
        ("nothing to do for now", None, True),
        ("nothing to do for now", "nothing to do for now", False),
    ],
)
def test_why_there_is_no_step_is_written_where_it_is_news(why: str, before: str | None, writes: bool) -> None:
    none = dict.fromkeys(("next_step", "next_step_id", "next_step_due", "next_step_priority"))
    wanted = {**NOW, **none, "next_step_reason": why}
    assert bool(changed(plan_for(wanted, {**NOW, **none, "next_step_reason": before}))) == writes
