"""Reasons by theme: they add up exactly, say what points their way, and effects of one count go one way."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sales_consultant.config.populations import Population
from sales_consultant.scoring.features import meanings, standard
from sales_consultant.scoring.propensity import PopulationModel, PropensityModel, Reason, reasons, shown
from sales_consultant.scoring.propensity.reasons import ELSE, ELSE_FEATURE

COUNTS = ("meetings", "replies", "calls")


def learnt(rows: int = 1_500, *, one_way: bool = True) -> tuple[PopulationModel, pd.DataFrame]:
    """A model of deals that meetings and replies help and calls hurt, and its rows."""
    rng = np.random.default_rng(3)
    groups, features = standard("deals", seller=True)
    mine = [f for f in features if f.group in (*COUNTS, "stage", "amount", "time_in_stage", "moved_back")]
    columns: dict[str, NDArray[np.float64] | list[str | None]] = {}
    level: NDArray[np.float64] = np.zeros(rows)
    for name, weight in zip(COUNTS, (0.5, 0.3, -0.4), strict=True):
        per_day = rng.gamma(0.6, 0.03, rows)
        for window in (14, 30, 90, 365):
            columns[f"{name}_{window}d"] = rng.poisson(per_day * window).astype(float)
        recent = np.asarray(columns[f"{name}_90d"], dtype=np.float64)
        columns[f"{name}_days_since"] = np.where(recent > 0, rng.uniform(1, 90, rows), np.nan)
        columns[f"{name}_trend"] = np.where(recent > 0, rng.uniform(0, 3, rows), np.nan)
        level = level + weight * recent
    columns["stage"] = [str(s) for s in rng.choice(["new", "offer"], rows)]
    for f in mine:
        columns.setdefault(f.name, rng.gamma(2.0, 10.0, rows))
    X = pd.DataFrame({f.name: columns[f.name] for f in mine})
    y = (rng.random(rows) < 1 / (1 + np.exp(0.5 - level))).astype(float)
    held = meanings(mine) if one_way else None
    model = PropensityModel(tier="full", audit=[], tables=False, meanings=held).fit(X, y)
    kept = [g for g in groups if g.name in {f.group for f in mine}]
    population = Population(object="deals", event="won")
    made = PopulationModel(
        "d", population, "deal won", 90, 0, mine, kept, model, None, model.base_odds, {"A": 65}, []
    )
    return made, X


@pytest.fixture(scope="module")
def deals() -> tuple[PopulationModel, pd.DataFrame]:
    return learnt()


def test_every_score_is_the_sum_of_its_reasons(deals: tuple[PopulationModel, pd.DataFrame]) -> None:
    lines, scores = reasons(*deals)
    assert all(50 + sum(r.points for r in mine) == s for mine, s in zip(lines, scores, strict=True))
    assert all(len({r.feature for r in mine}) == len(mine) for mine in lines)
    assert {r.feature for mine in lines for r in mine} >= {"interest", "effort", "progress"}


def test_a_line_holds_what_its_groups_bring(deals: tuple[PopulationModel, pd.DataFrame]) -> None:
    model, X = deals
    exact = model.group_points(X)
    interest = exact[:, [k for k, g in enumerate(model.groups) if g.reason == "interest"]].sum(axis=1)
    for mine, points in zip(reasons(model, X)[0], interest, strict=True):
        told = sum(r.points for r in mine if r.feature == "interest")
        assert abs(told - points) < 1


def test_some_that_count_against_a_record_are_called_few(deals: tuple[PopulationModel, pd.DataFrame]) -> None:
    lines = [r for mine in reasons(*deals)[0] for r in mine]
    interest = [
        r for r in lines if (r.feature == "interest" and r.text[:1].isdigit()) or r.text.startswith("only")
    ]
    against = [r for r in interest if r.points < 0 and r.feature == "interest"]
    assert against and all(r.text.startswith("only") for r in against)
    # More calls are worse here: many of them are no "only".
    assert not any(r.text.startswith("only") for r in lines if r.feature == "effort" and r.points < 0)


@pytest.mark.parametrize(("name", "way"), [("meetings", 1), ("replies", 1), ("calls", -1)])
def test_more_of_one_thing_never_turns_the_effect(
    deals: tuple[PopulationModel, pd.DataFrame], name: str, way: int
) -> None:
    model, X = deals
    place = [g.name for g in model.groups].index(name)
    start = X.iloc[[0]].assign(**{f"{name}_{w}d": 0.0 for w in (14, 30, 90, 365)})
    steps = pd.concat(
        [start.assign(**{f"{name}_{w}d": float(n) for w in (14, 30, 90, 365)}) for n in range(9)]
    )
    points = way * model.group_points(steps)[:, place]
    assert (np.diff(points) >= -1e-9).all() and points[-1] > points[0]
    since = pd.concat([start.assign(**{f"{name}_days_since": float(d)}) for d in (1, 10, 40, 80, 200)])
    assert (np.diff(way * model.group_points(since)[:, place]) <= 1e-9).all()


def test_free_effects_do_turn_somewhere() -> None:
    """The limit is not idle: without it one window of a count is paid for and another against."""

    def turned(model: PopulationModel, X: pd.DataFrame) -> int:
        assert model.propensity is not None
        wrong = 0
        for name, way in zip(COUNTS, (1, 1, -1), strict=True):
            for column in [f"{name}_{w}d" for w in (14, 30, 90, 365)]:
                k = model.propensity.feature_names_in_.index(column)
                steps = pd.concat([X.iloc[[0]].assign(**{column: float(n)}) for n in range(12)])
                wrong += bool((way * np.diff(model.propensity.contributions(steps)[:, k]) < -1e-9).any())
        return wrong

    assert turned(*learnt(one_way=False)) > 0
    assert turned(*learnt()) == 0


def test_what_goes_against_expectation_is_not_told() -> None:
    """Replies that cost points by chance say nothing; nor do they in a table where they truly hurt, unless a free model wins."""
    model, X = learnt()
    assert model.propensity is not None
    y = (model.propensity.predict_proba(X)[:, 1] < 0.5).astype(float)
    features = [f for f in model.features if f.group == "replies"]
    turned = PropensityModel(tier="full", audit=[], tables=False, meanings=meanings(features))
    turned.fit(X[[f.name for f in features]], y)
    assert np.abs(turned.contributions(X)).max() < 0.1
    free = turned.set_free()
    assert free is not None and np.abs(free.contributions(X)).max() > 0.2


def test_a_single_point_is_no_line_where_there_are_better_ones() -> None:
    every = [
        Reason("a", 6, "a"),
        Reason("b", -1, "b"),
        Reason("c", 3, "c"),
        Reason("d", 1, "d"),
        Reason("e", 1, "e"),
    ]
    told = shown(every)
    assert [(r.feature, r.points) for r in told] == [("a", 6), ("c", 3), (ELSE_FEATURE, 1)]
    assert [r.feature for r in shown([Reason("b", 1, "b")])] == ["b"]


def test_more_is_told_where_the_rest_would_be_larger() -> None:
    """Up to five lines, of those that the rest consists of."""
    every = [
        Reason("a", 4, "a"),
        Reason("b", -3, "b"),
        *(Reason(f"c{n}", 3, f"c{n}") for n in range(5)),
    ]
    told = shown(every)
    assert [(r.text, r.points) for r in told] == [
        ("a", 4),
        ("b", -3),
        ("c0", 3),
        ("c1", 3),
        ("c2", 3),
        (ELSE, 6),
    ]
    singles = [Reason("a", 3, "a"), *(Reason(f"s{n}", 1, f"s{n}") for n in range(4))]
    assert [(r.text, r.points) for r in shown(singles)] == [("a", 3), ("s0", 1), (ELSE, 3)]
    # What the rest has from the base or from being held is nothing to name.
    assert len(shown([*every[:3], Reason(ELSE, 30, ELSE_FEATURE)])) == 4


points = st.lists(st.integers(-9, 9), max_size=12)


@given(points=points, base=st.integers(-20, 20))
def test_lines_sum_and_the_rest_is_small_where_it_can_be(points: list[int], base: int) -> None:
    every = [Reason(f"r{n}", p, f"r{n}") for n, p in enumerate(points) if p]
    every += [Reason(ELSE, base, ELSE_FEATURE)] if base else []
    told = shown(every)
    assert sum(r.points for r in told) == sum(points) + base
    lines = [r for r in told if r.feature != ELSE_FEATURE]
    assert len(lines) <= 5
    assert [abs(r.points) for r in lines] == sorted((abs(r.points) for r in lines), reverse=True)
    rest = told[-1].points if told and told[-1].feature == ELSE_FEATURE else 0
    if len(lines) > 3:
        fewer = rest + sum(r.points for r in lines[3:])
        assert abs(fewer) > abs(lines[0].points), "three would have done"
