"""What became of each stay in a stage, on histories that are written out, and on odd ones."""

from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from support.funnel_company import stage_rows

from sales_consultant.insight.core import Calendar, DealTables, Rates, visits
from sales_consultant.insight.funnel import endings, funnel, incidence, skips, stays

DAY = 86_400_000
AS_OF = 100 * DAY
NO_RATES = Rates(pd.DataFrame(columns=["code", "rate", "start_at", "end_at"]), "EUR", "EUR")


def tables(
    paths: dict[str, list[tuple[float, str]]], stages: pd.DataFrame | None = None, **columns: Any
) -> DealTables:
    """Deals by their changes of stage (day, stage), each made with the first one but where `created_at` (days) is given."""
    made = columns.pop("created_at", {})
    deals = pd.DataFrame(
        [
            {"deal_id": d, "name": d, "pipeline": "p", "owner_id": "o", "company_id": None, "currency": "EUR",
             "stage": rows[-1][1] if rows else "a", "cents": 100, "close_date": 50 * DAY,
             "created_at": int(made.get(d, rows[0][0] if rows else 0) * DAY), "closed_at": None, "is_closed": False, "is_won": False}
            for d, rows in paths.items()
        ],
        columns=["deal_id", "name", "pipeline", "owner_id", "company_id", "currency", "stage", "cents", "close_date", "created_at",
                 "closed_at", "is_closed", "is_won"],
    )  # fmt: skip
    deals = deals.astype(
        {
            "cents": "Int64",
            "close_date": "Int64",
            "created_at": "Int64",
            "closed_at": "Int64",
            "is_won": "boolean",
        }
    )
    deals = deals.assign(**{k: deals["deal_id"].map(v) for k, v in columns.items()})
    history = pd.DataFrame(
        [(d, int(at * DAY), s, None, None, None) for d, rows in paths.items() for at, s in rows],
        columns=["deal_id", "changed_at", "stage", "cents", "close_date", "owner_id"],
    ).astype({"cents": "Int64", "close_date": "Int64", "changed_at": "int64"})
    return DealTables(deals, history, stage_rows() if stages is None else stages)


def by_stage(t: DealTables, **more: Any) -> dict[str, dict[str, Any]]:
    table = funnel(t, AS_OF, **more).stages
    return {str(r["stage"]): {str(k): v for k, v in r.items()} for r in table.to_dict("records")}


def test_every_way_to_leave_a_stage() -> None:
    t = tables(
        {
            "1": [(0, "a"), (10, "b"), (20, "c"), (30, "won")],
            "2": [(0, "a"), (5, "lost")],
            "3": [(0, "a"), (4, "c"), (9, "b")],  # jumped over b, and came back to it
            "4": [(0, "a"), (2, "b"), (3, "a")],  # returned, and stands in a again
            "5": [(90, "a")],
            "6": [(0, "a"), (8, "won")],  # jumped over b and c
        }
    )
    found = by_stage(t)
    a, b, c = found["a"], found["b"], found["c"]
    assert [
        a[k] for k in ("entered", "deals", "advanced", "jumped", "lost", "returned", "still", "came_back")
    ] == [7, 6, 4, 2, 1, 0, 2, 1]
    assert [b[k] for k in ("entered", "advanced", "returned", "still", "skipped", "came_back")] == [
        3,
        1,
        1,
        1,
        2,
        0,
    ]
    assert [c[k] for k in ("entered", "advanced", "returned", "still", "skipped")] == [2, 1, 1, 0, 1]
    assert a["conversion"] == pytest.approx(4 / 5) and a["conversion_low"] < 4 / 5 < a["conversion_high"] < 1
    rows = stays(t, AS_OF)
    first = rows[(rows["deal_id"] == "1") & (rows["stage"] == "a")].iloc[0]
    assert (first["days"], first["delay"], first["outcome"]) == (10, 0, "advanced")
    # The stage says which deals went past it, once each.
    assert sorted(skips(t, visits(t, AS_OF))["deal_id"]) == ["3", "6", "6"]


def test_jumps_can_compete_with_advancing_step_by_step() -> None:
    t = tables(
        {
            "1": [(0, "a"), (10, "b")],
            "2": [(0, "a"), (5, "c")],
            "3": [(0, "a"), (6, "lost")],
            "4": [(0, "a"), (7, "won")],
        }
    )
    rows = stays(t, AS_OF)
    curves = incidence(rows[rows["stage"] == "a"], split_jumps=True)
    assert [round(curves[k].at(50).value, 10) for k in ("advanced", "jumped", "lost")] == [0.25, 0.5, 0.25]


def test_as_of_an_earlier_day_later_changes_are_not_known() -> None:
    t = tables({"1": [(0, "a"), (10, "b"), (20, "lost")]})
    early = funnel(t, 15 * DAY).stages.set_index("stage")
    assert (early.loc["a", "advanced"], early.loc["b", "still"], early.loc["b", "lost"]) == (1, 1, 0)


def test_a_window_counts_what_was_entered_in_it_and_times_what_was_seen_in_it() -> None:
    t = tables({"1": [(0, "a"), (30, "b")], "2": [(25, "a"), (28, "b")], "3": [(0, "a"), (10, "b")]})
    rows = stays(t, AS_OF, 20 * DAY)
    a = rows[rows["stage"] == "a"].set_index("deal_id")
    assert a.index.tolist() == ["1", "2"]
    assert (a.loc["1", "delay"], a.loc["1", "days"], bool(a.loc["1", "counted"])) == (20, 30, False)
    assert (a.loc["2", "delay"], a.loc["2", "days"], bool(a.loc["2", "counted"])) == (0, 3, True)
    assert by_stage(t, since=20 * DAY)["a"]["entered"] == 1


def test_a_first_stay_that_was_not_seen_to_begin() -> None:
    t = tables(
        {"1": [(20, "a"), (30, "b")], "2": [(20, "b"), (25, "c")], "3": [(0.02, "a"), (5, "b")]},
        created_at={"1": 0, "2": 0, "3": 0},
    )
    rows = stays(t, AS_OF).set_index(["deal_id", "stage"])
    # In the first stage it began with the deal, and was seen from day 20 on.
    assert (rows.loc[("1", "a"), "delay"], rows.loc[("1", "a"), "days"]) == (20, 30)
    # In another one nobody knows.
    assert rows["days"].isna()[("2", "b")]
    # Half an hour is no gap.
    assert bool(rows.loc[("3", "a"), "counted"]) and rows.loc[("3", "a"), "delay"] == 0
    found = by_stage(t)
    assert (found["a"]["entered"], found["a"]["unseen"], found["b"]["entered"], found["b"]["unseen"]) == (
        1,
        1,
        2,
        1,
    )


def test_a_deal_won_twice_is_one_won_deal() -> None:
    t = tables({"1": [(0, "a"), (10, "won"), (20, "b"), (30, "won")], "2": [(0, "a"), (5, "lost"), (9, "a")]})
    ends = endings(t, AS_OF, NO_RATES).set_index("deal_id")
    assert (ends.loc["1", "times_won"], ends.loc["1", "reopened"], ends.loc["1", "days"]) == (2, 1, 30)
    assert (ends.loc["2", "status"], ends.loc["2", "reopened"]) == ("open", 1)
    assert ends["ended_at"].isna()["2"]
    found = by_stage(t)
    assert (found["a"]["entered"], found["a"]["advanced"], found["a"]["lost"], found["b"]["advanced"]) == (
        3,
        1,
        1,
        1,
    )


def test_stages_deleted_and_unknown() -> None:
    stages = pd.concat(
        [
            stage_rows(),
            pd.DataFrame([("p", "P", "old", "Old", 1.5, False, False, True)], columns=stage_rows().columns),
        ]
    )
    t = tables(
        {
            "1": [(0, "a"), (10, "old"), (20, "c")],
            "2": [(50, "b"), (60, "c")],
            "3": [(0, "a"), (10, "nobody"), (20, "b")],
        },
        stages,
    )
    found = by_stage(t)
    assert (found["old"]["advanced"], found["old"]["skipped"]) == (1, 0)
    # To and from a stage of which nobody knows the place a deal has only moved.
    assert (found["a"]["moved"], found["nobody"]["moved"]) == (1, 1)
    assert funnel(t, AS_OF).unknown_stage == 1


def test_a_deal_that_moved_between_pipelines() -> None:
    other = stage_rows(("q",)).assign(stage=["x", "y", "z", "qwon", "qlost"])
    t = tables(
        {"1": [(0, "x"), (10, "b"), (20, "c")], "2": [(0, "x"), (5, "y"), (8, "a")]},
        pd.concat([stage_rows(), other]),
    )
    table = funnel(t, AS_OF).stages.set_index(["pipeline", "stage"])
    assert (table.loc[("q", "x"), "moved"], table.loc[("q", "x"), "advanced"]) == (1, 1)
    assert (table.loc[("q", "y"), "moved"], table.loc[("p", "b"), "advanced"]) == (1, 1)
    assert (table["skipped"] == 0).all()


def test_no_history_one_stage_and_nothing_at_all() -> None:
    none = funnel(tables({"1": [], "2": []}), AS_OF)
    assert (len(none.stages), none.deals, none.without_history) == (0, 2, 2)
    empty = funnel(tables({}), AS_OF)
    assert (len(empty.stages), empty.deals) == (0, 0)
    assert {"entered", "conversion_low", "skipped", "median"} <= set(empty.stages.columns)
    every = stage_rows()
    one = every.loc[every["stage"].isin(["a", "won", "lost"])]
    found = by_stage(tables({"1": [(0, "a"), (4, "won")], "2": [(0, "a")]}, one))
    assert (found["a"]["advanced"], found["a"]["still"], found["a"]["conversion"]) == (1, 1, 1)
    assert len(endings(tables({}), AS_OF, NO_RATES)) == 0


def test_by_a_column_and_by_period() -> None:
    t = tables(
        {"1": [(0, "a"), (5, "b")], "2": [(40, "a"), (45, "lost")], "3": [(41, "a")]},
        source={"1": "web", "2": "web"},
    )
    table = funnel(t, AS_OF, by="source", calendar=Calendar(1, ZoneInfo("UTC")), period="month").stages
    told = {(r["group"], r["period"], r["stage"]): r["entered"] for r in table.to_dict("records")}
    assert told == {
        ("web", "1970-01", "a"): 1,
        ("web", "1970-01", "b"): 1,
        ("web", "1970-02", "a"): 1,
        ("", "1970-02", "a"): 1,
    }
