"""Who is in a pilot, by any filter; what becomes of those outside; what stops a run."""

import operator
from collections.abc import Callable
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sales_consultant.config.conditions import Condition, from_option, from_setting
from sales_consultant.config.errors import ConfigError, GuardError
from sales_consultant.config.records import RecordRef
from sales_consultant.config.sections import Guards, Write
from sales_consultant.config.settings import Settings
from sales_consultant.sync.journal.changes import Entry
from sales_consultant.sync.plan.guards import guard, override
from sales_consultant.sync.plan.histograms import histograms
from sales_consultant.sync.plan.pilot import compared, decide, left_behind
from sales_consultant.sync.plan.plan import CurrentValues, Plan
from sales_consultant.sync.stores.state import State

SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@given(
    st.sampled_from(sorted(SIGNS)), st.integers(-5, 5), st.lists(st.none() | st.integers(-5, 5), max_size=6)
)
@settings(deadline=None, max_examples=40)
def test_numbers_compare_as_numbers(sign: str, bound: int, cells: list[int | None]) -> None:
    (condition,) = from_setting("amount", f"{sign} {bound}")
    assert condition == from_option(f"amount{sign}{bound}")
    sql, values = compared(condition, "DECIMAL(18,2)")
    with duckdb.connect() as con:
        con.execute("CREATE TABLE t (n INTEGER, amount DECIMAL(18,2))")
        con.executemany("INSERT INTO t VALUES (?, ?)", [(-1, 99), *enumerate(cells)])
        found = {n for (n,) in con.execute(f"SELECT n FROM t WHERE n >= 0 AND {sql}", values).fetchall()}
    # An empty cell is not equal to anything, and no more or less either.
    assert found == {
        n for n, c in enumerate(cells) if (SIGNS[sign](c, bound) if c is not None else sign == "!=")
    }


@pytest.mark.parametrize(
    ("setting", "kind", "members"),
    [
        ("Offer", "VARCHAR", {"a"}),
        (["offer", "WON"], "VARCHAR", {"a", "b"}),
        ("!= offer", "VARCHAR", {"b", "c"}),
        (["!= offer", "!= won"], "VARCHAR", {"c"}),
    ],
)
def test_texts_compare_without_case(setting: str | list[str], kind: str, members: set[str]) -> None:
    with duckdb.connect() as con:
        con.execute("CREATE TABLE t AS FROM (VALUES ('a', 'offer'), ('b', 'Won'), ('c', NULL)) x(id, stage)")
        found = {"a", "b", "c"}
        for condition in from_setting("stage", setting):
            sql, values = compared(condition, kind)
            found &= {str(i) for (i,) in con.execute(f"SELECT id FROM t WHERE {sql}", values).fetchall()}
    assert found == members


def test_moments_and_what_does_not_fit() -> None:
    assert compared(Condition("created_at", "<", ("2024-01-02",)), "BIGINT") == (
        '"created_at" < ?',
        [1_704_153_600_000],
    )
    for column, value, kind in (("created_at", "soon", "BIGINT"), ("amount", "much", "DOUBLE")):
        with pytest.raises(ConfigError, match=value):
            compared(Condition(column, "=", (value,)), kind)
    for wrong in (["a", "> 3"], "> ", []):
        with pytest.raises(ValueError, match="amount"):
            Settings(write={"where": {"amount": wrong}})  # type: ignore[arg-type]  # what a file may hold
    for text in ("amount", "=3", "amount 3"):
        with pytest.raises(ValueError, match="no condition"):
            from_option(text)


def test_whoever_is_outside_and_holds_what_we_wrote() -> None:
    ours, theirs, gone = (RecordRef("deals", i) for i in "123")
    held = CurrentValues(
        {ours: {"score": "60"}, theirs: {"score": "99"}},
        {ours: {"score": "60"}, theirs: {"score": "60"}, gone: {"score": "60"}},
    )
    assert left_behind(frozenset(), held) == {ours}, "what a person changed since is not ours to empty"
    assert left_behind(frozenset({ours}), held) == left_behind(None, held) == frozenset()


def test_nobody_is_asked_twice_about_the_same_pilot() -> None:
    state, asked = State(None), []

    def ask(count: int) -> bool:
        asked.append(count)
        return True

    one, other = Write(first=10), Write(first=5)
    assert decide(state, one, 3, given=None, ask=None, remember=True) == "keep", "nobody to ask: the setting"
    assert decide(state, one, 3, given=None, ask=ask, remember=True) == "empty"
    assert decide(state, one, 2, given=None, ask=ask, remember=True) == "empty"
    assert asked == [3]
    assert decide(state, other, 4, given=None, ask=ask, remember=False) == "empty"
    assert asked == [3, 4]
    assert decide(state, one, 1, given="keep", ask=ask, remember=True) == "keep"
    assert decide(state, one, 1, given=None, ask=None, remember=True) == "keep"
    state.close()


def test_guards_of_the_command_line_go_before_the_settings() -> None:
    grades = [Entry("deals", str(n), "", "", (("grade", "B", "A" if n < 30 else "B"),)) for n in range(100)]
    plan = Plan(0, "", grades, looked_at=400, graded=200)
    assert plan.grades_changed == 30
    guard(plan, Guards(), first=False)
    tight = override(Guards(max_records=7), {"max_grade_share": 0.1, "max_records": 100})
    with pytest.raises(GuardError, match="15 % of 200 grades would change") as e:
        guard(plan, tight, first=False)
    assert "max_records" not in e.value.message
    with pytest.raises(ValueError, match="max_share"):
        override(Guards(), {"max_share": 2})


def test_how_far_values_move() -> None:
    moved = [("score", str(50), str(50 + d)) for d in (1, 4, 4, -7, 45)]
    rows = histograms(
        [*moved, ("value_12m", "100.00", "140.00"), ("next_step", "Call", "Write"), ("trend", None, "new")]
    )
    told = {(r["field"], r["change"]): r["records"] for r in rows}
    assert told == {
        ("score", "-5 to -10"): 1,
        ("score", "+1 to +3"): 1,
        ("score", "+3 to +5"): 2,
        ("score", "+30 or more"): 1,
        ("value_12m", "+25 % to +50 %"): 1,
        ("next_step", "changed"): 1,
        ("trend", "first value"): 1,
    }
    assert [r["change"] for r in rows if r["field"] == "score"] == [
        "-5 to -10",
        "+1 to +3",
        "+3 to +5",
        "+30 or more",
    ]
