"""What the demo prints for people: deals by their score, customers by what a customer has, and what the data are."""

from typing import Any

from sales_consultant.commands.output.demo import show
from sales_consultant.commands.output.writing.page import Page
from sales_consultant.demo.result import CompanyDone, Record
from sales_consultant.demo.run import DATA
from sales_consultant.demo.saas.saas import NOTICE as SAAS
from sales_consultant.demo.shop.shop import NOTICE as SHOP
from sales_consultant.sync.results.training import ForwardTest

EMPTY = dict.fromkeys(
    (
        "score", "grade", "probability", "expected_value", "segment", "lifecycle", "customer_tier", "churn_risk",
        "next_step", "next_step_due", "next_step_reason",
    )
)  # fmt: skip


def told(*records: dict[str, Any], tests: tuple[ForwardTest, ...] = ()) -> str:
    """The screen of a demo with these records."""
    made = CompanyDone(
        company="shop", data="made up", notice="A notice.", crm="hubspot", as_of=0, pulled={"deals": 2}, populations=(),
        scored={"value": 2}, excluded={}, written=2, dead=0, changed={"changes": 7}, api_calls_by_kind={"read": 9},
        seconds_at_vendor_limits=1.0, tests=tests,
        records=tuple(Record(**{**EMPTY, "reasons": (), **r}) for r in records), second_written=0, second_calls=3,
        seconds=2.0, url="", page=None, folder="",
    )  # fmt: skip
    page = Page(width=100, now=0)
    show(page, made)
    return page.text()


def test_a_shop_s_customers_are_no_deals_without_a_score() -> None:
    shop = {
        "object": "companies", "id": "1", "name": "Wörthsee Store", "expected_value": "24976.77", "segment": "needs_attention",
        "lifecycle": "at_risk", "customer_tier": "1", "churn_risk": "7", "recommended_product": "PARTY BUNTING\x1b[31m",
        "recommended_product_why": "Bought by 12 of 30 customers",
    }  # fmt: skip
    text = told(shop, {"object": "companies", "id": "2", "name": "Bare"})
    assert "2 most valuable customers" in text
    line = next(x for x in text.splitlines() if "Wörthsee" in x)
    for word in ("24,977", "Tier 1", "Needs attention", "7 %"):
        assert word in line
    assert "PARTY BUNTING[31m" in line and "Bought by 12 of 30 customers." in text
    assert "open records" not in text
    assert "No forward test" in text, "a heading with nothing under it says nothing"
    assert "Bare" in text


def test_deals_are_shown_with_score_grade_and_step() -> None:
    deal = {
        "object": "deals", "id": "1", "name": "Acme\x1b[31m", "score": 71, "grade": "A", "expected_value": "512",
        "reasons": ("3 meetings: +10",), "next_step": "Call", "next_step_due": "2024-07-05",
    }  # fmt: skip
    few = ForwardTest("deals", "a", 0, False, None, {"verdict": "too little data"})
    text = told(deal, tests=(few,))
    assert "71 A" in text and "512" in text and "3 meetings (+10)" in text and "Call, due 5 Jul 2024" in text
    assert "too little data" in text and "No forward test" not in text
    assert "\x1b[31m" not in text


def test_each_company_says_what_its_data_are() -> None:
    assert set(DATA) == {"saas", "shop"}
    assert "ynthetic" in DATA["saas"] and "Synthetic" in SAAS
    assert "Online Retail" in DATA["shop"] and "Online Retail" in SHOP
    assert "synthetic" not in DATA["shop"].lower() and "ynthetic" not in SHOP
