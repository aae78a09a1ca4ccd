"""Contracts that fields tell of: found by name or by the settings, as of a time, and never a chance of being alive."""

from typing import Any

import numpy as np
import pytest
from support.worlds import DAY, NOW, World

from sales_consultant.config.populations import Exclusions
from sales_consultant.engine import DuckEngine
from sales_consultant.scoring.customers.contracts import ContractFields, contracts, read_from
from sales_consultant.scoring.customers.purchases import purchases, summary
from sales_consultant.scoring.customers.renewals import Renewals, terms
from sales_consultant.scoring.customers.value import ValueModel, fit_customers

TODAY = NOW // DAY


def world(customers: int = 3, *, bought: tuple[int, ...] = (700, 90)) -> World:
    """Companies that bought so many days ago, at gaps that no contract has."""
    made = World()
    for i in range(customers):
        made.add("companies", id=f"c{i}", name=f"C {i}", created_at=NOW - 2000 * DAY)
        for n, ago in enumerate(bought):
            when = NOW - (ago + 7 * i) * DAY
            deal = {"created_at": when - DAY, "closed_at": when, "is_closed": True, "is_won": True}
            made.add("deals", id=f"d{i}-{n}", name="Order", company_id=f"c{i}", amount=120.5 + i, **deal)
    return made


def with_field(engine: DuckEngine, table: str, column: str, kind: str, values: dict[str, Any]) -> None:
    engine.con.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
    for id, value in values.items():
        engine.con.execute(f"UPDATE {table} SET {column} = ? WHERE id = ?", [value, id])


@pytest.mark.parametrize(
    "column",
    [
        "c_renewal_date",
        "c_Next_Renewal__date",
        "c_contract_end_date",
        "c_contractenddate",
        "c_subscription_expiry",
        "c_licence_expires_on",
        "c_subscription_renewal_date",
        "c_contractExpirationDate",
        "c_renewaldate",
        "RenewalDate__c",
        "Customer_Renewal_Date__c",
        "c_RenewalDate",
        "c_arr_renewal_date",
        "c_client_contract_end_date",
        "c_end_of_contract",
        "c_end_of_subscription_date",
        "c_expiry",
        "expiry_date",
        "c_Expiration_Date__c",
    ],
)
def test_dates_are_known_by_the_names_that_crms_give_them(column: str) -> None:
    with world().connection() as engine:
        with_field(engine, "companies", column, "DATE", {"c0": "2030-01-01"})
        assert read_from(engine, ContractFields())["renewal_date"] == [f"companies.{column}"]


@pytest.mark.parametrize(
    "column",
    [
        "c_weekend",
        "c_birthday",
        "c_renewed_by",
        "c_end",
        "c_project_end_date",
        "c_long_term",
        "c_arr_renewal",
        "c_end_of_life",
        "c_end_of_support",
        "c_trial_expiry_date",
        "c_contract_year",
    ],
)
def test_other_dates_and_words_are_none(column: str) -> None:
    with world().connection() as engine:
        with_field(engine, "companies", column, "VARCHAR", {})
        assert read_from(engine, ContractFields()) == {"renewal_date": [], "term_months": []}


def test_an_expiry_of_nothing_in_particular_counts_where_it_can_only_be_the_contract_s() -> None:
    with world(1).connection() as engine:
        with_field(engine, "deals", "c_expiry_date", "DATE", {})
        assert read_from(engine, ContractFields())["renewal_date"] == []
        with_field(engine, "companies", "c_expiry_date", "DATE", {})
        assert read_from(engine, ContractFields())["renewal_date"] == ["companies.c_expiry_date"]
        with_field(engine, "companies", "c_expires_on", "DATE", {})
        assert read_from(engine, ContractFields())["renewal_date"] == []
        with_field(engine, "deals", "c_contract_end", "DATE", {})
        assert read_from(engine, ContractFields())["renewal_date"] == ["deals.c_contract_end"]


@pytest.mark.parametrize(
    ("column", "days"),
    [
        ("c_contract_term_years", 730.0),
        ("c_term_in_years", 730.0),
        ("ContractTermYears__c", 730.0),
        ("c_contract_years", 730.0),
        ("c_contract_term", 730 / 12),
        ("Contract_Term_Months__c", 730 / 12),
    ],
)
def test_a_term_is_in_months_unless_its_name_says_years(column: str, days: float) -> None:
    with world(1).connection() as engine:
        with_field(engine, "companies", column, "DOUBLE", {"c0": 2.0})
        for given in (ContractFields(), ContractFields(term_months=f"companies.{column}")):
            assert contracts(engine, as_of=NOW, given=given)["term_days"]["c0"] == pytest.approx(days)


def test_a_date_or_a_term_makes_a_contract_and_no_chance_of_being_alive() -> None:
    with world(60, bought=(900, 420, 80)).connection() as engine:
        free = fit_customers(engine, as_of=NOW, exclusions=Exclusions())
        risk = free.predict(engine, as_of=NOW).set_index("record_id")["churn_risk"]
        assert free.card["contractual"] == 0 and risk.notna().all()
        with_field(
            engine, "companies", "c_renewal_date", "BIGINT", {"c0": NOW + 100 * DAY, "c1": NOW - 2000 * DAY}
        )
        with_field(engine, "deals", "c_contract_term", "DOUBLE", {"d2-2": 24.0, "d3-2": 0.0})
        table = summary(purchases(engine, as_of=NOW), as_of=NOW)
        # One whose contract was over long before it bought last, or that has no term to speak of, buys freely.
        assert table.index[table["contractual"]].tolist() == ["c0", "c2"]
        model = ValueModel.from_dict(fit_customers(engine, as_of=NOW, exclusions=Exclusions()).to_dict())
        assert model.card["contractual"] == 2
        assert model.card["contract_fields"]["renewal_date"] == ["companies.c_renewal_date"]
        told = model.predict(engine, as_of=NOW).set_index("record_id")["churn_risk"]
        # Too few terms are decided to know a risk: then there is none, rather than a wrong one.
        assert told[["c0", "c2"]].isna().all()
        assert told.drop(["c0", "c2"]).notna().all()


@pytest.mark.parametrize(("days", "told"), [((300,), False), ((300, 290), False), ((700, 335), True)])
def test_too_short_a_history_under_a_contract_has_no_value(days: tuple[int, ...], told: bool) -> None:
    """Two purchases within ten days were a yearly rate of twelve; none is given, and what spans a year is."""
    with world(3, bought=days).connection() as engine:
        with_field(engine, "companies", "c_renewal_date", "BIGINT", {"c0": NOW + 100 * DAY})
        model = fit_customers(engine, as_of=NOW, exclusions=Exclusions())
        row = model.predict(engine, as_of=NOW).set_index("record_id").loc["c0"]
        if told:
            assert row["value_12m"] == pytest.approx(row["monetary"])
        else:
            assert np.isnan(row["value_12m"])


def test_the_term_runs_to_the_date_in_the_field() -> None:
    with world(4, bought=(500, 200)).connection() as engine:
        with_field(engine, "companies", "c_renewal_date", "BIGINT", {
            "c0": NOW + 165 * DAY,
            "c1": NOW - 20 * DAY,
            "c2": NOW - 214 * DAY,  # signed a little before the date, which nobody has moved since
        })  # fmt: skip
        with_field(engine, "companies", "c_term_months", "DOUBLE", {f"c{i}": 12.0 for i in range(4)})
        bought = purchases(engine, as_of=NOW)
        held = terms(bought, summary(bought, as_of=NOW).index, as_of_day=TODAY)
        assert held["term_days"].tolist() == [365.0] * 4
        assert held["since_days"].tolist() == [200, 385, 200 + 14, 200 + 21]
        risk, times, _, _ = Renewals({"alpha": 1.0, "beta": 3.0}, tuple(np.linspace(-0.1, 0.2, 21))).predict(
            held
        )
        assert risk[1] > risk[0] == risk[3]
        assert times[0] == pytest.approx(1 - risk[0] / 100)


def test_values_are_those_that_were_known_then() -> None:
    made = world(1)
    made.add(
        "fields",
        object="companies",
        column_name="c_renewal_date",
        name="x",
        label="x",
        type="datetime",
        known="history",
    )
    for ago, ahead in ((400, 30), (50, 300)):
        value = str(NOW + ahead * DAY)
        made.add(
            "field_history",
            object="companies",
            record_id="c0",
            field="c_renewal_date",
            value=value,
            changed_at=NOW - ago * DAY,
        )
    with made.connection() as engine:
        with_field(engine, "companies", "c_renewal_date", "BIGINT", {"c0": NOW + 300 * DAY})
        assert contracts(engine, as_of=NOW)["renewal_day"]["c0"] == TODAY + 300
        assert contracts(engine, as_of=NOW - 60 * DAY)["renewal_day"]["c0"] == TODAY + 30
        assert contracts(engine, as_of=NOW - 500 * DAY).empty


def test_the_settings_name_any_field_and_then_no_other_counts() -> None:
    with world(2).connection() as engine:
        with_field(
            engine,
            "deals",
            "c_paket_bis",
            "VARCHAR",
            {"d0-1": "2030-05-01", "d0-0": "2031-05-01", "d1-1": "bald"},
        )
        with_field(engine, "companies", "c_renewal_date", "DATE", {"c1": "2030-01-01"})
        given = ContractFields(renewal_date="deals.c_paket_bis")
        held = contracts(engine, as_of=NOW, given=given)
        assert list(held.index) == ["c0"]
        assert held["renewal_day"]["c0"] == pytest.approx(22400, abs=40)  # 2031-05-01: the later of the two
        model = fit_customers(engine, as_of=NOW, exclusions=Exclusions(), fields=given)
        assert ValueModel.from_dict(model.to_dict()).fields == given
        assert model.card["contractual"] == 1
