"""Clusters are found where there are some, said to be unstable where there are none, and keep their numbers."""

import json

import numpy as np
import pandas as pd
import pytest

from sales_consultant.scoring.customers.cluster_model import COLUMNS, ClusterModel, number, of
from sales_consultant.scoring.customers.clusters import LEAST, Clustering, find


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


def groups(n: int) -> pd.DataFrame:
    """The same with all columns that a written cluster is made of."""
    table, _ = customers(n)
    return table.assign(monetary=table["total"] / table["purchases"], T_days=1500.0)[list(COLUMNS)]


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


@pytest.mark.slow
def test_a_written_cluster_stays_from_night_to_night_and_from_training_to_training() -> None:
    table = groups(400)
    first = of(table, as_of=0)
    assert first.verdict == "stable" and len(first.names) >= 3
    assert ClusterModel.from_dict(json.loads(json.dumps(first.to_dict()))) == first
    shown = dict(zip(table.index, first.nearest(table, {}), strict=True))
    assert None not in shown.values()
    # A month later everybody is a little older; nobody did anything.
    later = table.assign(since_days=table["since_days"] + 10, T_days=table["T_days"] + 10)
    moved = np.mean([a != shown[i] for i, a in zip(later.index, first.nearest(later, shown), strict=True)])
    assert moved < 0.03
    for turn in range(3):
        again = of(table.sample(frac=0.9, random_state=turn), as_of=1, before=first)
        fresh = {i: number(n or "") for i, n in zip(table.index, again.nearest(table, shown), strict=True)}
        assert np.mean([fresh[i] != number(n) for i, n in shown.items()]) < 0.03


def test_nobody_is_named_where_draws_do_not_agree_or_customers_are_few() -> None:
    rng = np.random.default_rng(0)
    cloud = pd.DataFrame(np.exp(rng.normal(size=(400, 5))), columns=COLUMNS)
    cloud.index = pd.Index([f"c{i}" for i in range(400)])
    for table in (cloud, groups(400).iloc[:40]):
        model = of(table, as_of=0)
        assert model.names == () and model.verdict != "stable"
        assert set(model.nearest(table, {})) == {None}
