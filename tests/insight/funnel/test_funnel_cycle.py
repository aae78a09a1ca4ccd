"""Sales cycle, win rate, average deal, velocity, coverage; and the journey from the first lead to the won deal."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.funnel_company import Truth, company

from sales_consultant.insight.core import Calendar, Rates
from sales_consultant.insight.funnel import Cycle, coverage, cycle, cycles, endings, journey

DAY = 86_400_000
AS_OF = 365 * DAY
EUR = Rates(pd.DataFrame(columns=["code", "rate", "start_at", "end_at"]), "EUR", "EUR")


def ends(rows: Sequence[tuple[str, float | None, float | None, int | None]], **columns: Any) -> pd.DataFrame:
    """Deals as `endings` tells them: status, made and ended (days), cents."""
    table = pd.DataFrame(rows, columns=["status", "made", "ended", "value"])
    days = table["ended"].fillna(365) - table["made"]
    return pd.DataFrame(
        {
            "deal_id": [str(i) for i in range(len(rows))], "pipeline": "p", "status": table["status"],
            "created_at": (table["made"] * DAY).astype("Float64").astype("Int64"),
            "ended_at": (table["ended"] * DAY).astype("Float64").astype("Int64"),
            "days": days.astype("Float64"), "value": table["value"].astype("Int64"),
        }
    ).assign(**columns)  # fmt: skip


def test_figures_of_a_few_deals() -> None:
    rows = [
        ("won", 0, 40, 300),
        ("won", 10, 30, 100),
        ("lost", 0, 50, 999),
        ("open", 300, None, 50),
        ("open", 1, None, None),
        ("unknown", 0, 20, 5),
    ]
    found = cycle(ends(rows), AS_OF)
    assert (found.won, found.lost, found.open, found.unknown) == (2, 1, 2, 1)
    assert found.win_rate.value == pytest.approx(2 / 3)
    assert (found.amount.value, found.days_won.value) == (200, 30)
    assert found.win_rate_of_made.value == pytest.approx(2 / 6)
    assert found.velocity == pytest.approx(2 * 2 / 3 * 200 / 30)
    # Only what ended in the window counts on the closed basis, only what was made in it on the cohort basis.
    late = cycle(ends(rows), AS_OF, 45 * DAY)
    assert (late.won, late.lost, late.win_rate_of_made.n) == (0, 1, 1)
    assert math.isnan(late.velocity) and math.isnan(late.days_won.value)


def test_odd_deals_cost_themselves() -> None:
    rows = [("won", 50, 40, 300), ("won", 10, None, None), ("lost", None, 10, 7), ("won", 0, 10, -100)]
    table = ends(rows)
    table["days"] = table["days"].mask(table["days"] < 0)
    table.loc[1, "days"] = pd.NA
    found = cycle(table, AS_OF)
    assert (found.won, found.lost, found.without_amount) == (3, 1, 1)
    assert (found.days_won.n, found.days_won.value, found.amount.value) == (1, 10, 100)
    nothing = cycle(ends([]), AS_OF)
    assert (
        (nothing.won, nothing.open) == (0, 0)
        and math.isnan(nothing.win_rate.value)
        and math.isnan(nothing.days_all.value)
    )


def test_open_deals_count_for_what_is_known_of_them() -> None:
    """Of deals won so far the quick ones are too many: Kaplan-Meier and Aalen-Johansen find the truth, the others do not."""
    truth = Truth((0.01,) * 3, (0.006,) * 3)
    # All that will ever end: the truth of the median by another way.
    rng = np.random.default_rng(8)
    all_over = endings(company(rng, 20_000, days=10_000, made_days=10, truth=truth), 10_000 * DAY)
    whole = float(all_over["days"].median())
    found = cycle(endings(company(rng, 3000, truth=truth), AS_OF, EUR), AS_OF)
    assert found.days_all.low <= whole <= found.days_all.high
    assert found.days_won.high < all_over.loc[all_over["status"] == "won", "days"].median()
    by_then = (all_over["status"] == "won") & (all_over["days"] <= 364)
    assert found.win_rate_expected.low <= by_then.mean() <= found.win_rate_expected.high
    assert found.win_rate_of_made.high < by_then.mean()


def test_by_owner_and_by_quarter() -> None:
    t = company(np.random.default_rng(1), 200)
    deals = t.deals.assign(owner_id=np.where(np.arange(200) % 2, "a", "b"))
    t = type(t)(deals, t.history, t.stages)
    found = cycles(t, endings(t, AS_OF, EUR), AS_OF, by="owner_id", calendar=Calendar(), period="quarter")
    assert [(g, p) for g, p, _ in found] == [(o, f"FY1970-Q{q}") for o in ("a", "b") for q in (1, 2, 3, 4)]
    assert all(isinstance(c, Cycle) for *_, c in found)
    assert sum(c.won + c.lost + c.open for *_, c in found) == 200


def test_coverage() -> None:
    table = ends(
        [("open", 0, None, 300), ("open", 0, None, None), ("open", 0, None, 100), ("won", 0, 3, 100)],
        close_date=[5, 6, 20, 7],
    )
    table["close_date"] = table["close_date"].astype("Int64")
    found = coverage(table, (0, 10), 1000, 400)
    assert (found.open_cents, found.deals, found.without_amount, found.ratio) == (300, 2, 1, 0.5)
    assert math.isnan(coverage(table, (0, 10), None).ratio)
    assert math.isnan(coverage(table, (0, 10), 300, 400).ratio)


def test_the_journey_from_lead_to_won() -> None:
    steps = ["lead", "marketing", "sales", "opportunity", "won"]
    rows = [
        (0, 2, 5, 6, 30),
        (1, 3, None, 9, None),
        (2, None, None, None, None),
        (3, 1, None, None, None),
        (None, 4, 5, None, None),
        (0, 2, 90, None, None),
    ]
    frame = pd.DataFrame(rows, columns=steps, dtype="Float64") * DAY
    found = journey(frame, steps, 50 * DAY).set_index("step")
    assert found["reached"].tolist() == [5, 4, 1, 2, 1]
    assert found["passed_over"].tolist() == [0, 0, 1, 0, 0]
    # One was qualified before it was a lead: it counts as reached, and has no days.
    assert (
        found.loc["marketing", "conversion"],
        found.loc["marketing", "days"],
        found.loc["marketing", "backwards"],
    ) == (0.8, 2, 1)
    assert (found.loc["sales", "conversion"], found.loc["sales", "days"]) == (0.25, 3)
    assert (found.loc["won", "overall"], found.loc["won", "conversion"], found.loc["won", "days"]) == (
        0.2,
        0.5,
        24,
    )
    assert found["conversion"].isna()["lead"]
    late = journey(frame, steps, 50 * DAY, 2 * DAY).set_index("step")
    assert late.loc["lead", "reached"] == 2
    assert math.isnan(journey(frame.iloc[:0], steps, 50 * DAY)["overall"].iloc[0])
