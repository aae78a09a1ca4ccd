"""A forecast as it is given: the same after it was kept, adding up, driven where a driver wins, hidden where too little."""

import json

import numpy as np
import pandas as pd
import pytest
from support.forecast_company import MONTH, RATES, START, company

from sales_consultant.insight.core import Calendar, DealTables, Rates
from sales_consultant.insight.forecast import (
    CompanyForecast,
    Driver,
    Given,
    Hidden,
    Target,
    attain,
    drive,
    endings,
    forecast_company,
    from_given,
    give,
)

AS_OF = START + int(29.5 * MONTH)
CALENDAR = Calendar(4)


def made(
    tables: DealTables, rates: Rates = RATES, as_of: int = AS_OF, **more: object
) -> CompanyForecast | Hidden:
    return forecast_company(tables, rates, CALENDAR, as_of, np.random.default_rng(1), draws=300, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def tables() -> DealTables:
    return company(1200, 30, 5)


@pytest.fixture(scope="module")
def given(tables: DealTables) -> Given:
    found = made(tables, teams={"o1": "North", "o2": "South"})
    assert isinstance(found, CompanyForecast)
    return give(found, AS_OF, "EUR")


def test_what_is_kept_is_what_was_given(given: Given) -> None:
    again = from_given(json.loads(json.dumps(given.record())))
    assert again is not None
    assert again.record() == given.record()
    assert from_given(given.record() | {"version": 99}) is None
    assert from_given({"version": 1}) is None


def test_groups_add_up_to_the_cent_in_every_period(given: Given) -> None:
    total = given.levels["total"].expected[0]
    for level in given.levels.values():
        assert (level.expected.sum(axis=0) == total).all()
        assert (level.booked.sum(axis=0) == given.levels["total"].booked[0]).all()
    assert {s.kind for s in given.spans} == {"month", "quarter", "year"}
    for kind in ("quarter", "year"):
        place = given.place(kind)
        assert place is not None
        assert given.spans[place].start <= AS_OF < given.spans[place].end


def test_a_year_is_what_was_booked_and_what_is_to_come(given: Given) -> None:
    place = given.place("year")
    assert place is not None
    total, span = given.levels["total"], given.spans[place]
    months = [i for i, s in enumerate(given.spans) if s.kind == "month" and span.start <= s.start < span.end]
    ahead = total.expected[0, months].sum() - total.booked[0, months].sum()
    assert abs(total.expected[0, place] - total.booked[0, place] - ahead) <= len(months)


def test_open_deals_count_in_the_span_of_their_close_date_though_it_is_over(tables: DealTables) -> None:
    quarter, month = CALENDAR.period("quarter", AS_OF), CALENDAR.period("month", AS_OF)
    assert quarter.start < month.start
    ended = endings(tables, RATES, AS_OF)
    rows = np.flatnonzero(ended.status == "open")
    earlier, of_month, before, long_ago = rows[:4]
    close = tables.deals["close_date"].copy()
    close.iloc[rows] = pd.NA
    for place, day in (
        (earlier, quarter.start), (of_month, month.start), (before, quarter.start - 1), (long_ago, 10**9)
    ):  # fmt: skip
        close.iloc[place] = day
    found = made(DealTables(tables.deals.assign(close_date=close), tables.history, tables.stages))
    assert isinstance(found, CompanyForecast)
    said = give(found, AS_OF, "EUR")
    cents = tables.deals["cents"].to_numpy(dtype=np.int64)
    year = CALENDAR.period("year", AS_OF)
    standing = dict(zip([s.label for s in said.spans], said.levels["total"].standing[0], strict=True))
    assert standing[month.label] == cents[of_month]
    assert standing[quarter.label] == cents[earlier] + cents[of_month]
    in_year = cents[before] if year.start < quarter.start else 0
    if year.label in standing:
        assert standing[year.label] == standing[quarter.label] + in_year
    for level in said.levels.values():
        assert (level.standing.sum(axis=0) == said.levels["total"].standing[0]).all()


def test_targets_of_owners_teams_and_all(given: Given) -> None:
    place = given.place("quarter")
    assert place is not None
    label = given.spans[place].label
    owners = given.levels["owner"].names
    teams = {owners[0]: "North", owners[1]: "South"}
    booked = {level: one.booked for level, one in given.levels.items()}

    def rows(*targets: Target) -> dict[tuple[str, str], int]:
        found = attain(targets, given.draws(), booked, booked, given.spans, RATES, teams)
        return {(r.level, r.group): r.target for r in found.rows}

    first = [Target(owners[0], label, 500), Target(owners[1], label, 300)]
    own = [*first, *(Target(owner, label, 0) for owner in owners[2:])]
    assert rows(*own)["total", "total"] == 800
    # A team's own target stands for those of its owners; one of all for everything.
    assert rows(*own, Target("North", label, 900))["total", "total"] == 1200
    # The targets of some are no total, unless it has a line of its own.
    assert ("total", "total") not in rows(*first)
    part = attain(first, given.draws(), booked, booked, given.spans, RATES, teams)
    assert part.incomplete == {label: len(owners) - 2}
    assert rows(*first, Target("total", label, 5000))["total", "total"] == 5000
    assert rows(Target("North", label, 900), *own[1:])["total", "total"] == 1200
    assert rows(*own, Target("total", label, 5000))["total", "total"] == 5000
    found = attain([Target("total", label, 10**15)], given.draws(), booked, booked, given.spans, RATES)
    assert found.rows[0].probability == 0


def test_too_little_is_hidden(tables: DealTables) -> None:
    empty = DealTables(tables.deals.iloc[:0], tables.history.iloc[:0], tables.stages)
    assert isinstance(made(empty), Hidden)
    soon = made(tables, as_of=START + int(5.5 * MONTH))
    assert isinstance(soon, Hidden)
    assert soon.reason == "too_few_months"
    no_won = tables.deals.assign(is_won=False, stage="lost")
    history = tables.history[tables.history["stage"] != "won"]
    assert isinstance(made(DealTables(no_won, history, tables.stages)), Hidden)


@pytest.mark.slow
def test_a_currency_without_a_rate_is_left_out_and_counted(tables: DealTables) -> None:
    deals = tables.deals.copy()
    deals.loc[deals.index[::5], "currency"] = "XXX"
    found = made(DealTables(deals, tables.history, tables.stages))
    assert isinstance(found, CompanyForecast)
    assert found.without_rate > 0
    plain = made(tables)
    assert isinstance(plain, CompanyForecast)
    assert sum(found.past.values()) < sum(plain.past.values())


@pytest.mark.slow
def test_one_owner_and_a_pause_of_months_are_no_trouble(tables: DealTables) -> None:
    deals = tables.deals.assign(owner_id="o1")
    pause = (deals["created_at"] > START + 18 * MONTH) & (deals["created_at"] < START + 22 * MONTH)
    found = made(DealTables(deals, tables.history.assign(owner_id=None), tables.stages).of(~pause))
    assert isinstance(found, CompanyForecast)
    assert found.by_month.names["owner"] == ("o1",)


@pytest.mark.slow
def test_what_is_committed_counts_by_both_vendors_words(tables: DealTables) -> None:
    for word in ("COMMIT", "Forecast"):
        found = made(DealTables(tables.deals.assign(forecast_category=word), tables.history, tables.stages))
        assert isinstance(found, CompanyForecast)
        assert found.commit is not None
        np.testing.assert_allclose(found.commit["total"], found.standing["total"])
    nothing = made(DealTables(tables.deals.assign(forecast_category=""), tables.history, tables.stages))
    assert isinstance(nothing, CompanyForecast)
    assert nothing.commit is None


def test_of_several_drivers_the_best_alone_is_used() -> None:
    rng = np.random.default_rng(3)
    cause = rng.normal(size=66)
    values = 1000 + 60 * cause[:60] + rng.normal(size=60) * 20
    first = 2020 * 12
    good = Driver("index", first, cause)
    noisy = Driver("half", first, cause + rng.normal(size=66) * 0.7)
    none = Driver("noise", first, rng.normal(size=66))
    found = drive(values, "2020-01", [noisy, good, none], 6, rng)
    assert {name: t.reason for name, t in found.tests.items()} == {
        "index": "used", "half": "another_is_better", "noise": "noise",
    }  # fmt: skip
    assert np.corrcoef(found.shift, cause[60:])[0, 1] > 0.9
    assert (drive(values, "2020-01", [none], 6, rng).shift == 0).all()
    assert (drive(values, "2020-01", [], 6, rng).shift == 0).all()
