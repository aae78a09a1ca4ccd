"""Clusters of customers as an analysis: k-means, hierarchical and density-based, chosen by stability, told in words.

Segments by recency, frequency and money have names that everybody knows and stay the default. Clusters find what nobody
named; they are worth a field only where they come out the same on other draws of the customers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


# Judgements: six clusters of ten customers are the least that can be told apart, and more than six names nobody keeps
# in mind; an adjusted Rand index above .8 means that draws agree on nearly everybody.
LEAST = 60
KS = (2, 3, 4, 5, 6)
STABLE = 0.8
# Kaufman and Rousseeuw 1990, table 4: below this a silhouette shows no structure, however often it comes out the same.
STRUCTURED = 0.26
# Judgements: more draws cost more and say little more; the tree needs all distances, whose number grows with the
# square; what is less than half a standard deviation from the average sets nobody apart.
_DRAWS = 5
_MOST_FOR_TREE = 3_000
_STRONG = 0.5
WORDS = {
    "purchases": ("many purchases", "few purchases"),
    "total": ("high revenue", "low revenue"),
    "monetary": ("large purchases", "small purchases"),
    "since_days": ("long ago", "recent"),
    "T_days": ("old customers", "new customers"),
}


@dataclass(frozen=True)
class Clustering:
    """What was found: each customer's cluster (-1: none), and the figures that chose it.

    `candidates` has method, k, silhouette, stability (mean adjusted Rand index between clusterings of draws of 80 % of the
    customers) and noise (share without a cluster). `verdict` says whether the chosen one is stable enough to be named.
    """

    method: str
    labels: NDArray[np.int64]
    centres: NDArray[np.float64]
    profiles: tuple[dict[str, Any], ...]
    candidates: tuple[dict[str, Any], ...]
    verdict: str


def find(
    table: pd.DataFrame, *, previous: Mapping[Any, int] | None = None, random_state: int = 0
) -> Clustering | None:
    """Cluster customers (rows of numbers, indexed by their id); None under 60 of them.

    Counts, days and money enter as logarithms, scaled. `previous` are the last run's labels: a new cluster takes the number of
    the old one whose members it holds most of (assignment with the largest overlap), so that a field does not flip.
    """
    if len(table) < LEAST:
        return None
    Z = _scaled(table)
    tried: list[tuple[dict[str, Any], NDArray[np.int64]]] = []
    for method, k in [*(("k-means", k) for k in KS), *(("hierarchical", k) for k in KS), ("density", 0)]:
        if method == "hierarchical" and len(Z) > _MOST_FOR_TREE:
            continue
        labels = _labels(method, k, Z, random_state)
        tried.append((_figures(method, k, Z, labels, random_state), labels))
    # Stability first: a pretty partition of one draw that another does not show is chance. Then that everybody has a cluster:
    # density leaves out who is hard to place, and looks all the better for it.
    best, labels = max(
        tried, key=lambda c: (c[0]["stability"] >= STABLE, c[0]["noise"] == 0, c[0]["silhouette"])
    )
    labels = _matched(labels, table.index, previous or {})
    clusters = sorted(set(labels.tolist()) - {-1})
    apart = best["silhouette"] >= STRUCTURED
    # A judgement: one customer in twenty may stand apart; with more, too many would go without a name.
    stable = best["stability"] >= STABLE and best["noise"] < 0.05 and apart
    return Clustering(
        best["method"],
        labels,
        np.array([Z[labels == c].mean(axis=0) for c in clusters]),
        tuple(_profile(table, Z, labels, c) for c in clusters),
        tuple(c for c, _ in tried),
        "stable" if stable else "not stable or not apart: read it, but do not name customers by it",
    )


def _scaled(table: pd.DataFrame) -> NDArray[np.float64]:
    values = np.log1p(np.maximum(table.to_numpy(dtype=float), 0.0))
    spread = values.std(axis=0)
    return np.asarray((values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def _labels(method: str, k: int, Z: NDArray[np.float64], seed: int) -> NDArray[np.int64]:
    from sklearn.cluster import DBSCAN, AgglomerativeClustering, KMeans
    from sklearn.neighbors import NearestNeighbors

    if method == "k-means":
        # Ten starts: with one, two seeds agreed on made customers only by .74, with ten wholly.
        return np.asarray(KMeans(k, n_init=10, random_state=seed).fit_predict(Z), dtype=np.int64)
    if method == "hierarchical":
        return np.asarray(AgglomerativeClustering(k).fit_predict(Z), dtype=np.int64)
    # Usual for DBSCAN: more neighbours than dimensions, and a radius that nine of ten customers reach them within.
    near = max(5, Z.shape[1] + 1)
    distance, _ = NearestNeighbors(n_neighbors=near).fit(Z).kneighbors(Z)
    radius = max(float(np.quantile(distance[:, -1], 0.9)), 1e-6)
    return np.asarray(DBSCAN(eps=radius, min_samples=near).fit_predict(Z), dtype=np.int64)


def _figures(
    method: str, k: int, Z: NDArray[np.float64], labels: NDArray[np.int64], seed: int
) -> dict[str, Any]:
    from sklearn.metrics import adjusted_rand_score, silhouette_score

    rng = np.random.default_rng(seed)
    inside = labels >= 0
    several = len(set(labels[inside].tolist())) > 1
    silhouette = (
        float(
            silhouette_score(
                Z[inside], labels[inside], sample_size=min(2_000, int(inside.sum())), random_state=seed
            )
        )
        if several
        else 0.0
    )
    agree = []
    for _ in range(_DRAWS):
        some = rng.permutation(len(Z))[: int(0.8 * len(Z))]
        agree.append(adjusted_rand_score(labels[some], _labels(method, k, Z[some], seed)))
    return {
        "method": method,
        "k": len(set(labels[inside].tolist())),
        "silhouette": round(silhouette, 3),
        "stability": round(float(np.mean(agree)), 3) if several else 0.0,
        "noise": round(float(1 - inside.mean()), 3),
    }


def _matched(labels: NDArray[np.int64], ids: pd.Index[Any], previous: Mapping[Any, int]) -> NDArray[np.int64]:
    """The labels with the numbers of the last run where clusters go on; new ones get numbers never used there."""
    from scipy.optimize import linear_sum_assignment

    new = sorted(set(labels.tolist()) - {-1})
    before = np.array([previous.get(i, -1) for i in ids], dtype=np.int64)
    old = sorted(set(before.tolist()) - {-1})
    if not old:
        return labels
    overlap = np.array([[int(((labels == n) & (before == o)).sum()) for o in old] for n in new])
    rows, columns = linear_sum_assignment(-overlap)
    number = {new[r]: old[c] for r, c in zip(rows, columns, strict=True) if overlap[r, c] > 0}
    free = iter(range(max(old) + 1, max(old) + 1 + len(new)))
    number |= {n: next(free) for n in new if n not in number}
    return np.array([number.get(int(v), -1) for v in labels], dtype=np.int64)


def _profile(
    table: pd.DataFrame, Z: NDArray[np.float64], labels: NDArray[np.int64], cluster: int
) -> dict[str, Any]:
    """Size, medians, and what sets the cluster apart in words."""
    mine = labels == cluster
    away = Z[mine].mean(axis=0)
    told: Sequence[int] = [int(j) for j in np.argsort(-np.abs(away)) if abs(away[j]) >= _STRONG][:3]
    names = [str(c) for c in table.columns]
    words = [
        WORDS.get(names[j], (f"high {names[j]}", f"low {names[j]}"))[0 if away[j] > 0 else 1] for j in told
    ]
    medians = table[mine].median()
    return {
        "cluster": int(cluster),
        "customers": int(mine.sum()),
        "who": ", ".join(words) or "like the average",
        **{n: round(float(medians[n]), 2) for n in names},
    }
