"""The section "funnel": what it finds, what it hides, and what odd data costs."""

import numpy as np
import pandas as pd
import pytest
from support.funnel_company import DAY, Truth, company, stage_rows
from support.report_company import AS_OF, BEGIN, context, everything, few, keys, rows_of, shifted, usual

from sales_consultant.insight.core import DealTables, Rates
from sales_consultant.insight.reports.funnel import FunnelFacts, section
from sales_consultant.insight.reports.funnel_causes import per_stay

SINCE = AS_OF - 100 * DAY


def joined(*parts: DealTables) -> DealTables:
    """Companies as one; ids are made different."""
    for i, part in enumerate(parts):
        for frame in (part.deals, part.history):
            frame["deal_id"] = f"{i}-" + frame["deal_id"]
    deals, history = (
        pd.concat([getattr(p, n) for p in parts], ignore_index=True) for n in ("deals", "history")
    )
    return DealTables(deals, history, parts[0].stages)


def worse(seed: int = 3) -> DealTables:
    """A company whose second stage lets much fewer deals through of late."""
    good = company(np.random.default_rng(seed), 1200, 300, made_days=190)
    bad = company(
        np.random.default_rng(seed + 1), 500, 90, Truth((0.06, 0.02, 0.03), (0.04, 0.05, 0.03)), made_days=70
    )
    return joined(shifted(good), shifted(bad, BEGIN + 210 * DAY))


def test_numbers_of_stages_are_those_of_the_history() -> None:
    tables = few(
        [("1", 0, 100_000, "won"), ("2", 10, 200_000, "lost"), ("3", 20, 300_000, "b"), ("4", 30, 400_000, "c")],
        [("1", 0, "a"), ("1", 5, "b"), ("1", 9, "c"), ("1", 20, "won"), ("2", 10, "a"), ("2", 40, "lost"),
         ("3", 20, "a"), ("3", 30, "b"), ("4", 30, "a"), ("4", 35, "c")],
    )  # fmt: skip
    found = section(context(tables, since=BEGIN), FunnelFacts())
    stages = {r["name"]: r for r in rows_of(found, "stages")}
    assert {k: stages["A"][k] for k in ("entered", "advanced", "lost", "still")} == {
        "entered": 4, "advanced": 3, "lost": 1, "still": 0,
    }  # fmt: skip
    assert stages["B"]["skipped"] == 1 and stages["B"]["still"] == 1
    conversion = {r["name"]: r for r in rows_of(found, "conversion")}
    assert conversion["A"]["conversion"] == pytest.approx(0.75)
    assert conversion["A"]["conversion_low"] < 0.75 < conversion["A"]["conversion_high"]  # type: ignore[operator]
    won = rows_of(found, "win_rate")[0]
    assert (won["won"], won["lost"], won["open"], won["win_rate"]) == (1, 1, 2, 0.5)


def test_a_bottleneck_is_the_first_finding_with_what_is_at_stake() -> None:
    found = section(context(worse()), FunnelFacts())
    assert found.findings[0].startswith("B: ") and "a month are at stake" in found.findings[0]
    first = rows_of(found, "bottlenecks")[0]
    assert first["stage"] == "B" and first["named"] == "yes"
    stake = rows_of(found, "stakes")[0]
    assert stake["low"] < stake["stake"] < stake["high"]  # type: ignore[operator]
    assert len(found.findings) <= 5


def test_without_a_difference_no_stage_is_named_and_nothing_is_at_stake() -> None:
    found = section(context(usual(900)), FunnelFacts())
    assert found.findings[0] == "No stage differs from the time before, or from its peers, beyond noise."
    assert "stakes" not in keys(found)


def test_where_nothing_could_be_compared_no_stage_is_acquitted() -> None:
    found = section(context(usual(40), since=BEGIN), FunnelFacts())
    assert not any("No stage differs" in f for f in found.findings)
    assert any(u.startswith("Bottlenecks:") for u in found.unknown)


def test_suggestions_are_of_bottlenecks_only() -> None:
    steps = pd.DataFrame(
        [("p", "b", "Call the customer", 7), ("p", "a", "Send an offer", 9)],
        columns=["pipeline", "stage", "step", "deals"],
    )
    found = section(context(worse()), FunnelFacts(steps=steps))
    assert [(r["step"], r["deals"]) for r in rows_of(found, "steps")] == [("Call the customer", 7)]
    assert "steps" not in keys(section(context(usual(900)), FunnelFacts(steps=steps)))


def test_activities_are_counted_in_the_stay_in_which_they_fell() -> None:
    stays = pd.DataFrame(
        {"deal_id": ["1", "1", "2"], "stage": ["a", "b", "a"], "entered_at": [0, 100, 50],
         "left_at": pd.array([100, 200, pd.NA], dtype="Int64")}
    )  # fmt: skip
    touches = pd.DataFrame(
        {"deal_id": ["1", "1", "1", "1", "2", "3"], "at": [0, 99, 100, 200, 49, 5], "kind": "call"}
    )
    found = per_stay(stays, touches)
    assert found.to_dict("records") == [
        {"deal_id": "1", "stage": "a", "kind": "call", "count": 2},
        {"deal_id": "1", "stage": "b", "kind": "call", "count": 1},
    ]


def test_what_won_deals_did_is_called_an_association() -> None:
    tables = usual(900)
    won = tables.deals.loc[tables.deals["is_won"].fillna(False).astype(bool), "deal_id"]
    first = tables.history.drop_duplicates("deal_id").set_index("deal_id")["changed_at"]
    won = won.iloc[::2]
    touches = pd.DataFrame({"deal_id": won, "at": won.map(first) + 1, "kind": "meeting"})
    found = section(context(tables), FunnelFacts(touches=touches))
    figure = next(f for f in found.figures if f.key == "association")
    assert "An association, no cause" in figure.notes[0]
    assert rows_of(found, "association")[0]["kind"] == "Meetings"


def test_loss_reasons_are_told_where_the_crm_has_them() -> None:
    tables = usual(300)
    assert any(u.startswith("Why deals are lost") for u in section(context(tables), FunnelFacts()).unknown)
    reasons = pd.DataFrame({"deal_id": tables.deals["deal_id"], "reason": "Price"})
    found = section(context(tables), FunnelFacts(reasons=reasons))
    assert {r["reason"] for r in rows_of(found, "losses")} == {"Price"}


def test_the_way_from_the_first_lead_to_the_won_deal() -> None:
    n = 40
    at = np.full(n, SINCE + DAY)
    won = pd.array([SINCE + 50 * DAY if i < 10 else pd.NA for i in range(n)], dtype="Int64")
    frame = pd.DataFrame({"lead": at, "sales": at + DAY, "deal": at + 20 * DAY, "won": won})
    found = section(context(usual(300)), FunnelFacts(milestones=frame))
    rows = {r["step"]: r for r in rows_of(found, "journey")}
    assert rows["Deal won"]["overall"] == 0.25 and rows["Deal opened"]["days"] == 19
    assert any("Marketing lead" in n for f in found.figures if f.key == "journey" for n in f.notes)


def test_pushed_deals_are_named_but_those_of_the_control_group() -> None:
    tables = few([("1", 0, 100, "a"), ("2", 0, 200, "a")], [("1", 0, "a"), ("2", 0, "a")])
    moves = pd.DataFrame(
        {"deal_id": ["1", "1", "1", "2", "2", "2"], "changed_at": [BEGIN + (210 + i) * DAY for i in (0, 1, 2)] * 2,
         "close_date": pd.array([BEGIN + (300 + 10 * i) * DAY for i in (0, 1, 2)] * 2, dtype="Int64")}
    )  # fmt: skip
    history = pd.concat([tables.history, moves], ignore_index=True)
    tables = DealTables(tables.deals, history, tables.stages)
    found = section(context(tables, since=BEGIN), FunnelFacts())
    assert [r["deal"] for r in rows_of(found, "pushed")] == ["Deal 2", "Deal 1"]
    found = section(context(tables, since=BEGIN), FunnelFacts(hidden=frozenset({"2"})))
    assert [r["deal"] for r in rows_of(found, "pushed")] == ["Deal 1"]
    assert "Deal 2" not in everything(found)


def test_several_pipelines_have_figures_of_their_own_and_the_rest_is_named() -> None:
    parts = []
    for i, deals in enumerate((200, 150, 100, 50)):
        part = usual(deals, seed=i)
        part.deals["pipeline"] = f"p{i}"
        parts.append(part)
    tables = joined(*parts)
    tables = DealTables(tables.deals, tables.history, stage_rows(("p0", "p1", "p2", "p3")))
    found = section(context(tables), FunnelFacts())
    assert [k for k in keys(found) if k.startswith("stages")] == ["stages", "stages_2", "stages_3"]
    assert any("P3" in u for u in found.unknown)
    assert len(set(keys(found))) == len(keys(found))


def test_a_breakdown_by_a_column_and_by_one_that_is_not_there() -> None:
    tables = usual(400)
    tables.deals["owner_id"] = np.where(np.arange(400) % 2, "x", "y")
    assert {r["group"] for r in rows_of(section(context(tables, by="owner"), FunnelFacts()), "by")} == {
        "x",
        "y",
    }
    found = section(context(tables, by="team"), FunnelFacts())
    assert any("no Team here" in u for u in found.unknown)


def test_an_empty_crm_is_said_with_what_to_do() -> None:
    none = usual(5).of(pd.Series([False] * 5))
    found = section(context(none), FunnelFacts())
    assert found.hidden.startswith("The CRM has no deals") and not found.figures


def test_a_pipeline_without_history_keeps_what_is_known_of_its_deals() -> None:
    tables = few([("1", 0, 100, "won"), ("2", 0, 100, "a")], [])
    found = section(context(tables, since=BEGIN), FunnelFacts())
    assert any(u.startswith("Pipelines without stage history in this time: P.") for u in found.unknown)
    assert rows_of(found, "win_rate")[0]["open"] == 1


def test_deleted_stages_are_called_so() -> None:
    stages = stage_rows()
    tables = few([("1", 0, 100, "won")], [("1", 0, "a"), ("1", 5, "old"), ("1", 9, "won")], stages)
    found = section(context(tables, since=BEGIN), FunnelFacts())
    assert "old (deleted)" in [r["name"] for r in rows_of(found, "stages")]
    assert any("has deleted: 1." in u for u in found.unknown)


def test_a_deal_that_was_won_twice_is_one_won_deal_and_its_reopening_is_said() -> None:
    tables = few(
        [("1", 0, 100_000, "won")],
        [("1", 0, "a"), ("1", 5, "won"), ("1", 10, "b"), ("1", 20, "won")],
    )
    found = section(context(tables, since=BEGIN), FunnelFacts())
    assert rows_of(found, "win_rate")[0]["won"] == 1
    notes = next(f for f in found.figures if f.key == "win_rate").notes
    assert any("reopened" in n and ": 1." in n for n in notes)


def test_a_time_without_deals_says_so() -> None:
    tables = few([("1", 0, 100, "won")], [("1", 0, "a"), ("1", 5, "won")])
    found = section(context(tables, since=BEGIN + 200 * DAY), FunnelFacts())
    assert "No deal was won or lost in this time." in found.findings


def test_a_currency_without_a_rate_costs_its_amounts_and_is_counted() -> None:
    tables = few(
        [("1", 0, 100_000, "won"), ("2", 0, 300_000, "won")],
        [("1", 0, "a"), ("1", 5, "won"), ("2", 0, "a"), ("2", 5, "won")],
        currency=["EUR", "XAU"],
    )
    rates = Rates(pd.DataFrame(columns=["code", "rate", "start_at", "end_at"]), "EUR", "EUR")
    found = section(context(tables, since=BEGIN, rates=rates), FunnelFacts())
    assert rows_of(found, "cycle")[0]["average"] == 100_000
    assert any(n.endswith("not known: 1.") for f in found.figures for n in f.notes)


def test_one_owner_one_stage_and_negative_amounts() -> None:
    stages = stage_rows()
    stages = stages[stages["stage"].isin(["a", "won"])]
    tables = few(
        [("1", 0, -5_000, "won"), ("2", 0, -700, "a")],
        [("1", 0, "a"), ("1", 9, "won"), ("2", 0, "a")],
        stages,
    )
    found = section(context(tables, since=BEGIN, by="owner"), FunnelFacts())
    assert [r["name"] for r in rows_of(found, "stages")] == ["A"]
    assert rows_of(found, "cycle")[0]["average"] == -5_000
    assert "Deals won in this time: 1; none was lost." in found.findings
