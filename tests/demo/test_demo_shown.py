"""What the demo prints for people: deals by their score, customers by what a customer has, and what the data are."""

from typing import Any

import pytest

from sales_consultant.commands.output import demo as show
from sales_consultant.demo.run import DATA
from sales_consultant.demo.saas import NOTICE as SAAS
from sales_consultant.demo.shop import NOTICE as SHOP

EMPTY = dict.fromkeys(
    (
        "score", "grade", "probability", "expected_value", "segment", "lifecycle", "customer_tier", "churn_risk", "next_step",
        "next_step_due", "next_step_reason",
    )
)  # fmt: skip


def made(*records: dict[str, Any], tests: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {
        "notice": "A notice.", "pulled": {"deals": 2}, "scored": {"value": 2}, "written": 2, "dead": 0,
        "changed": {"changes": 7}, "api_calls": 9, "seconds_at_vendor_limits": 1.0, "seconds": 2.0,
        "forward_tests": list(tests), "records": [{**EMPTY, "reasons": [], **r} for r in records],
        "second_sync": {"written": 0, "api_calls": 3}, "page": None,
    }  # fmt: skip


def test_a_shop_s_customers_are_no_deals_without_a_score(capsys: pytest.CaptureFixture[str]) -> None:
    shop = {
        "object": "companies", "id": "1", "name": "Wörthsee Store", "expected_value": "24976.77", "segment": "needs_attention",
        "lifecycle": "at_risk", "customer_tier": "1", "churn_risk": "7",
    }  # fmt: skip
    bare = {"object": "companies", "id": "2", "name": "Bare"}
    show.customers(made(shop, bare))
    told = capsys.readouterr().out
    assert "2 most valuable customers" in told
    line = next(x for x in told.splitlines() if "Wörthsee" in x)
    for text in ("24,977", "Tier 1", "Needs attention", "7 %"):
        assert text in line
    assert "open records" not in told and " - - " not in line
    assert "no forward test" in told, "a heading with nothing under it says nothing"
    assert "Bare" in told


def test_deals_are_shown_with_score_grade_and_step(capsys: pytest.CaptureFixture[str]) -> None:
    deal = {
        "object": "deals", "id": "1", "name": "Acme\x1b[31m", "score": 71, "grade": "A", "expected_value": "512",
        "reasons": ["3 meetings: +10"], "next_step": "Call", "next_step_due": "2024-07-05",
    }  # fmt: skip
    show.deals(made(deal, tests=({"name": "deals", "auc": None, "verdict": "too little data"},)))
    told = capsys.readouterr().out
    assert "71 A" in told and "512" in told and "3 meetings: +10" in told and "Call, due 2024-07-05" in told
    assert "too little data" in told and "no forward test" not in told
    assert "\x1b[31m" not in told


def test_each_company_says_what_its_data_are() -> None:
    assert set(DATA) == {"saas", "shop"}
    assert "ynthetic" in DATA["saas"] and "Synthetic" in SAAS
    assert "Online Retail" in DATA["shop"] and "Online Retail" in SHOP
    assert "synthetic" not in DATA["shop"].lower() and "ynthetic" not in SHOP
