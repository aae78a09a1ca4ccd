"""What customers bought after another product, within some months: the figures that a recommendation gives as its reason."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.config.clock import DAY_MS

WITHIN_DAYS = 91
"""Three months: the time that a rep plans for, and short enough to be over for most purchases."""
# Rows that are looked up at once: some hundred megabytes at most.
_BLOCK = 50_000


def follow_ups(
    first: pd.DataFrame, pairs: pd.DataFrame, *, until: int, within_days: int = WITHIN_DAYS
) -> pd.DataFrame:
    """How many customers who bought a product bought another one too.

    `first` has one row a customer and product (customer, product_id, at in ms); `pairs` the ordered pairs that are asked for
    (anchor, product). The answer is `pairs` with whole numbers:
    - both, of: customers who bought the two, in any order, of those who bought the anchor;
    - within, watched: of the customers whose first purchase of the anchor lies `within_days` or more before `until` (ms),
      those who bought the product for the first time on that day or up to so many days later.
    """
    names = pd.Index(pd.unique(pd.concat([first["product_id"], pairs["anchor"], pairs["product"]])))
    size = len(names)
    customer = pd.factorize(first["customer"])[0].astype(np.int64)
    item = names.get_indexer(pd.Index(first["product_id"])).astype(np.int64)
    at = first["at"].to_numpy(dtype=np.int64)
    key = customer * size + item
    order = np.argsort(key, kind="stable")
    sorted_key, sorted_at = key[order], at[order]
    anchor = names.get_indexer(pd.Index(pairs["anchor"])).astype(np.int64)
    product = names.get_indexer(pd.Index(pairs["product"])).astype(np.int64)
    by_anchor = np.argsort(anchor, kind="stable")
    starts = np.searchsorted(anchor[by_anchor], np.arange(size + 1))
    both = np.zeros(len(pairs), dtype=np.int64)
    within = np.zeros(len(pairs), dtype=np.int64)
    over = at <= until - within_days * DAY_MS
    for begin in range(0, len(first), _BLOCK):
        rows = np.arange(begin, min(begin + _BLOCK, len(first)))
        lengths = starts[item[rows] + 1] - starts[item[rows]]
        of_row = np.repeat(rows, lengths)
        offset = np.arange(len(of_row)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        pair = by_anchor[starts[item[of_row]] + offset]
        wanted = customer[of_row] * size + product[pair]
        place = np.minimum(np.searchsorted(sorted_key, wanted), len(sorted_key) - 1)
        met = sorted_key[place] == wanted
        pair, of_row, place = pair[met], of_row[met], place[met]
        # Both on one day are one purchase, whatever the hours say.
        days = sorted_at[place] // DAY_MS - at[of_row] // DAY_MS
        soon = over[of_row] & (days >= 0) & (days <= within_days)
        both += np.bincount(pair, minlength=len(pairs))
        within += np.bincount(pair[soon], minlength=len(pairs))
    buyers = np.bincount(item, minlength=size)
    watched = np.bincount(item[over], minlength=size)
    return pairs.assign(both=both, of=buyers[anchor], within=within, watched=watched[anchor])


def next_products(
    first: pd.DataFrame, *, until: int, within_days: int = WITHIN_DAYS, min_together: int = 5
) -> pd.DataFrame:
    """What is bought next after each product: anchor, product, within, watched, share (within / watched), likeliest first.

    `first` as for `follow_ups`. A next purchase is the first one of a product, on a later day and up to `within_days` later.
    Pairs that fewer than `min_together` customers bought so are left out.
    """
    rows = first.assign(day=first["at"] // DAY_MS)
    old = rows[rows["at"] <= until - within_days * DAY_MS]
    watched = old.groupby("product_id").size()
    parts = []
    customers: NDArray[np.int64] = pd.factorize(old["customer"])[0].astype(np.int64)
    # A customer's purchases meet each other: some customers at a time, so that the pairs fit into memory.
    for block in range(0, int(customers.max(initial=-1)) + 1, 500):
        mine = old[(customers >= block) & (customers < block + 500)]
        met = mine.merge(rows, on="customer", suffixes=("", "_next"))
        gap = met["day_next"] - met["day"]
        met = met[gap.between(1, within_days)]
        parts.append(met.groupby(["product_id", "product_id_next"]).size())
    names = ["anchor", "product"]
    if not parts:
        return pd.DataFrame({c: [] for c in (*names, "within", "watched", "share")})
    counts = pd.concat(parts).groupby(level=[0, 1]).sum()
    told = counts[counts >= min_together].rename_axis(names).rename("within").reset_index()
    told["watched"] = told["anchor"].map(watched).astype(np.int64)
    told["share"] = told["within"] / told["watched"]
    return told.sort_values(["anchor", "share", "product"], ascending=[True, False, True], ignore_index=True)
