"""Who is drawn, and which units and outcomes an experiment compares."""

import hashlib

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sales_consultant.config.clock import DAY_MS
from sales_consultant.config.errors import UsageError
from sales_consultant.insight.experiments import CONTROL, EXCLUDED, TREATED, assign, draw, outcomes, trial

KEYS = st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=40, unique=True)


def groups(units: list[str], **how: object) -> dict[str, str]:
    made = assign(pd.DataFrame({"unit": units}), **{"salt": "s", "share": 0.3, **how})  # type: ignore[arg-type]
    return dict(zip(made["unit"], made["group"], strict=True))


@settings(max_examples=25, deadline=None)
@given(KEYS, st.randoms(), st.sets(st.text(min_size=1, max_size=6)))
def test_a_group_depends_on_salt_and_key_alone(keys: list[str], order: object, excluded: set[str]) -> None:
    found = groups(keys)
    turned = list(keys)
    order.shuffle(turned)  # type: ignore[attr-defined]
    assert groups(turned) == found
    assert all(groups([k])[k] == found[k] for k in keys[:5])
    out = groups(keys, excluded=[*excluded, keys[0]])
    assert out[keys[0]] == EXCLUDED
    assert all(g == found[k] for k, g in out.items() if g != EXCLUDED)


@settings(max_examples=25, deadline=None)
@given(KEYS, st.floats(0.01, 0.5), st.floats(0.5, 0.99))
def test_a_larger_share_only_adds_to_control(keys: list[str], small: float, large: float) -> None:
    few, many = groups(keys, share=small), groups(keys, share=large)
    assert {k for k, g in few.items() if g == CONTROL} <= {k for k, g in many.items() if g == CONTROL}


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 7)), min_size=2, max_size=60),
    st.floats(0.05, 0.95),
)
def test_all_units_of_an_owner_share_their_group(rows: list[tuple[int, int]], share: float) -> None:
    units = pd.DataFrame({"unit": [str(u) for u, _ in rows], "cluster": [f"o{o}" for _, o in rows]})
    made = assign(units, salt="s", share=share, clustered=True)
    assert (made.groupby("cluster")["group"].nunique() == 1).all()
    clusters = made.drop_duplicates("cluster")
    if len(clusters) > 1:
        wanted = min(max(round(share * len(clusters)), 1), len(clusters) - 1)
        assert int((clusters["group"] == CONTROL).sum()) == wanted


def test_an_owner_who_comes_later_changes_nobody() -> None:
    units = pd.DataFrame({"unit": list("abcdef"), "cluster": ["o1", "o1", "o2", "o2", "o3", "o4"]})
    first = assign(units, salt="s", share=0.5, clustered=True)
    known = dict(zip(first["cluster"], first["group"], strict=True))
    more = pd.concat([units, pd.DataFrame({"unit": ["g", "h"], "cluster": ["o1", "o9"]})])
    later = assign(more, salt="s", share=0.5, clustered=True, known=known)
    assert list(later["group"][:6]) == list(first["group"])
    assert later["group"][6] == known["cluster:o1"]
    assert later["group"][7] == (CONTROL if draw("cluster:o9", "s") < 0.5 else TREATED)


def test_the_draw_is_the_documented_hash_and_the_share_is_met() -> None:
    digest = hashlib.sha256(b"s:companies:1").digest()
    assert draw("companies:1", "s") == int.from_bytes(digest[:8], "big") / 2**64
    made = assign(pd.DataFrame({"unit": [str(i) for i in range(20_000)]}), salt="x", share=0.2)
    assert abs((made["group"] == CONTROL).mean() - 0.2) < 0.01
    other = assign(pd.DataFrame({"unit": [str(i) for i in range(20_000)]}), salt="y", share=0.2)
    assert abs(made["draw"].corr(other["draw"])) < 0.03


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 1.5, float("nan")])
def test_a_control_group_of_nobody_or_all_is_refused(share: float) -> None:
    with pytest.raises(UsageError):
        groups(["a"], share=share)


def test_no_units_and_no_salt() -> None:
    assert len(assign(pd.DataFrame({"unit": []}), salt="s", share=0.2)) == 0
    assert list(assign(pd.DataFrame({"unit": ["a", None, "a"]}), salt="s", share=0.2)["unit"]) == ["a"]
    with pytest.raises(UsageError):
        groups(["a"], salt="")


def test_only_units_drawn_in_the_experiment_and_outcomes_from_assignment_on_count() -> None:
    day = DAY_MS
    assignments = pd.DataFrame(
        [
            ("e1", "a", TREATED, 60 * day, 0.1),
            ("e1", "b", CONTROL, 60 * day, float("nan")),
            ("e1", "x", EXCLUDED, 60 * day, 0.1),
            ("e0", "old", TREATED, 0, 0.1),
            (None, "none", TREATED, 61 * day, 0.1),
            ("e1", "early", TREATED, 59 * day, 0.1),
            ("e1", "later", CONTROL, 200 * day, 0.1),
            ("e1", "a", CONTROL, 70 * day, 0.1),
            ("e1", "c", None, 60 * day, 0.1),
        ],
        columns=["experiment", "unit", "group", "assigned_at", "covariate"],
    )
    events = pd.DataFrame(
        [
            ("a", 59 * day, 5.0),
            ("a", 65 * day, 7.0),
            ("a", 66 * day, 1.0),
            ("b", 90 * day, 9.0),
            ("b", 61 * day, -3.0),
            ("b", 62 * day, None),
            ("b", None, 1.0),
            ("old", 65 * day, 5.0),
            ("a", 170 * day, 5.0),
        ],
        columns=["unit", "at", "amount"],
    )
    made = trial(
        assignments, events, experiment="e1", start=60 * day, as_of=150 * day, horizon=30, first_only=False
    )
    assert list(made.units["unit"]) == ["a", "b"]
    assert list(made.units["treated"]) == [True, False]
    assert list(made.units["covariate"]) == [0.1, 0.1]
    assert list(made.events["amount"]) == [7.0, 1.0]
    assert {k: v for k, v in made.dropped.items() if v} == {
        "other_experiment": 2, "excluded": 1, "no_group": 1, "before_start": 1, "after_as_of": 1, "repeated": 1,
        "covariate_missing": 1, "unknown_unit": 1, "before_assignment": 1, "after_horizon": 1, "negative": 1,
        "no_amount": 1, "no_time": 1, "future": 1,
    }  # fmt: skip
    assert list(outcomes(made)["y"]) == [8.0, 0.0]
    assert list(outcomes(made, cap=5.0)["y"]) == [5.0, 0.0]
    once = trial(assignments, events, experiment="e1", start=60 * day, as_of=70 * day, horizon=30)
    assert list(once.events["day"]) == [5]
    assert len(outcomes(once)) == 0 and list(outcomes(once, complete=False)["y"]) == [1.0, 0.0]


def test_nothing_drawn_is_no_error() -> None:
    empty = pd.DataFrame({"experiment": [], "unit": [], "group": [], "assigned_at": []})
    made = trial(
        empty, pd.DataFrame({"unit": [], "at": []}), experiment="e", start=0, as_of=DAY_MS, horizon=30
    )
    assert len(made.units) == 0 and len(outcomes(made)) == 0


def test_no_event_at_all_is_a_trial_without_events() -> None:
    drawn = pd.DataFrame(
        {"experiment": "e", "unit": ["a", "b"], "group": ["treated", "control"], "assigned_at": [0, 0]}
    )
    # As tables are read: texts and times with gaps of their own.
    events = pd.DataFrame({"unit": pd.Series([], dtype="string"), "at": pd.Series([], dtype="Int64")})
    made = trial(drawn, events, experiment="e", start=0, as_of=10 * 86_400_000, horizon=5, first_only=False)
    assert len(made.units) == 2 and made.events.empty
