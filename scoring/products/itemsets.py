"""Frequent itemsets of any size, by the sets of baskets that hold them.

The search goes down one itemset at a time, and intersects the baskets of an itemset with those of each item that may
follow (M. Zaki, "Scalable algorithms for association mining", IEEE TKDE 12(3), 2000). That an itemset can only be
frequent where all its parts are is R. Agrawal and R. Srikant, "Fast algorithms for mining association rules", VLDB
1994, section 2.1.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sales_consultant.scoring.core import ScoringError
from sales_consultant.scoring.products.baskets import Baskets

TOLERANCE = 1e-9
"""A threshold is met by what differs from it only by the rounding of floating point numbers."""
# A judgement: beyond a million itemsets nobody reads the rules, and the search would run for hours.
_MOST = 1_000_000
_WORD = 64

Itemset = tuple[int, ...]


def check_share(name: str, value: float) -> None:
    """Raise ScoringError for a threshold that is no share."""
    if not 0 <= value <= 1:
        raise ScoringError(f"{name} is {value}, and a share is from 0 to 1: give one, as 0.01.")


def least_count(share: float, of: int) -> int:
    """The fewest baskets that are a `share` (0 to 1) of `of`; at least one.

    >>> least_count(0.006, 9835), least_count(0.8, 10), least_count(0.0, 10)
    (60, 8, 1)
    """
    return max(1, math.ceil(share * of - TOLERANCE * max(of, 1)))


def frequent(baskets: Baskets, least: int, *, max_size: int | None = None) -> dict[Itemset, int]:
    """The number of baskets of every itemset that at least `least` of them hold, by its columns in rising order.

    Raises ScoringError where there are more than a million.
    """
    single = np.asarray(baskets.matrix.sum(axis=0)).ravel()
    kept = np.flatnonzero(single >= least)
    found: dict[Itemset, int] = {(int(i),): int(single[i]) for i in kept}
    if max_size == 1 or not len(kept):
        return found
    bits = _bits(baskets, kept)
    # What may follow a single item is told by all pairs at once, which for many items is far less work.
    pairs = _pairs_at_least(baskets, kept, least)
    for first in range(len(kept)):
        others = pairs[first]
        if len(others):
            _grow(found, kept, bits, first, others, least, max_size)
        if len(found) > _MOST:
            raise ScoringError(
                f"More than {_MOST:,} groups of items are held by {least} baskets or more: give a larger min_support, "
                "or a max_size."
            )
    return found


def _bits(baskets: Baskets, kept: NDArray[Any]) -> NDArray[np.uint64]:
    """Shape (items kept, words): the baskets of each item, a bit a basket."""
    words = -(-baskets.count // _WORD)
    bits = np.zeros((len(kept), words), dtype=np.uint64)
    columns = baskets.matrix[:, kept].tocsc()
    for place in range(len(kept)):
        rows = columns.indices[columns.indptr[place] : columns.indptr[place + 1]]
        packed = np.zeros(words * _WORD, dtype=np.uint8)
        packed[rows] = 1
        bits[place] = np.packbits(packed, bitorder="little").view(np.uint64)
    return bits


def _pairs_at_least(baskets: Baskets, kept: NDArray[Any], least: int) -> list[NDArray[np.int64]]:
    """For each item kept the later ones (their places among `kept`) that `least` baskets hold together with it."""
    X = baskets.matrix[:, kept]
    both = (X.T @ X).tocoo()
    hit = (both.data >= least) & (both.row < both.col)
    rows, columns = both.row[hit], both.col[hit]
    order = np.lexsort((columns, rows))
    edges = np.searchsorted(rows[order], np.arange(len(kept) + 1))
    return [columns[order][edges[i] : edges[i + 1]].astype(np.int64) for i in range(len(kept))]


def _grow(
    found: dict[Itemset, int],
    kept: NDArray[Any],
    bits: NDArray[np.uint64],
    first: int,
    others: NDArray[np.int64],
    least: int,
    max_size: int | None,
) -> None:
    """Add every frequent itemset that begins with the item at place `first`."""
    todo: list[tuple[Itemset, NDArray[np.int64], NDArray[np.uint64]]]
    todo = [((int(kept[first]),), others, bits[first] & bits[others])]
    while todo:
        prefix, places, held = todo.pop()
        counts = np.bitwise_count(held).sum(axis=1)
        hit = counts >= least
        places, held, counts = places[hit], held[hit], counts[hit]
        for n, place in enumerate(places):
            itemset = (*prefix, int(kept[place]))
            found[itemset] = int(counts[n])
            more = n + 1 < len(places)
            if more and (max_size is None or len(itemset) < max_size):
                todo.append((itemset, places[n + 1 :], held[n] & held[n + 1 :]))
        if len(found) > _MOST:
            return
