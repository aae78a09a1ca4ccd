"""Similar products, popularity, and how both are judged on a split in time."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from sales_consultant.scoring.products import (
    POPULARITY,
    SIMILARITY,
    Bought,
    cosine,
    follow_ups,
    next_products,
    popular,
    recommend,
    split_in_time,
)
from sales_consultant.scoring.products.model import of_bought
from sales_consultant.scoring.products.time_split import recalls

DAY = 86_400_000
MATRICES = st.lists(st.lists(st.integers(0, 1), min_size=5, max_size=5), min_size=1, max_size=25)


def _bought(rows: list[tuple[str, str, int]]) -> Bought:
    """Purchases (customer, product, day), known when they were made."""
    frame = pd.DataFrame(rows, columns=["customer", "product_id", "at"]).astype({"at": "int64"})
    frame["at"] *= DAY
    frame = frame.sort_values("at", kind="stable", ignore_index=True)
    return Bought(frame.assign(known_at=frame["at"].astype(float), returned=False))


@settings(max_examples=80, deadline=None)
@given(MATRICES, st.integers(1, 4), st.integers(1, 4))
def test_cosine_is_that_of_the_formula(rows: list[list[int]], near: int, least: int) -> None:
    X = np.array(rows)
    found = cosine(sparse.csr_matrix(X, dtype=np.int32), neighbours=near, min_together=least).toarray()
    size, both = np.sqrt(X.sum(axis=0)), X.T @ X
    for i in range(X.shape[1]):
        wanted = {
            j: both[i, j] / (size[i] * size[j]) for j in range(X.shape[1]) if j != i and both[i, j] >= least
        }
        kept = sorted(wanted.items(), key=lambda jv: (-round(jv[1], 12), jv[0]))[:near]
        assert {j: pytest.approx(v) for j, v in enumerate(found[i]) if v} == dict(kept) or sorted(
            found[i][found[i] > 0]
        ) == pytest.approx(sorted(v for _, v in kept))


@settings(max_examples=80, deadline=None)
@given(MATRICES)
def test_nothing_that_is_owned_is_recommended(rows: list[list[int]]) -> None:
    X = sparse.csr_matrix(np.array(rows, dtype=np.int32))
    buyers = np.asarray(X.sum(axis=0)).ravel()
    for found in (recommend(X, cosine(X, min_together=1), top=3), popular(X, buyers, top=3)):
        for customer, places in enumerate(found):
            mine = [p for p in places if p >= 0]
            assert len(set(mine)) == len(mine) and not any(rows[customer][p] for p in mine)


def test_popularity_takes_what_most_bought() -> None:
    X = sparse.csr_matrix(np.array([[1, 0, 0], [1, 1, 0], [1, 1, 1], [0, 0, 1]]))
    assert popular(X, np.array([3, 2, 2]), top=2).tolist() == [[1, 2], [2, -1], [-1, -1], [0, 1]]


def test_recall_counts_what_was_found_of_what_could_be() -> None:
    wanted = sparse.csr_matrix(np.array([[1, 1, 1, 0], [0, 0, 0, 1]]))
    found = np.array([[0, 3, 1], [2, -1, -1]])
    assert recalls(found, wanted, np.array([3, 1]), 2).tolist() == [0.5, 0.0]
    assert recalls(found, wanted, np.array([3, 1]), 3).tolist() == pytest.approx([2 / 3, 0.0])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("ABCD"), st.sampled_from("xyz"), st.integers(0, 300)),
        min_size=1,
        max_size=40,
    ),
    st.integers(0, 400),
)
def test_follow_ups_count_customers_one_by_one(rows: list[tuple[str, str, int]], until: int) -> None:
    first = _bought(rows).first(until=10_000 * DAY)
    pairs = pd.DataFrame([(a, b) for a in "xyz" for b in "xyz" if a != b], columns=["anchor", "product"])
    told = follow_ups(first, pairs, until=until * DAY, within_days=90)
    day = {(c, p): at // DAY for c, p, at in first.itertuples(index=False)}
    for row in told.to_dict("records"):
        a, b = row["anchor"], row["product"]
        of = [c for c in "ABCD" if (c, a) in day]
        watched = [c for c in of if day[c, a] <= until - 90]
        assert row["of"] == len(of) and row["watched"] == len(watched)
        assert row["both"] == sum((c, b) in day for c in of)
        assert row["within"] == sum((c, b) in day and 0 <= day[c, b] - day[c, a] <= 90 for c in watched)


def test_the_next_product_is_one_of_a_later_day() -> None:
    rows = [(f"c{i}", "pump", i) for i in range(10)] + [(f"c{i}", "hose", i) for i in range(10)]
    rows += [(f"c{i}", "filter", i + 30) for i in range(6)] + [("c9", "filter", 200)]
    told = next_products(_bought(rows).first(until=400 * DAY), until=400 * DAY)
    assert told[["anchor", "product", "within", "watched", "share"]].to_numpy().tolist() == [
        ["hose", "filter", 6, 10, 0.6],
        ["pump", "filter", 6, 10, 0.6],
    ]


def _pairs(customers: int, *, paired: bool) -> Bought:
    """Customers who buy one of twenty products, and half a year later its own partner, or one that everybody buys."""
    rows = []
    for i in range(customers):
        late = i >= customers // 2
        start = 300 if late else 100
        rows.append((f"c{i:03d}", f"p{i % 20:02d}", start))
        rows.append((f"c{i:03d}", f"q{i % 20:02d}" if paired else "p00" if i % 20 else "p01", start + 150))
    return _bought(rows)


def test_similarity_wins_where_products_go_together() -> None:
    test = split_in_time(_pairs(400, paired=True), as_of=560 * DAY)
    assert test.better and test.recall[10] == 1.0 and test.popularity[10] < 0.7 and test.customers == 200
    assert test.low is not None and test.low > 0


def test_popularity_wins_where_all_buy_the_same_and_it_is_said() -> None:
    test = split_in_time(_pairs(400, paired=False), as_of=560 * DAY)
    assert test.verdict == "no better than popularity" and not test.better
    assert test.popularity[10] >= test.recall[10]


def test_few_customers_are_no_test() -> None:
    test = split_in_time(_pairs(40, paired=True), as_of=560 * DAY)
    assert test.verdict == "too little data" and test.as_dict()["recall_at_10"] is None
    assert split_in_time(_bought([("a", "x", 900)]), as_of=560 * DAY).verdict == "too little data"


@pytest.mark.parametrize(("found", "stays"), [(2, True), (0, False)])
def test_similarity_in_force_stays_only_while_it_is_ahead(found: int, stays: bool) -> None:
    """Of forty customers `found` buy what goes with theirs, the others what nobody knew: no proof, and the higher recall or not."""
    rows = [(f"e{i}", f"{kind}{i % 20}", day) for i in range(120) for kind, day in (("p", 100), ("q", 250))]
    rows += [(f"w{i}", f"o{j}", 100) for i in range(20) for j in range(12)]
    rows += [(f"l{i}", f"p{i % 20}", 300) for i in range(40)]
    rows += [(f"l{i}", f"q{i % 20}" if i < found else f"unknown{i}", 450) for i in range(40)]
    held = _bought(rows)
    fresh = of_bought(held, as_of=560 * DAY)
    assert fresh.method == POPULARITY and fresh.card["verdict"] == "no better than popularity"
    assert fresh.card["recall_at_10"] == found / 40 and fresh.card["popularity_recall_at_10"] == 0
    again = of_bought(held, as_of=560 * DAY, before=replace(fresh, method=SIMILARITY))
    assert again.method == (SIMILARITY if stays else POPULARITY)
    assert ("similarity stays" in again.card["said"]) == stays
    assert of_bought(held, as_of=560 * DAY, before=fresh).method == POPULARITY
