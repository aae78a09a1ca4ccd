"""The section "value": each thing that an experiment, its absence, steps and surveys can say."""

import math
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from sales_consultant.config.clock import DAY_MS
from sales_consultant.insight.core import Calendar
from sales_consultant.insight.experiments import (
    Effect,
    Ratio,
    against_model,
    attention,
    before_after,
    csat,
    nps,
    roi,
    sample_ratio,
)
from sales_consultant.insight.reports import Section, Words, value

WORDS = Words("en", "EUR", ZoneInfo("UTC"))
START = 1_700_000_000_000
ANNOUNCED = value.Announced(
    "e1", "They buy more.", ("Deals",), 0.2, 60, False, START, None, base=0.3, smallest=0.25
)
EFFECT = Effect(0.05, 0.01, 0.09, 0.35, 0.3, 1 / 6, 0.03, 0.3, 400, 100, 500, 0.9, "t")
SILENT = Effect(*(math.nan,) * 8, 3, 2, 5, math.nan, "t", "too_few")
NOBODY = value.Monthly(None)
QUIET = value.Upkeep([], 12, 7)


def looks(
    number: int = 15, effect: float = 0.05, width: float | None = 0.03, p: float = 0.01
) -> pd.DataFrame:
    """Looks of a test with a given effect; without a width nothing can be told yet."""
    days = np.arange(number)
    gap = width is None
    return pd.DataFrame(
        {
            "day": days, "n_treated": 400, "n_control": 100, "events_treated": days + 20, "events_control": days + 3,
            "mean_treated": 0.3 + effect, "mean_control": 0.3, "effect": effect, "se": math.nan if gap else 0.01,
            "low": math.nan if width is None else effect - width, "high": math.nan if width is None else effect + width,
            "p": 1.0 if gap else p,
        }
    )  # fmt: skip


def trial(
    *,
    looked: pd.DataFrame | None = None,
    alarm: int | None = None,
    ratio: Ratio | None = None,
    effects: dict[Any, Effect] | None = None,
    **outcomes: Any,
) -> tuple[value.Announced, value.Looks, value.Outcomes]:
    found = looks() if looked is None else looked
    told = value.Looks(found, alarm, ratio or sample_ratio([400], [100], 0.2), excluded=2, still_shown=1)
    came = value.Outcomes(effects or {"conversion": SILENT}, START + 60 * DAY_MS, **outcomes)
    return ANNOUNCED, told, came


def made(**over: Any) -> Section:
    plain: dict[str, Any] = {
        "trial": None, "monthly": NOBODY, "answers": [], "drawn": [], "upkeep": QUIET, "surveys": [], "by_owner": False,
    }  # fmt: skip
    return value.section(WORDS, **(plain | over))


def test_a_difference_that_is_seen_is_told_with_its_interval_and_day() -> None:
    section = made(trial=trial(alarm=9))
    assert section.findings[0] == (
        "The scores help: 35% of 400 companies with scores had the event, 30% of 100 without: 5 pp (2 pp to 8 pp), "
        "seen since 23 Nov 2023."
    )
    figures = {f.key: f for f in section.figures}
    assert figures["sequence"].chart is not None
    # A look a week, the newest first; the interval of each look.
    assert [r[0].isoformat() for r in figures["sequence"].table.rows] == [  # type: ignore[union-attr]
        "2023-11-29", "2023-11-22", "2023-11-15",
    ]  # fmt: skip
    assert figures["groups"].table.rows[1][1:] == (100, 0.2, 0.2)
    assert "1 records of the control group" in figures["groups"].notes[0]
    assert ("Companies left out before the draw", "2") in figures["announced"].table.rows


@pytest.mark.parametrize(
    ("over", "beginning"),
    [
        ({}, "No difference beyond chance so far"),
        ({"looked": looks(effect=-0.05), "alarm": 3}, "The scores do harm"),
        ({"looked": looks(width=None)}, "Whether the scores help cannot be told yet"),
        ({"looked": looks().iloc[:0]}, "The groups were drawn; the first look"),
        (
            {"looked": looks().iloc[:0], "ratio": sample_ratio([0], [0], 0.2)},
            "An experiment was announced, but no company was drawn yet",
        ),
        (
            {"ratio": sample_ratio([400], [400], 0.2)},
            "The groups do not have the sizes that were drawn (50% in",
        ),
    ],
)
def test_what_the_test_finds_is_said_first(over: dict[str, Any], beginning: str) -> None:
    assert made(trial=trial(**over)).findings[0].startswith(beginning)


def test_uplift_on_complete_windows_has_its_numbers_cap_and_chart() -> None:
    money = replace(EFFECT, effect=1000.0, low=-500.0, high=2500.0, cap=500_000.0, capped=3)
    section = made(trial=trial(effects={"conversion": EFFECT, "revenue": money, "meetings": SILENT}))
    figures = {f.key: f for f in section.figures}
    assert [r[0] for r in figures["uplift"].table.rows] == [
        "Companies with the event",
        "Booked revenue a company",
    ]
    assert figures["conversion"].table.rows[0] == (0.35, 0.3, 0.05, 0.01, 0.09, 500)
    assert "Cap: €5,000" in figures["revenue"].notes[0] and "3 companies" in figures["revenue"].notes[0]
    assert "meetings" not in figures
    assert any("not beyond chance" in f for f in section.findings)


def test_before_windows_are_complete_the_first_day_is_told() -> None:
    section = made(trial=trial())
    assert any("13 Jan 2024" in u and "20 companies a group" in u for u in section.unknown)
    assert not any(f.key == "uplift" for f in section.figures)


@pytest.mark.parametrize("low", [400.0, -400.0])
def test_a_return_is_told_only_with_margin_and_cost(low: float) -> None:
    money = replace(EFFECT, effect=1000.0, low=low, high=1600.0)
    paid = roi(money, exposed=400, control=100, margin=0.4, cost=50_000.0)
    section = made(trial=trial(effects={"revenue": money}, margin=0.4, cost=50_000.0, returned=paid))
    row = next(f for f in section.figures if f.key == "contribution").table.rows[0]
    assert row == (160_000.0, low * 160, 256_000.0, 50_000.0, 40_000.0)
    told = next(f for f in section.findings if "cost of €500.00" in f)
    assert told.startswith("Contribution of" if low > 0 else "Whether the scores pay for their cost")
    without = made(trial=trial(effects={"revenue": money}))
    assert any("[proof] margin and cost_per_month" in u for u in without.unknown)
    assert not any(f.key == "return" for f in without.figures)


def test_attention_taken_from_control_is_called_that() -> None:
    rng = np.random.default_rng(1)
    treated = np.arange(200) < 100
    counts = pd.DataFrame(
        {
            "treated": treated,
            "before": rng.poisson(10, 200),
            "after": np.where(treated, 14, 6),
            "cluster": range(200),
        }
    )
    moved = attention(counts, days_before=30, days_after=30)
    section = made(trial=trial(attention=moved, spill=(8.0, 7.0, 9.0), days=30))
    assert any(f.startswith("A gain may only be attention taken from control") for f in section.findings)
    figure = next(f for f in section.figures if f.key == "attention")
    assert figure.table.rows[0][2] == 14.0 and "8 (7 to 9)" in figure.notes[0]


def monthly(after: int) -> value.Monthly:
    rows = [
        (f"2023-{m + 1:02d}", START + (m - 9) * 30 * DAY_MS, m + 1, 100, 20 + m % 3, m >= 9)
        for m in range(9 + after)
    ]
    months = pd.DataFrame(rows, columns=["label", "start", "month", "units", "outcome", "later"])
    return value.Monthly(START, months, before_after(months, started_at=START) if after else None)


def test_without_control_nothing_is_measured_and_weaknesses_are_named() -> None:
    section = made(monthly=monthly(3))
    assert section.findings[0].startswith("Whether the scores help was not measured")
    figure = next(f for f in section.figures if f.key == "before_after")
    assert any("no effect of the scores" in n for n in figure.notes)
    assert any(n.startswith("There was no control group") for n in figure.notes)
    assert [r[1] for r in figure.table.rows].count("shown") == 3


@pytest.mark.parametrize(
    ("given", "why"),
    [(NOBODY, "No score has been shown yet"), (monthly(0), "a whole month on each side is missing")],
)
def test_without_months_on_both_sides_it_is_said(given: value.Monthly, why: str) -> None:
    section = made(monthly=given)
    assert any(why in u for u in section.unknown)
    assert not any(f.key == "before_after" for f in section.figures)


def test_steps_are_counted_by_what_became_of_them() -> None:
    given = [
        value.Answers("rule", "recap", 10, {"done": 2, "wrong": 1}, left=4, waiting=3),
        value.Answers("pipeline", "New", 6, {"done": 2}, left=2, waiting=2),
        value.Answers("pipeline", "Old", 4, {"wrong": 1}, left=2, waiting=1),
    ]
    section = made(answers=given)
    assert "10 steps were shown, 3 were answered (30%); 2 of them were accepted or done." in section.findings
    figures = {f.key: f for f in section.figures}
    assert figures["steps_by_rule"].table.rows == (("recap", 10, 3, 0, 2, 0, 0, 1, 4, 3),)
    assert len(figures["steps_by_pipeline"].table.rows) == 2
    assert any("by_owner" in u for u in section.unknown)
    assert not any("by_owner" in u for u in made(answers=given, by_owner=True).unknown)


def test_what_cannot_be_written_is_counted_by_reason() -> None:
    section = made(upkeep=value.Upkeep([("LOCKED", 4)], 900, 7))
    rows = next(f for f in section.figures if f.key == "upkeep").table.rows
    assert rows == (
        ("Calls to the CRM in the last 7 days", 900),
        ("Records that cannot be written: LOCKED", 4),
    )


def test_drawn_steps_are_told_against_the_model_from_thirty_on() -> None:
    rng = np.random.default_rng(5)
    n = 4000
    best = rng.random(n) < 0.5
    log = pd.DataFrame(
        {
            "rule": np.where(best, "a", "b"),
            # Where a draw was likely says nothing of the event; the weights must not move the estimate.
            "propensity": np.where(rng.random(n) < 0.5, 0.8, 0.1),
            "probability": 0.3,
            "outcome": (rng.random(n) < np.where(best, 0.4, 0.3)).astype(float),
        }
    )
    few = pd.DataFrame({"rule": ["c"] * 5, "propensity": 0.5, "probability": 0.3, "outcome": 1.0})
    found = against_model(pd.concat([log, few], ignore_index=True)).set_index("rule")
    rows = found.to_dict("index")
    assert rows["a"]["low"] < 0.1 < rows["a"]["high"]
    assert rows["b"]["low"] < 0.0 < rows["b"]["high"]
    assert math.isnan(rows["c"]["change"])
    section = made(drawn=[value.Drawn("c", 5, 0.3, 1.0, math.nan, math.nan, math.nan)])
    assert next(f for f in section.figures if f.key == "drawn_steps").table.rows == (
        ("c", 5, 0.3, 1.0, None, None, None),
    )


def answers(scores: list[int], segment: str) -> pd.DataFrame:
    at = [START + (i % 3) * 31 * DAY_MS for i in range(len(scores))]
    return pd.DataFrame({"score": scores, "at": at, "segment": segment})


def test_satisfaction_is_told_by_segment_and_month() -> None:
    given = pd.concat([answers([9] * 120 + [3] * 30, "loyal"), answers([5] * 10, "")])
    rows, dropped = nps(given, Calendar(), as_of=START + 100 * DAY_MS)
    section = made(surveys=[value.Survey("nps", "NPS", rows, sum(dropped.values()))])
    assert section.findings[-1].startswith("NPS: 50 (") and "160 answers" in section.findings[-1]
    figures = {f.key: f for f in section.figures}
    by_segment = {r[0]: r for r in figures["satisfaction_by_segment"].table.rows}
    assert by_segment["loyal"][1:3] == (150, 60.0)
    assert by_segment["not given"][2] is None, "ten answers tell no score"
    assert len(figures["satisfaction_by_month"].table.rows) == 3


def test_an_undated_survey_has_no_months_and_says_why() -> None:
    rows, _ = csat(answers([5] * 40, "a"), Calendar(), as_of=START + 100 * DAY_MS, satisfied=4)
    section = made(surveys=[value.Survey("csat", "CSAT", rows, 0, dated=False)])
    figures = {f.key: f for f in section.figures}
    assert "satisfaction_by_month" not in figures
    assert any("no history" in n for n in figures["satisfaction_by_segment"].notes)


def test_without_a_survey_field_or_an_answer_it_is_said() -> None:
    assert any(u.startswith("Satisfaction is not known") for u in made().unknown)
    empty, _ = nps(answers([], ""), Calendar(), as_of=START)
    assert "NPS holds no answer yet." in made(surveys=[value.Survey("nps", "NPS", empty)]).unknown
