"""Line items of the saas company: they add up, they are of every deal, and they say nothing of how a deal ends."""

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2

from sales_consultant.demo.company import iso
from sales_consultant.demo.saas import products
from sales_consultant.demo.saas.recipe import SAAS, Recipe, run
from sales_consultant.demo.saas.story import Deal, Story, tell

SMALL = Recipe(n_accounts=60, n_contacts=160, n_leads=200, looks=(14, 28, 42, 56, 90, 150))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> list[Story]:
    runs = run(SMALL, tmp_path_factory.mktemp("scratch"), progress=lambda _text, _share: None)
    return tell(SMALL, runs)[0]


def deals_of(stories: list[Story]) -> dict[str, Deal]:
    return {story.deal.id: story.deal for story in stories if story.deal}


def test_the_lines_of_a_deal_add_up_to_its_amount_to_the_cent(small: list[Story]) -> None:
    cents: dict[str, int] = defaultdict(int)
    listed = {str(row["id"]): row["price"] for row in products.product_rows()}
    for row in products.line_rows(small):
        amount, quantity, price = row["amount"], row["quantity"], listed[str(row["product_id"])]
        assert isinstance(amount, float) and isinstance(quantity, int) and isinstance(price, float)
        # The price of one is whole cents, or a CRM that keeps prices would lose some of the amount.
        assert round(amount * 100) % quantity == 0
        assert -0.001 < 1 - amount / quantity / price < 0.3
        cents[str(row["deal_id"])] += round(amount * 100)
    assert cents == {id: deal.amount * 100 for id, deal in deals_of(small).items()}


def test_lines_are_made_with_their_deal_and_no_product_stands_twice_on_one(small: list[Story]) -> None:
    rows = products.line_rows(small)
    begun = {id: iso(deal.begun) for id, deal in deals_of(small).items()}
    assert all(row["created_at"] == begun[str(row["deal_id"])] for row in rows)
    assert len({row["id"] for row in rows}) == len(rows)
    assert len({(row["deal_id"], row["product_id"]) for row in rows}) == len(rows)
    assert {row["product_id"] for row in rows} <= {product.id for product in products.CATALOGUE}


def test_lines_stay_the_same_whatever_becomes_of_any_deal(small: list[Story]) -> None:
    other = [
        replace(story, deal=replace(story.deal, closed=None, won=None, stages=story.deal.stages[:1]))
        if story.deal
        else story
        for story in small
    ]
    assert products.line_rows(other) == products.line_rows(small)


def test_a_later_deal_is_of_modules_that_no_earlier_one_was_of(small: list[Story]) -> None:
    company = {story.deal.id: story.lead["account_id"] for story in small if story.deal}
    modules = {module.id for module in products.MODULES}
    seen = [(company[str(r["deal_id"])], r["product_id"]) for r in products.line_rows(small)]
    taken = [pair for pair in seen if pair[1] in modules]
    assert len(set(taken)) == len(taken) > 100


@pytest.mark.slow
def test_won_deals_are_of_no_other_products_than_lost_ones(tmp_path: Path) -> None:
    """Chi-square of winning by module over all closed deals: within what chance gives in one world of a hundred."""
    stories = tell(SAAS, run(SAAS, tmp_path, progress=lambda _text, _share: None))[0]
    deals = {id: deal for id, deal in deals_of(stories).items() if deal.won is not None}
    base = np.mean([bool(deal.won) for deal in deals.values()])
    won: dict[str, list[bool]] = defaultdict(list)
    for row in products.line_rows(stories):
        if str(row["deal_id"]) in deals:
            won[str(row["product_id"])].append(bool(deals[str(row["deal_id"])].won))
    squares = [len(w) * (np.mean(w) - base) ** 2 / (base * (1 - base)) for w in won.values()]
    # Base edition and rollout are on every deal: they are no degrees of freedom.
    assert sum(squares) < chi2.ppf(0.99, len(squares) - 2)
