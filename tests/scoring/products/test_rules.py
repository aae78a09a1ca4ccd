"""Association rules: published figures, all rules by brute force, thresholds that are met exactly."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sales_consultant.scoring.core import ScoringError
from sales_consultant.scoring.products import association_rules, encode, pair_rules

ITEMS = "abcdef"
BASKETS = st.lists(st.lists(st.sampled_from(ITEMS), max_size=5), min_size=1, max_size=30)
SHARES = st.sampled_from([0.0, 0.1, 0.2, 0.3, 0.5, 0.6, 0.8, 1.0])


def _by_hand(
    baskets: list[list[str]], support: float, confidence: float
) -> dict[tuple[tuple[str, ...], str], int]:
    """Every rule by looking at all itemsets, with whole numbers only."""
    held = [frozenset(b) for b in baskets]
    tenths = {0.0: 0, 0.1: 1, 0.2: 2, 0.3: 3, 0.5: 5, 0.6: 6, 0.8: 8, 1.0: 10}
    found = {}
    for size in range(2, len(ITEMS) + 1):
        for itemset in itertools.combinations(ITEMS, size):
            both = sum(set(itemset) <= b for b in held)
            for right in itemset:
                left = tuple(i for i in itemset if i != right)
                of = sum(set(left) <= b for b in held)
                if both and 10 * both >= tenths[support] * len(held) and 10 * both >= tenths[confidence] * of:
                    found[left, right] = both
    return found


@settings(max_examples=150, deadline=None)
@given(BASKETS, SHARES, SHARES)
def test_all_rules_are_found_and_no_others(
    baskets: list[list[str]], support: float, confidence: float
) -> None:
    """What equals a threshold meets it, whatever floating point numbers make of a share."""
    rules = association_rules(baskets, min_support=support, min_confidence=confidence)
    found = dict(zip(zip(rules["antecedent"], rules["consequent"], strict=True), rules["count"], strict=True))
    assert found == _by_hand(baskets, support, confidence)


@settings(max_examples=100, deadline=None)
@given(BASKETS, SHARES, SHARES)
def test_pair_rules_are_the_rules_of_two_items(
    baskets: list[list[str]], support: float, confidence: float
) -> None:
    given_ = {"min_support": support, "min_confidence": confidence}
    slow = association_rules(encode(baskets), max_size=2, **given_)
    slow["antecedent"] = [a[0] for a in slow["antecedent"]]
    assert pair_rules(encode(baskets), **given_).to_dict("list") == slow.to_dict("list")


def test_published_figures_of_french_invoices() -> None:
    """Online Retail, France: 392 invoices, 38 with the green clock, 37 with the red one, 31 with both; some hold nothing else."""
    green, red = "ALARM CLOCK BAKELIKE GREEN", "ALARM CLOCK BAKELIKE RED"
    baskets = [[green, red]] * 31 + [[green]] * 7 + [[red]] * 6 + [["PLASTERS"]] * 340 + [[]] * 8
    rules = association_rules(baskets, min_support=0.07, min_confidence=0.8).set_index("consequent")
    assert len(rules) == 2
    assert rules["confidence"].round(3).to_dict() == {red: 0.816, green: 0.838}
    assert rules["lift"].round(3).to_dict() == {red: 8.643, green: 8.643}


def test_published_figures_of_groceries() -> None:
    """{liquor, red/blush wine} -> bottled beer: confidence .905, lift 11.235, from the counts of 9,835 baskets."""
    left, right = ["liquor", "red/blush wine"], "bottled beer"
    baskets = [[*left, right]] * 19 + [left] * 2 + [[right]] * 773 + [["whole milk"]] * 9041
    rules = association_rules(baskets, min_support=0.001, min_confidence=0.8)
    top = rules[
        [len(a) == 2 and c == right for a, c in zip(rules["antecedent"], rules["consequent"], strict=True)]
    ]
    row = top.iloc[0]
    assert (row["count"], round(row["confidence"], 3), round(row["lift"], 3)) == (19, 0.905, 11.235)
    assert round(row["leverage"], 6) == round(19 / 9835 - 21 / 9835 * 792 / 9835, 6)
    assert round(row["conviction"], 3) == round((1 - 792 / 9835) / (1 - 19 / 21), 3)


def test_a_threshold_is_met_but_for_rounding() -> None:
    """Three times a tenth is more than three tenths in floating point numbers: by a share of 1e-16."""
    threshold = 0.1 * 3
    assert threshold > 3 / 10
    baskets = [["a", "b"]] * 3 + [["a"]] * 7
    for rules in (association_rules, pair_rules):
        found = rules(baskets, min_support=threshold, min_confidence=threshold)
        assert sorted(found["confidence"]) == [0.3, 1.0]


def test_a_rule_without_exception_has_infinite_conviction() -> None:
    rules = association_rules([["a", "b"], ["a", "b"], ["c"]], min_support=0.1, min_confidence=0.1)
    assert set(rules["conviction"]) == {float("inf")} and set(rules["lift"]) == {1.5}


@pytest.mark.parametrize("baskets", [[], [[]], [["a"]], [["a"], []], [["a", "a"]]])
def test_baskets_of_one_item_or_none_give_no_rule(baskets: list[list[str]]) -> None:
    for rules in (association_rules, pair_rules):
        found = rules(baskets, min_support=0.01, min_confidence=0.01)
        assert found.empty and list(found) == [
            "antecedent", "consequent", "count", "support", "confidence", "lift", "leverage", "conviction",
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("support", "confidence", "named"), [(1.2, 0.5, "min_support"), (0.1, -0.5, "min_confidence")]
)
def test_a_threshold_that_is_no_share_is_refused(support: float, confidence: float, named: str) -> None:
    with pytest.raises(ScoringError, match=f"{named} is .* give one, as 0.01"):
        association_rules([["a", "b"]], min_support=support, min_confidence=confidence)


@pytest.mark.slow
def test_too_many_itemsets_are_refused_before_the_memory_is_full() -> None:
    everything = [str(i) for i in range(30)]
    with pytest.raises(ScoringError, match="larger min_support"):
        association_rules([everything, everything], min_support=0.5, min_confidence=0.5)
