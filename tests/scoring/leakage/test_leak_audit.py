"""Planted leaks of every kind are found and dropped; honest columns, however strong, are kept."""

import numpy as np
import pandas as pd
import pytest

from sales_consultant.scoring.features.field_names import known_leaker
from sales_consultant.scoring.leakage.univariate import single_fields
from sales_consultant.scoring.propensity.propensity import PropensityModel

ROWS = 3000


def honest(seed: int = 0, n: int = ROWS) -> tuple[pd.DataFrame, np.ndarray, np.random.Generator]:
    """A table without a leak: numbers, gaps that say a little, a level that hardly ever buys."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, n))
    kind = rng.choice(["student", "small", "large"], n, p=[0.2, 0.5, 0.3])
    margin = -0.8 + 1.0 * a - 0.5 * b + np.select([kind == "student", kind == "large"], [-2.5, 0.8], 0.0)
    y = (rng.random(n) < 1 / (1 + np.exp(-margin))).astype(int)
    X = pd.DataFrame({"a": a, "b": b, "kind": kind, "visits": rng.poisson(np.exp(0.3 * a))})
    X["phone"] = pd.Series("known", index=X.index).where(rng.random(n) < 0.4 + 0.1 * (a > 0), None)
    X["region"] = rng.choice(["north", "south"], n)
    return X, y, rng


@pytest.mark.parametrize("seed", range(6))
def test_an_honest_table_loses_nothing(seed: int) -> None:
    X, y, _ = honest(seed)
    assert PropensityModel(tier="full").fit(X, y).leaks_ == []


def test_a_column_of_noise_loses_nothing() -> None:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(ROWS, 30)), columns=[f"n{i}" for i in range(30)])
    X["few"] = pd.Series("yes", index=X.index).where(rng.random(ROWS) < 0.02, None)
    assert PropensityModel(tier="full").fit(X, (rng.random(ROWS) < 0.3).astype(int)).leaks_ == []


def planted(kind: str) -> tuple[pd.DataFrame, np.ndarray, set[str]]:
    X, y, rng = honest()
    n = len(y)
    won, lost = y == 1, y == 0
    if kind == "single_field":
        X["handover"] = np.where(won, rng.normal(5, 1, n), rng.normal(0, 1, n))
        return X, y, {"handover"}
    if kind == "filled on some of the won":
        X["account_no"] = np.where(
            won & (rng.random(n) < 0.2), rng.integers(1, 10**6, n).astype(float), np.nan
        )
        return X, y, {"account_no"}
    if kind == "filled on some of the lost":
        X["churned_to"] = pd.Series("a rival", index=X.index).where(lost & (rng.random(n) < 0.15), None)
        return X, y, {"churned_to"}
    if kind == "empty on the won":
        X["next_call"] = pd.Series("soon", index=X.index).mask(won & (rng.random(n) < 0.4), None)
        return X, y, {"next_call"}
    if kind == "values that only the won have":
        after = np.where(rng.random(n) < 0.5, "onboarding", "support")
        X["desk"] = np.where(won & (rng.random(n) < 0.45), after, rng.choice(["sales", "none"], n))
        return X, y, {"desk"}
    if kind == "a count above zero only on the won":
        X["seats_live"] = np.where(won & (rng.random(n) < 0.3), rng.integers(1, 9, n), 0)
        return X, y, {"seats_live"}
    # In combination: what is invoiced is the offer, plus something where it was won; each alone is noise.
    offer = rng.normal(100, 30, n)
    X["offer"], X["billed"] = offer, offer + np.where(won, 8.0, 0.0) + rng.normal(0, 1, n)
    return X, y, {"offer", "billed"}


KINDS = (
    "single_field",
    "filled on some of the won",
    "filled on some of the lost",
    "empty on the won",
    "values that only the won have",
    "a count above zero only on the won",
    "in combination",
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_planted_leak_is_found_and_nothing_else(kind: str) -> None:
    X, y, leaks = planted(kind)
    model = PropensityModel(tier="full").fit(X, y)
    assert {f.column for f in model.leaks_} == leaks
    assert not leaks & set(model.columns_)
    assert all(f.evidence and f.kind for f in model.leaks_)
    clean = X.drop(columns=list(leaks))
    without = PropensityModel(tier="full").fit(clean, y)
    assert np.allclose(model.predict_proba(X), without.predict_proba(clean))


@pytest.mark.parametrize("share", [0.05, 0.15, 0.25])
def test_a_level_that_only_the_won_have_takes_no_honest_column_with_it(share: float) -> None:
    """The level is learnt from as if it were the average row; what else the column says is kept."""
    X, y, rng = honest()
    after = (y == 1) & (rng.random(len(y)) < share)
    X["kind"] = np.where(after, "customer", X["kind"])
    model = PropensityModel(tier="full", tables=False).fit(X, y)
    assert model.leaks_ == [] and [(f.column, f.level) for f in model.levels_] == [("kind", "customer")]
    assert "kind" in model.columns_
    told = model.contributions(X)[:, list(X.columns).index("kind")]
    assert np.abs(told[after]).max() < 1e-9
    assert told[X["kind"] == "student"].max() < -1


def test_names_of_known_leakers_are_enough() -> None:
    X, y, rng = honest()
    for name in ("loss_reason", "is_sql", "current_stage", "total_touches_all", "lead_score", "ClosedDate"):
        X[name] = rng.normal(size=len(y))
    found = {f.column: f.kind for f in PropensityModel(tier="full").fit(X, y).leaks_}
    assert set(found) >= {"loss_reason", "is_sql", "current_stage", "total_touches_all", "lead_score"}
    assert set(found.values()) == {"known_leaker"}


@pytest.mark.parametrize(
    "name",
    [
        "Won Reason",
        "loss reason",
        "closed_lost_reason",
        "Lead Score",
        "Close Date",
        "last modified",
        "lastModifiedDate",
        "IsWon",
        "hs_is_closed_won",
        "Loss_Reason__c",
        "deals.c_signed_by",
        "ConvertedDate",
        "ForecastCategoryName",
        "hs_deal_stage_probability",
        "is_sql",
        "lost",
        "total_touches_all",
        "purchase order number",
        "SystemModstamp",
        "hs_manual_forecast_category",
        "hubspotscore",
    ],
)
def test_a_field_that_the_outcome_sets_is_known_however_it_is_spelt(name: str) -> None:
    assert known_leaker(name, has_history=True)


@pytest.mark.parametrize(
    "name",
    [
        "contract",
        "poutcome",
        "credit_score",
        "signed_up_newsletter",
        "confidence_index",
        "opportunity",
        "order_no",
        "conversion_source",
        "invoice_country",
        "previous_outcome",
        "call_outcome",
        "Lead Origin",
        "close_rate_of_industry",
        "window",
        "lostine",
        "industry",
    ],
)
def test_an_honest_name_needs_evidence_in_value(name: str) -> None:
    assert not known_leaker(name, has_history=True)
    X, y, rng = honest()
    X[name] = rng.choice(["month", "year"], len(y), p=[0.5, 0.5])
    X.loc[rng.random(len(y)) < 0.3 * y, name] = "month"
    assert PropensityModel(tier="full", tables=False, audit=[name]).fit(X, y).leaks_ == []


def test_a_name_that_speaks_of_an_outcome_needs_less_evidence() -> None:
    X, y, rng = honest()
    noisy = np.where(rng.random(len(y)) < 0.1, 1 - y, y)
    X["call_result"] = X["call_length"] = noisy + rng.normal(0, 0.1, len(y))
    found = single_fields(X, y.astype(float), np.arange(len(y)), names=["call_result", "call_length"])
    assert [(f.column, f.kind) for f in found] == [("call_result", "single_field")]


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_a_date_after_its_own_row_is_a_leak_where_only_one_outcome_has_it(zone: str | None) -> None:
    X, y, rng = honest()
    n = len(y)
    as_of = pd.Series(
        pd.Timestamp("2026-01-01", tz=zone) + pd.to_timedelta(rng.integers(0, 300, n), unit="D")
    )
    days = rng.integers(1, 60, n)
    # Planned ahead, on some of either outcome: honest. The other is written once a deal is won, on seven of ten.
    X["next_visit"] = as_of + pd.to_timedelta(np.where(rng.random(n) < 0.3 + 0.2 * y, days, -days), unit="D")
    X["installed"] = as_of + pd.to_timedelta(
        np.where((y == 1) & (rng.random(n) < 0.7), days, -days), unit="D"
    )
    found = PropensityModel(tier="full", tables=False).fit(X, y, as_of=as_of).leaks_
    # A plan is no leak; as a date it tells the calendar, which is another reason to leave it out.
    assert [(f.column, f.kind) for f in found] == [("installed", "later_date"), ("next_visit", "calendar")]


@pytest.mark.parametrize(
    "kind", ["bool", "boolean", "object", "category", "float in a category", "text", "int"]
)
def test_a_flag_that_only_some_of_the_won_have_is_not_learnt(kind: str) -> None:
    """However it is held: the audit and the encoder spell a level alike."""
    X, y, rng = honest()
    signed = pd.Series((y == 1) & (rng.random(len(y)) < 0.12), index=X.index)
    held = {
        "bool": signed,
        "boolean": signed.astype("boolean"),
        "object": signed.astype(object),
        "category": signed.astype("category"),
        "float in a category": pd.Series(np.where(signed, 7.0, 2.0), index=X.index).astype("category"),
        "text": signed.map({True: "yes", False: "no"}),
        "int": signed.astype(int),
    }
    X["docs_ok"] = held[kind]
    model = PropensityModel(tier="full", tables=False).fit(X, y)
    if "docs_ok" in model.feature_names_in_:
        place = model.feature_names_in_.index("docs_ok")
        assert abs(model.contributions(X)[:, place]).max() < 0.3


def test_what_is_filled_with_the_outcome_and_lifts_all_else_is_a_leak() -> None:
    X, y, rng = honest()
    n = len(y)
    X["serial"] = np.where(rng.random(n) < np.where(y == 1, 0.85, 0.2), rng.normal(size=n), np.nan)
    # Filled more often on the won, but no more than honest gaps are.
    X["phone_2"] = pd.Series("known", index=X.index).where(rng.random(n) < 0.4 + 0.3 * y, None)
    found = PropensityModel(tier="full", tables=False).fit(X, y).leaks_
    assert [(f.column, f.kind) for f in found] == [("serial", "fill_lift")]


@pytest.mark.parametrize("kind", ["flipped", "as text", "counted after", "filled after"])
def test_a_quiet_leak_that_lifts_all_else_beyond_belief_is_found(kind: str) -> None:
    """Alone each is below .95; beside columns that come to .77 together it is no honest one."""
    X, y, rng = honest()
    n = len(y)
    flipped = np.where(rng.random(n) < 0.08, 1 - y, y)
    X["field"] = {
        "flipped": flipped.astype(float),
        "as text": np.where(flipped == 1, "north-west", "south"),
        "counted after": rng.poisson(3 + 5 * y),
        "filled after": np.where(rng.random(n) < np.where(y == 1, 0.93, 0.12), rng.normal(size=n), np.nan),
    }[kind]
    assert [f.column for f in PropensityModel(tier="full", tables=False).fit(X, y).leaks_] == ["field"]


def test_two_noisy_copies_of_the_outcome_do_not_vouch_for_each_other() -> None:
    X, y, rng = honest()
    for name in ("first", "second"):
        X[name] = np.where(rng.random(len(y)) < 0.1, 1 - y, y).astype(float)
    found = PropensityModel(tier="full", tables=False).fit(X, y).leaks_
    assert {f.column for f in found} == {"first", "second"}


def test_two_columns_whose_parity_is_the_outcome_are_a_pair() -> None:
    X, y, rng = honest()
    X["one"] = rng.integers(0, 2, len(y)).astype(float)
    X["other"] = (X["one"].astype(int) ^ y).astype(float)
    found = PropensityModel(tier="full", tables=False).fit(X, y).leaks_
    assert {(f.column, f.kind) for f in found} == {("one", "pair"), ("other", "pair")}


@pytest.mark.slow
def test_strong_columns_are_kept_where_the_others_do_without_them() -> None:
    """Tumours: nine columns alone order them with more than .95, and so do the others without these nine."""
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer(as_frame=True)
    X, y = data.data, data.target.to_numpy()
    assert len(single_fields(X, y.astype(float), np.arange(len(y)))) > 5
    assert PropensityModel(tables=False).fit(X, y).leaks_ == []
    rng = np.random.default_rng(0)
    X["ward"] = pd.Series("seven", index=X.index).where((y == 1) & (rng.random(len(y)) < 0.4), None)
    assert [f.column for f in PropensityModel(tables=False).fit(X, y).leaks_] == ["ward"]


def test_rows_of_one_company_are_one_piece_of_evidence() -> None:
    """25 rows of one won company with a level of its own decide nothing."""
    X, y, _ = honest()
    groups = np.arange(len(y)).astype(str).astype(object)
    mine = np.flatnonzero(y == 1)[:25]
    X["plan"] = "usual"
    X.loc[X.index[mine], "plan"] = "special"
    groups[mine] = "acme"
    assert "plan" in {f.column for f in PropensityModel(tier="full").fit(X, y).levels_}
    alone = PropensityModel(tier="full").fit(X, y, groups=groups)
    assert alone.leaks_ == [] and alone.levels_ == []


def test_a_leak_on_many_rows_of_few_companies_is_found() -> None:
    """Each company's won and lost rows are evidence of their own, if not each of its rows."""
    X, y, rng = honest(n=1500)
    X["serial"] = pd.Series("set", index=X.index).where((y == 1) & (rng.random(len(y)) < 0.25), None)
    found = PropensityModel(tier="full", tables=False).fit(X, y, groups=np.arange(len(y)) % 50).leaks_
    assert [f.column for f in found] == ["serial"]


def test_only_the_columns_that_are_named_are_audited() -> None:
    X, y, _ = planted("in combination")
    model = PropensityModel(tier="full", audit=["offer"]).fit(X, y)
    assert {f.column for f in model.leaks_} == {"offer"}
    X, y, _ = planted("filled on some of the won")
    assert PropensityModel(tier="full", audit=["a"]).fit(X, y).leaks_ == []
