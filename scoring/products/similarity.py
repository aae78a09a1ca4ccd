"""What is bought by the same customers: item-item cosine similarity, and the products a customer may want by it.

B. Sarwar, G. Karypis, J. Konstan and J. Riedl, "Item-based collaborative filtering recommendation algorithms", WWW 2001,
section 3.1.1 (cosine) and 4.3 (20 to 30 neighbours are enough).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy import sparse

NEIGHBOURS = 20
# A judgement: what fewer than five customers bought together may be chance, and is no reason that a rep can give.
MIN_TOGETHER = 5
_BLOCK = 512


def together(X: sparse.csr_matrix) -> sparse.coo_matrix:
    """How many customers bought each two products, shape (products, products), without the diagonal.

    `X` has shape (customers, products) and holds 0 and 1.
    """
    from scipy import sparse

    both = (X.T @ X).tocoo()
    other = both.row != both.col
    return sparse.coo_matrix((both.data[other], (both.row[other], both.col[other])), shape=both.shape)


def cosine(
    X: sparse.csr_matrix, *, neighbours: int = NEIGHBOURS, min_together: int = MIN_TOGETHER
) -> sparse.csr_matrix:
    """The similarity of each product (row) to its nearest `neighbours` (columns): n_ij / sqrt(n_i n_j), 0 to 1.

    Pairs that fewer than `min_together` customers bought are left out. Of equal ones the first product counts.
    """
    from scipy import sparse

    bought = np.asarray(X.sum(axis=0)).ravel().astype(float)
    both = together(X)
    enough = both.data >= min_together
    rows, columns = both.row[enough], both.col[enough]
    values = both.data[enough] / np.sqrt(bought[rows] * bought[columns])
    # The nearest first within each row: ranks are places after the row's beginning.
    order = np.lexsort((columns, -values, rows))
    rows, columns, values = rows[order], columns[order], values[order]
    starts = np.searchsorted(rows, np.arange(X.shape[1]))
    near = np.arange(len(rows)) - starts[rows] < neighbours if len(rows) else np.zeros(0, dtype=bool)
    shape = (X.shape[1], X.shape[1])
    return sparse.csr_matrix((values[near], (rows[near], columns[near])), shape=shape)


def ranked(
    owned: sparse.csr_matrix,
    scores: NDArray[np.float64],
    *,
    top: int,
    allowed: NDArray[np.bool_] | None = None,
) -> NDArray[np.int64]:
    """The places of each customer's best products that it does not own, shape (customers, top); -1 where there are fewer.

    `scores` has shape (customers, products), or (products,) for the same order for all; what is not positive is no product to
    recommend. `allowed` (products,) says which may be. Of equal scores the first product counts.
    """
    dense = np.broadcast_to(scores, owned.shape).astype(float)
    dense[owned.toarray() > 0] = 0.0
    if allowed is not None:
        dense[:, ~allowed] = 0.0
    found = np.full((dense.shape[0], top), -1, dtype=np.int64)
    if not dense.shape[1]:
        return found
    rows = np.arange(len(dense))
    # Ten times the largest one costs a tenth of sorting thousands; of equal ones it is the first.
    for place in range(min(top, dense.shape[1])):
        best = dense.argmax(axis=1)
        hit = dense[rows, best] > 0
        if not hit.any():
            break
        found[hit, place] = best[hit]
        dense[rows, best] = 0.0
    return found


def recommend(
    owned: sparse.csr_matrix,
    similar: sparse.csr_matrix,
    *,
    top: int,
    allowed: NDArray[np.bool_] | None = None,
    speaking: sparse.csr_matrix | None = None,
) -> NDArray[np.int64]:
    """The best products of each customer by the sum of similarities to what it owns, shape (customers, top).

    `speaking` (shape as `owned`) is what speaks for other products, where that is not all that is owned: what was given back
    is not recommended again, and says nothing of what the customer likes.
    """
    parts = [
        ranked(block, np.asarray((told @ similar).todense(), dtype=float), top=top, allowed=allowed)
        for block, told in zip(_blocks(owned), _blocks(owned if speaking is None else speaking), strict=True)
    ]
    return np.vstack(parts) if parts else np.zeros((0, top), dtype=np.int64)


def popular(
    owned: sparse.csr_matrix,
    buyers: NDArray[Any],
    *,
    top: int,
    allowed: NDArray[np.bool_] | None = None,
) -> NDArray[np.int64]:
    """The most bought products that each customer does not own, shape (customers, top): the baseline."""
    parts = [ranked(block, buyers.astype(float), top=top, allowed=allowed) for block in _blocks(owned)]
    return np.vstack(parts) if parts else np.zeros((0, top), dtype=np.int64)


def _blocks(owned: sparse.csr_matrix) -> list[sparse.csr_matrix]:
    """Some customers at a time, so that no dense table of all of them is held."""
    return [owned[start : start + _BLOCK] for start in range(0, owned.shape[0], _BLOCK)]
