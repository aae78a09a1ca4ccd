"""How well recommendations would have done: recall at 5 and 10 against popularity, on a split in time.

What was known at the cut is learnt from; what customers bought for the first time within the horizon after it is to be
found. Recall at k is the share of a customer's new products that are among the k recommended, at most 1 where a customer
bought more than k: J. Herlocker et al., "Evaluating collaborative filtering recommender systems", ACM TOIS 22(1), 2004,
section 4.1; the mean is over customers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.config.clock import DAY_MS
from sales_consultant.scoring.products.baskets import incidence
from sales_consultant.scoring.products.line_items import Bought
from sales_consultant.scoring.products.similarity import MIN_TOGETHER, NEIGHBOURS, cosine, popular, recommend

if TYPE_CHECKING:
    from scipy import sparse

AT = (5, 10)
HORIZON_DAYS = 182
"""Half a year: in B2B few customers buy anything new within a quarter."""
# A judgement: with fewer customers the difference of two recalls is known to no better than a tenth.
MIN_CUSTOMERS = 30
# One-sided 95 %: a model that is no better than popularity passes once in twenty trainings.
_Z = 1.645


@dataclass(frozen=True)
class SplitTest:
    """Mean recall of both ways over the customers who bought something new after the cut.

    `cut` in ms, `horizon_days` after it; `recall` and `popularity` by k; `low` is the lower 95 % bound (one-sided) of the
    difference of recall at 10. `verdict`: "better than popularity", "no better than popularity" or "too little data".
    """

    cut: int
    horizon_days: int
    customers: int
    products: int
    recall: dict[int, float]
    popularity: dict[int, float]
    low: float | None
    verdict: str

    @property
    def better(self) -> bool:
        """Whether similarity finds more than popularity, by more than chance."""
        return self.verdict == "better than popularity"

    @property
    def ahead(self) -> bool:
        """Whether similarity finds more than popularity, be it by chance."""
        return bool(self.recall) and self.recall[max(AT)] > self.popularity[max(AT)]

    def as_dict(self) -> dict[str, Any]:
        """The figures as a model's card keeps them."""
        figures: dict[str, Any] = {"cut": self.cut, "horizon_days": self.horizon_days}
        figures |= {"customers_tested": self.customers, "products_known": self.products}
        for k in AT:
            figures[f"recall_at_{k}"] = _rounded(self.recall.get(k))
            figures[f"popularity_recall_at_{k}"] = _rounded(self.popularity.get(k))
        return {**figures, "difference_low": _rounded(self.low)}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def split_in_time(
    bought: Bought,
    *,
    as_of: int,
    horizon_days: int = HORIZON_DAYS,
    neighbours: int = NEIGHBOURS,
    min_together: int = MIN_TOGETHER,
) -> SplitTest:
    """Both ways learnt from what was known `horizon_days` before `as_of` (ms), judged by what was bought since."""
    cut = as_of - horizon_days * DAY_MS
    past = bought.first(until=cut)
    empty = SplitTest(cut, horizon_days, 0, 0, {}, {}, None, "too little data")
    if past.empty:
        return empty
    products, customers = pd.Index(sorted(set(past["product_id"]))), pd.Index(sorted(set(past["customer"])))
    owned = incidence(
        customers.get_indexer(pd.Index(past["customer"])),
        products.get_indexer(pd.Index(past["product_id"])),
        (len(customers), len(products)),
    )
    new = _new_products(bought, past, as_of=as_of, cut=cut)
    rows, columns = (
        customers.get_indexer(pd.Index(new["customer"])),
        products.get_indexer(pd.Index(new["product_id"])),
    )
    # What nobody had bought at the cut no way could have recommended: it counts as missed by both.
    of = np.bincount(rows[rows >= 0], minlength=len(customers))
    tested = np.flatnonzero(of > 0)
    if len(tested) < MIN_CUSTOMERS:
        return SplitTest(cut, horizon_days, len(tested), len(products), {}, {}, None, "too little data")
    hit = (rows >= 0) & (columns >= 0)
    wanted = incidence(rows[hit], columns[hit], (len(customers), len(products)))[tested]
    held, top = owned[tested], max(AT)
    similar = cosine(owned, neighbours=neighbours, min_together=min_together)
    by_similarity = recommend(held, similar, top=top)
    by_popularity = popular(held, np.asarray(owned.sum(axis=0)).ravel(), top=top)
    ours = {k: recalls(by_similarity, wanted, of[tested], k) for k in AT}
    theirs = {k: recalls(by_popularity, wanted, of[tested], k) for k in AT}
    gap = ours[top] - theirs[top]
    low = float(gap.mean() - _Z * gap.std(ddof=1) / np.sqrt(len(gap)))
    return SplitTest(
        cut,
        horizon_days,
        len(tested),
        len(products),
        {k: float(v.mean()) for k, v in ours.items()},
        {k: float(v.mean()) for k, v in theirs.items()},
        low,
        "better than popularity" if low > 0 else "no better than popularity",
    )


def _new_products(bought: Bought, past: pd.DataFrame, *, as_of: int, cut: int) -> pd.DataFrame:
    """What customers bought for the first time after the cut, of what is known now."""
    since = bought.first(until=as_of)
    since = since[since["at"] > cut]
    known = pd.MultiIndex.from_frame(past[["customer", "product_id"]])
    return since[~pd.MultiIndex.from_frame(since[["customer", "product_id"]]).isin(known)]


def recalls(
    found: NDArray[np.int64], wanted: sparse.csr_matrix, of: NDArray[Any], k: int
) -> NDArray[np.float64]:
    """Each customer's recall at k: of its `of` new products (or k, where it has more) those among the first k `found`.

    `found` has shape (customers, at least k), -1 for none; `wanted` (customers, products) holds 1 for each new product.
    """
    first = found[:, :k]
    rows = np.repeat(np.arange(len(first)), first.shape[1])
    columns = first.ravel()
    hits = np.zeros(len(columns))
    there = columns >= 0
    hits[there] = np.asarray(wanted[rows[there], columns[there]]).ravel()
    return np.asarray(hits.reshape(first.shape).sum(axis=1) / np.minimum(of, k))
