"""Columns that look known only at the end of a record are suspect; honest ones, however strong, are not."""

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sales_consultant.scoring.core import Finding, ScoringError
from sales_consultant.scoring.leakage import audit
from sales_consultant.scoring.leakage.orientation import orientation
from sales_consultant.scoring.propensity.propensity import PropensityModel

ROOT = Path(__file__).parents[3]


def benchmark(way: str, names: str) -> list[Any]:
    """Tables of the frozen benchmark `process_columns`."""
    sys.path.insert(0, str(ROOT))
    try:
        module: Any = importlib.import_module("benchmarks.process_columns")
    finally:
        sys.path.remove(str(ROOT))
    return list(module.tables(way, names))


def verdicts(X: pd.DataFrame, y: np.ndarray, **known: Any) -> dict[str, Finding]:
    rows = np.arange(len(y))
    found = audit(X, y.astype(float), rows, order=rows, **known)
    return {f.column: f for f in [*found.dropped, *found.suspects]}


@pytest.mark.slow
@pytest.mark.parametrize(("way", "least"), [("named", 0.9), ("nameless", 0.6), ("few", 0.6), ("strong", 0.9)])
def test_process_columns_are_marked_and_honest_ones_are_not(way: str, least: float) -> None:
    """One table in each of two languages; all ten in five are a benchmark."""
    marked = process = doubted = honest = 0
    for table in benchmark(way, "renewals,bank_loans,solar_plants"):
        found = verdicts(table.X, table.y)
        others = set(table.X) - table.process
        assert not {c for c in others if c in found and found[c].verdict == "dropped"}
        marked, process = marked + len(table.process & set(found)), process + len(table.process)
        doubted, honest = doubted + len(others & set(found)), honest + len(others)
    assert marked >= least * process
    assert doubted <= 0.05 * honest


@pytest.mark.slow
@pytest.mark.parametrize("way", ["honest", "strong honest"])
def test_a_table_without_process_columns_has_no_suspects(way: str) -> None:
    for table in benchmark(way, "b2b_deals,courses"):
        assert verdicts(table.X, table.y) == {}


def deals(seed: int = 0, n: int = 2500) -> tuple[pd.DataFrame, np.ndarray, np.random.Generator]:
    """Honest deals: four causes, and what has nothing to do with it."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, 8)), columns=[f"x{i}" for i in range(8)])
    margin = X["x0"] - 0.8 * X["x1"] + 0.7 * X["x2"] + 0.6 * X["x3"] - 1
    return X, (rng.random(n) < 1 / (1 + np.exp(-margin))).astype(int).to_numpy(), rng


@pytest.mark.parametrize("suspects", ["named", "drop", "use"])
def test_policy_says_whether_a_suspect_is_used(suspects: Any) -> None:
    X, y, rng = deals()
    X["number_of_meetings"] = rng.poisson(2 + 1.5 * y)
    model = PropensityModel(tier="full", suspects=suspects).fit(X, y)
    (found,) = model.suspects_
    assert model.leaks_ == []
    assert (found.column, found.verdict) == ("number_of_meetings", "suspect")
    assert ("number_of_meetings" in model.columns_) == (suspects == "use")
    assert found.question == "Is number_of_meetings known before the record ends?"
    assert "its name says: a number or length of what was done" in found.evidence
    assert found.auc_with is not None and found.auc_without is not None
    assert found.auc_with > found.auc_without + 0.03
    again = PropensityModel.from_dict(model.to_dict())
    assert again.suspects_ == model.suspects_
    assert np.allclose(again.predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize(("suspects", "used"), [("named", True), ("use", True), ("drop", False)])
def test_suspects_by_values_alone_are_left_out_only_on_demand(suspects: Any, used: bool) -> None:
    """Honest signs of what has already happened look so too; they are listed all the same."""
    X, y, rng = deals()
    for k in range(3):
        X[f"k{k}"] = rng.poisson(2 + 2.0 * y)
    model = PropensityModel(tier="full", suspects=suspects).fit(X, y)
    assert {f.column for f in model.suspects_} >= {"k0", "k1", "k2"}
    assert {f.kind for f in model.suspects_} == {"known_late_by_values"}
    assert all((c in model.columns_) == used for c in ("k0", "k1", "k2"))
    assert PropensityModel().suspects == "named"


def test_an_unknown_policy_is_refused() -> None:
    X, y, _ = deals(n=100)
    policy: Any = "perhaps"
    with pytest.raises(ScoringError, match="suspects"):
        PropensityModel(suspects=policy).fit(X, y)


@pytest.mark.parametrize("name", ["number_of_meetings", "Gesprächsdauer", "nombre de relances", "拜访次数"])
def test_a_name_alone_makes_no_suspect(name: str) -> None:
    """Neither where the column says nothing nor where it is a cause like the others."""
    X, y, rng = deals()
    X[name] = rng.poisson(3, len(y))
    assert verdicts(X, y) == {}
    X, y, rng = deals()
    X = X.rename(columns={"x0": name})
    assert verdicts(X, y) == {}


def test_leaks_that_are_weak_alone_and_stand_in_for_each_other_are_found_as_a_group() -> None:
    X, y, rng = deals(n=4000)
    late = [f"f{i}" for i in range(12)]
    for c in late:
        X[c] = rng.normal(size=len(y)) + 0.5 * y
    found = verdicts(X, y)
    assert set(found) <= set(late) and len(found) >= 10
    assert {f.verdict for f in found.values()} == {"suspect"}


def test_effects_are_told_from_causes_only_where_there_are_causes() -> None:
    """Symptoms of an illness are effects all of them, and honest: nothing in the table looks like a cause."""
    for seed in range(5):
        rng = np.random.default_rng(seed)
        y = (rng.random(3000) < 0.3).astype(int)
        X = pd.DataFrame(
            rng.normal(size=(3000, 10)) + np.outer(y, rng.uniform(0, 0.6, 10)), columns=list("abcdefghij")
        )
        judged = orientation(X, y.astype(float), np.arange(3000), {}, 0)
        assert verdicts(X, y) == {} or judged.causes > 3, seed


def test_measures_of_one_thing_are_no_effects_of_the_outcome() -> None:
    """Eight measures of one quality that drives the outcome, three of another."""
    for seed in range(5):
        rng = np.random.default_rng(seed)
        n = 3000
        one, other = rng.normal(size=(2, n))
        X = pd.DataFrame({f"a{i}": one * rng.uniform(0.3, 1.5) + rng.normal(size=n) for i in range(8)})
        X = X.assign(**{f"b{i}": other * rng.uniform(0.3, 1.5) + rng.normal(size=n) for i in range(3)})
        y = (rng.random(n) < 1 / (1 + np.exp(1 - 2 * one - other))).astype(int)
        assert verdicts(X, y) == {}, seed


def test_a_span_of_two_dates_of_the_record_is_looked_at() -> None:
    X, y, rng = deals(n=4000)
    begun = pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 400, len(y)), unit="D")
    length = np.round(np.exp(3 + 0.7 * rng.normal(size=len(y)) - 0.8 * y))
    X["begun"], X["over"] = begun, begun + pd.to_timedelta(length, unit="D")
    X["span"] = length
    X["first_call"] = begun + pd.to_timedelta(rng.integers(1, 9, len(y)), unit="D")
    found = verdicts(X, y)
    assert set(found) == {"over", "span"}
    assert "it is the time from begun to over" in found["span"].evidence
    assert "looks known only at the end" in found["over"].evidence


@pytest.mark.parametrize("time", ["a date of the record", "the row's own time"])
def test_what_a_dropped_leak_and_the_rows_own_time_determine_goes_with_it(time: str) -> None:
    X, y, rng = deals(n=3000)
    begun = pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 400, len(y)), unit="D")
    length = np.round(np.exp(3 + 0.5 * rng.normal(size=len(y)) - 0.5 * y))
    X["closed_date"] = begun + pd.to_timedelta(length, unit="D")
    X["k"] = length * 24
    as_of = np.asarray(begun)
    if time == "a date of the record":
        X["begun"] = begun
    found = verdicts(X, y, as_of=as_of) if time != "a date of the record" else verdicts(X, y)
    assert found["closed_date"].kind == "known_leaker"
    assert found["k"].verdict == "suspect" and "closed_date and" in found["k"].evidence
    assert set(found) == {"closed_date", "k"}


def test_few_rows_say_little() -> None:
    """Under 400 rows only a name together with a clear bond to the outcome makes a suspect."""
    X, y, rng = deals(n=300)
    meetings = rng.poisson(2 + 1.5 * y)
    assert verdicts(X.assign(f=meetings), y) == {}
    assert set(verdicts(X.assign(number_of_meetings=meetings), y)) == {"number_of_meetings"}


@pytest.mark.parametrize("odd", [0.0, np.nan, 1e300])
def test_columns_that_hardly_vary_say_nothing(odd: float) -> None:
    """Nearly constant ones have one bin, and no correlation with anything."""
    X, y, rng = deals()
    X["flat"], X["nearly"] = 1.0, 1.0
    X.loc[rng.permutation(len(y))[:3], "nearly"] = odd
    X["empty"], X["text"] = np.nan, "same"
    assert verdicts(X, y) == {}


def test_a_count_that_goes_on_to_this_day_is_looked_at() -> None:
    """Older rows have had more time to be counted; a count as of the row's own time has not."""
    X, y, rng = deals(n=3000)
    age = rng.integers(1, 400, len(y))
    as_of = np.asarray(pd.Timestamp("2026-01-01") - pd.to_timedelta(age, unit="D"))
    X["k"] = rng.poisson(age / 60 * (1 + y))
    X["j"] = rng.poisson(3 + np.maximum(0, X["x0"]))
    found = verdicts(X, y, as_of=as_of)
    assert set(found) == {"k"} and found["k"].verdict == "suspect"
    assert "the larger the older its row is" in found["k"].evidence
