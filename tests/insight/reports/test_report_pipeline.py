"""The section "pipeline": the waterfall adds up in what is printed, and odd data costs only itself."""

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.funnel_company import DAY
from support.report_company import AS_OF, BEGIN, WORDS, context, everything, few, keys, rows_of, usual

from sales_consultant.insight.core import DealTables, Rates
from sales_consultant.insight.reports import Report, Section, row_of, text
from sales_consultant.insight.reports.pipeline import begin, section

NONE: frozenset[str] = frozenset()


def amounts(found: Section, key: str = "waterfall") -> list[int]:
    return [int(str(r["amount"])) for r in rows_of(found, key)]


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), days=st.integers(1, 290))
def test_what_is_printed_adds_up(seed: int, days: int) -> None:
    found = section(context(usual(60, seed), since=AS_OF - days * DAY), NONE)
    for key in ("waterfall", "waterfall_quarter"):
        first, *moved, last = amounts(found, key)
        assert first + sum(moved) == last


def test_each_movement_lists_its_deals_the_largest_first() -> None:
    found = section(context(usual(200)), NONE)
    moved = {r["movement"]: r for r in rows_of(found, "waterfall")}
    created = rows_of(found, "deals_created")
    figure = next(f for f in found.figures if f.key == "deals_created")
    assert len(created) + figure.table.more >= int(str(moved["Created"]["deals"]))
    sizes = [abs(int(str(r["amount"]))) for r in created]
    assert len(created) == 20 and sizes == sorted(sizes, reverse=True)
    assert "Created: deals made in this time" in next(f for f in found.figures if f.key == "waterfall").method


def test_changes_of_amount_and_date_say_from_what_to_what() -> None:
    tables = few([("1", 0, 500_000, "a")], [("1", 0, "a")])
    quarter = BEGIN + 274 * DAY  # 1 October
    changes = pd.DataFrame(
        {
            "deal_id": "1", "changed_at": [BEGIN, BEGIN, BEGIN + 250 * DAY, BEGIN + 260 * DAY],
            "cents": pd.array([400_000, pd.NA, 500_000, pd.NA], dtype="Int64"),
            "close_date": pd.array([pd.NA, quarter - 9 * DAY, pd.NA, quarter + 9 * DAY], dtype="Int64"),
        }
    )  # fmt: skip
    deals = tables.deals.assign(close_date=pd.array([quarter + 9 * DAY], dtype="Int64"))
    tables = DealTables(deals, pd.concat([tables.history, changes], ignore_index=True), tables.stages)
    found = section(context(tables), NONE)
    up, pulled = rows_of(found, "deals_amount_up")[0], rows_of(found, "deals_pulled_in")[0]
    assert (up["amount"], up["before"], up["after"]) == (100_000, 400_000, 500_000)
    assert (pulled["before"], pulled["after"]) == (date(2024, 9, 22), date(2024, 10, 10))
    # In files and JSON they are values, on the page what people read.
    figures = {f.key: f for f in found.figures}
    told = {
        k: row_of(figures[k].table, figures[k].table.rows[0]) for k in ("deals_amount_up", "deals_pulled_in")
    }
    assert (told["deals_amount_up"]["before"], told["deals_amount_up"]["after"]) == (4000.0, 5000.0)
    assert told["deals_pulled_in"]["before"] == "2024-09-22"
    page = text(Report("pipeline", "en", "", "", "", AS_OF, BEGIN, "EUR", "booked", "UTC", (found,)), WORDS)
    assert "€4,000" in page and "22 Sept 2024" in page


def test_without_since_it_begins_with_the_fiscal_quarter_and_says_so() -> None:
    ground = context(usual(100), given=False)
    assert begin(ground) == ground.calendar.period("quarter", AS_OF).start
    first = section(ground, NONE).figures[0]
    assert any(n.startswith("No --since was given") for n in first.notes)
    assert not any(n.startswith("No --since") for n in section(context(usual(100)), NONE).figures[0].notes)
    at_start = context(usual(100), given=False, as_of=begin(ground))
    assert begin(at_start) < begin(ground)


def test_deals_of_the_control_group_count_and_are_not_named() -> None:
    tables = usual(100)
    whole = section(context(tables), NONE)
    hidden = frozenset(tables.deals["deal_id"][:90])
    found = section(context(tables), hidden)
    assert amounts(found) == amounts(whole)
    said = everything(found)
    assert not any(f"Deal {i}" in said for i in hidden)
    assert any(f"Deal {i}" in everything(whole) for i in hidden)


def test_old_deals_are_told_against_won_ones() -> None:
    won = [(f"w{i}", 100, 100, "won") for i in range(30)]
    moves = [m for i in range(30) for m in ((f"w{i}", 100.0, "a"), (f"w{i}", 110.0 + i, "won"))]
    tables = few(
        [*won, ("old", 150, 900, "a"), ("new", 295, 900, "a")], [*moves, ("old", 150, "a"), ("new", 295, "a")]
    )
    rows = rows_of(section(context(tables), NONE), "ageing")
    assert [r["deal"] for r in rows] == ["Deal old"]
    assert rows[0]["days"] == 150 and rows[0]["limit"] == pytest.approx(36.1)


def test_with_few_won_deals_no_age_is_called_old() -> None:
    found = section(context(few([("1", 0, 100, "a")], [("1", 0, "a")])), NONE)
    assert "ageing" not in keys(found)
    assert any(u.startswith("How old a deal may be") for u in found.unknown)


def test_an_empty_crm_and_one_whose_deals_are_never_open() -> None:
    assert section(context(usual(5).of(pd.Series([False] * 5))), NONE).hidden.startswith(
        "The CRM has no deals"
    )
    tables = few([("1", 250, 100, "won")], [("1", 250, "won")])
    assert section(context(tables), NONE).hidden.startswith("No deal was open since")


def test_deals_won_at_once_are_said_to_be_in_no_movement() -> None:
    tables = few([("1", 250, 70_000, "won"), ("2", 250, 100, "a")], [("1", 250, "won"), ("2", 250, "a")])
    notes = section(context(tables), NONE).figures[0].notes
    assert any(n.startswith("Deals won without having been open") and "1, worth €700" in n for n in notes)


def test_without_history_it_says_what_cannot_be_told() -> None:
    found = section(context(few([("1", 0, 100, "a")], [])), NONE)
    assert any(u.startswith("No history of deals is known") for u in found.unknown)
    assert amounts(found) == [100, 100]


def test_a_stage_that_was_deleted_a_gap_and_a_reopened_deal() -> None:
    tables = few(
        [("1", 0, 100, "old"), ("2", 0, 200, None), ("3", 0, 400, "b")],
        [("1", 0, "a"), ("1", 9, "old"), ("3", 0, "a"), ("3", 150, "won"), ("3", 250, "b")],
    )
    found = section(context(tables), NONE)
    assert {r["group"] for r in rows_of(found, "stages")} == {"old (deleted)", "not given", "B"}
    assert rows_of(found, "deals_reopened")[0]["before"] == "won"


def test_a_currency_without_a_rate_counts_with_no_money_and_is_said() -> None:
    tables = few(
        [("1", 0, 100, "a"), ("2", 0, 900, "a")], [("1", 0, "a"), ("2", 0, "a")], currency=["EUR", "XAU"]
    )
    rates = Rates(pd.DataFrame(columns=["code", "rate", "start_at", "end_at"]), "EUR", "EUR")
    found = section(context(tables, rates=rates), NONE)
    assert amounts(found)[-1] == 100
    assert any("without an amount or a rate: 1." in n for n in found.figures[0].notes)


def test_negative_amounts_balance() -> None:
    tables = few(
        [("1", 0, -5_000, "won"), ("2", 250, -700, "a")], [("1", 0, "a"), ("1", 250, "won"), ("2", 250, "a")]
    )
    found = section(context(tables, by="owner"), NONE)
    assert amounts(found) == [-5_000, -700, 5_000, -700]


def test_history_that_begins_later_than_the_report_leaves_its_deals_without_a_stage() -> None:
    tables = few([("1", 0, 100, "b")], [("1", 250, "a"), ("1", 260, "b")])
    found = section(context(tables), NONE)
    # Until its history begins nobody knows the stage; the deal is open all along.
    assert amounts(found) == [100, 100]


def test_what_owners_give_on_is_told_by_owner_and_adds_up() -> None:
    tables = few([("1", 0, 500_000, "a"), ("2", 0, 300_000, "a")], [("1", 0, "a"), ("2", 0, "a")])
    deals = tables.deals.assign(owner_id=["bob", "ann"])
    moved = pd.DataFrame(
        {"deal_id": "1", "changed_at": [BEGIN, BEGIN + 250 * DAY], "owner_id": ["ann", "bob"]}
    )
    tables = DealTables(deals, pd.concat([tables.history, moved], ignore_index=True), tables.stages)
    found = section(context(tables, by="owner"), NONE)
    rows = {str(r["group"]): r for r in rows_of(found, "waterfall_by")}
    assert rows["ann"]["reassigned_out"] == -500_000 and rows["bob"]["reassigned_in"] == 500_000
    for row in rows.values():
        assert sum(int(str(v)) for k, v in row.items() if k not in ("group", "end")) == row["end"]
    assert rows["All"]["end"] == amounts(found)[-1]
    (given_on,) = rows_of(found, "deals_reassigned")
    assert (given_on["before"], given_on["after"], given_on["amount"]) == ("ann", "bob", 500_000)
    hidden = section(context(tables, by="owner"), frozenset({"1"}))
    assert "deals_reassigned" not in keys(hidden) and "waterfall_by" in keys(hidden)
    # In one team nothing is given on; by anything else it is not told.
    one = replace(context(tables, by="team"), teams={"ann": "North", "bob": "North"})
    (north, whole) = rows_of(section(one, NONE), "waterfall_by")
    assert north["group"] == "North" and "reassigned_in" not in north and north["end"] == whole["end"]
    assert "waterfall_by" not in keys(section(context(tables), NONE))


def test_an_amount_without_a_rate_is_unknown_and_no_zero() -> None:
    deals = [("1", 0, 500_000, "a"), ("2", 0, 300_000, "b"), ("3", 250, 90_000, "a")]
    tables = few(deals, [("1", 0, "a"), ("2", 0, "b"), ("3", 250, "a")])
    tables = DealTables(tables.deals.assign(currency=["EUR", "XXX", "XXX"]), tables.history, tables.stages)
    found = section(context(tables), NONE)
    stages = {str(r["group"]): r["amount"] for r in rows_of(found, "stages")}
    assert sorted(stages.values(), key=str) == [500_000, None], "a stage of which no amount is known has none"
    (created,) = rows_of(found, "deals_created")
    assert created["amount"] is None
    unrated = tables.deals["currency"] == "XXX"
    closing = tables.deals["close_date"].where(~unrated, AS_OF + DAY).astype("Int64")
    tables = DealTables(tables.deals.assign(close_date=closing), tables.history, tables.stages)
    (row,) = rows_of(section(context(tables), NONE), "coverage")
    assert (row["open"], row["deals"], row["coverage"]) == (None, 2, None)
