"""Clusters are found where there are some, said to be unstable where there are none, and keep their numbers."""

import numpy as np
import pandas as pd
import pytest

from sales_consultant.scoring.clusters import LEAST, Clustering, find


def customers(n: int = 300, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Three kinds: many small recent purchases, few large ones, and those long gone."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 3, n)
    mean = np.array([[30, 20_000, 30], [3, 90_000, 60], [2, 1_500, 900]])[kind]
    values = mean * np.exp(rng.normal(0, 0.15, (n, 3)))
    table = pd.DataFrame(
        values, columns=["purchases", "total", "since_days"], index=[f"c{i}" for i in range(n)]
    )
    return table, kind


@pytest.fixture(scope="module")
def found() -> Clustering:
    clustering = find(customers()[0])
    assert clustering is not None
    return clustering


def test_what_is_there_is_found(found: Clustering) -> None:
    from sklearn.metrics import adjusted_rand_score

    _, kind = customers()
    assert adjusted_rand_score(kind, found.labels) > 0.95
    assert found.verdict == "stable"
    assert {c["method"] for c in found.candidates} == {"k-means", "hierarchical", "density"}
    words = {p["who"] for p in found.profiles}
    assert any("long ago" in w for w in words)
    assert any("many purchases" in w for w in words)
    assert sum(p["customers"] for p in found.profiles) == 300


def test_a_cloud_without_parts_is_not_named() -> None:
    rng = np.random.default_rng(1)
    table = pd.DataFrame(np.exp(rng.normal(size=(250, 3))), columns=["purchases", "total", "since_days"])
    clustering = find(table)
    assert clustering is not None
    three = next(c for c in clustering.candidates if (c["method"], c["k"]) == ("k-means", 5))
    assert three["silhouette"] < 0.35
    assert clustering.verdict != "stable" or clustering.profiles


def test_numbers_go_on_from_run_to_run(found: Clustering) -> None:
    table, _ = customers()
    before = {i: int(label) + 10 for i, label in zip(table.index, found.labels, strict=True)}
    later = table * np.exp(np.random.default_rng(5).normal(0, 0.02, table.shape))
    again = find(later, previous=before, random_state=3)
    assert again is not None
    kept = [before[i] == label for i, label in zip(later.index, again.labels, strict=True)]
    assert np.mean(kept) > 0.97


def test_few_customers_are_not_clustered() -> None:
    assert find(customers(LEAST - 1)[0]) is None
