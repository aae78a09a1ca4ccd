"""Plots show what the figures say, and ours stands beside the usual models on the same rows."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.worlds import NOW, company

from sales_consultant.config.populations import Exclusions, FeatureSettings, Population
from sales_consultant.scoring import plots
from sales_consultant.scoring.training.training import train
from sales_consultant.scoring.validation.baselines import compare

DEALS = Population(object="deals", event="won", where={"pipeline": "sales"})


@given(st.integers(1, 400), st.floats(0, 1), st.integers(0, 1000))
def test_every_row_stands_in_one_bin_and_intervals_hold_their_share(n: int, rate: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = rng.random(n)
    y = (rng.random(n) < rate).astype(float)
    table = plots.calibration_table(y, p)
    assert sum(r["n"] for r in table) == n
    assert sum(r["n"] * r["happened"] for r in table) == pytest.approx(y.sum())
    assert sum(r["n"] * r["promised"] for r in table) == pytest.approx(p.sum())
    assert [r["promised"] for r in table] == sorted(r["promised"] for r in table)
    for r in table:
        assert 0 <= r["low"] <= r["happened"] + 1e-9
        assert r["happened"] <= r["high"] + 1e-9 <= 1 + 1e-6
    lines = plots.terminal(y, p)
    assert len(lines) == len(table)
    assert all("|" in line["# happened, | promised"] for line in lines)


def test_files_are_pictures(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    p = rng.random(300)
    y = (rng.random(300) < p).astype(float)
    files = plots.draw(tmp_path / "new", "deals", y, p, [("stage", 3.0), ("close date", 1.0)])
    files.append(plots.segments(tmp_path / "segments.png", [("Champions", 10, 9e5), ("Lost", 3, 0.0)]))
    assert [f.name for f in files] == [
        "deals-calibration.png",
        "deals-lift.png",
        "deals-roc.png",
        "deals-precision_recall.png",
        "deals-reasons.png",
        "segments.png",
    ]
    for file in files:
        head = file.read_bytes()
        assert head.startswith(b"\x89PNG")
        assert len(head) > 5_000


@pytest.mark.slow
def test_all_models_are_judged_on_the_same_rows() -> None:
    with company(deals=500, signal=1.5).connection() as engine:
        made = train(engine, "t", DEALS, as_of=NOW, exclusions=Exclusions(), features=FeatureSettings())
        table = compare(engine, made.model, as_of=NOW, exclusions=Exclusions())
    assert next(r["model"] for r in table) == "base rate"
    assert {"decision tree", "random forest", "SVM (sampled)", "gradient boosting"} < {
        r["model"] for r in table
    }
    assert {r["rows"] for r in table} == {made.report.n}
    base, ours = table[0], table[1]
    assert ours["model"].startswith("ours")
    assert base["auc"] == 0.5
    # The card, the model and the comparison name it alike.
    (held,) = [r["model"] for r in table if r["in_force"]]
    assert held == ours["model"] == f"ours, {made.model.form}" == f"ours, {made.model.card['tier']}"
    assert made.report.log_loss is not None
    assert ours["log_loss"] == pytest.approx(made.report.log_loss, abs=0.02)
    assert ours["log_loss"] < base["log_loss"]


@pytest.mark.slow
def test_rules_are_compared_with_nothing() -> None:
    with company(deals=40).connection() as engine:
        made = train(engine, "t", DEALS, as_of=NOW, exclusions=Exclusions(), features=FeatureSettings())
        assert made.model.tier == "rules"
        assert compare(engine, made.model, as_of=NOW, exclusions=Exclusions()) == []
