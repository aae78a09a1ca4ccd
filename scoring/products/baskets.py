"""Baskets as a sparse matrix of zeros and ones: a row a basket, a column an item."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from scipy import sparse

__all__ = ["Baskets", "encode"]


@dataclass(frozen=True)
class Baskets:
    """Which items each basket holds.

    `items` are the columns' names in order; `matrix` has shape (baskets, items), int32, 1 where a basket holds an item.
    A basket that holds nothing is a row of zeros: it counts as a basket, as in the published definitions of support.
    """

    items: tuple[str, ...]
    matrix: sparse.csr_matrix

    @property
    def count(self) -> int:
        """The number of baskets, those that hold nothing included."""
        return int(self.matrix.shape[0])


def encode(baskets: Iterable[Collection[str]]) -> Baskets:
    """Baskets of item names as a matrix; an item that a basket names twice counts once.

    >>> encode([["bread", "milk", "milk"], [], ["milk"]]).matrix.toarray().tolist()
    [[1, 1], [0, 0], [0, 1]]
    """
    names: list[str] = []
    sizes: list[int] = []
    for basket in baskets:
        names.extend(basket)
        sizes.append(len(basket))
    rows = np.repeat(np.arange(len(sizes)), sizes)
    codes, items = pd.factorize(np.asarray(names, dtype=object), sort=True)
    return Baskets(tuple(str(i) for i in items), incidence(rows, np.asarray(codes), (len(sizes), len(items))))


def incidence(
    rows: np.ndarray[tuple[int], np.dtype[np.int64]],
    columns: np.ndarray[tuple[int], np.dtype[np.int64]],
    shape: tuple[int, int],
) -> sparse.csr_matrix:
    """A matrix of `shape` with 1 at each named place, however often it is named (int32)."""
    from scipy import sparse

    made = sparse.csr_matrix((np.ones(len(rows), dtype=np.int32), (rows, columns)), shape=shape)
    made.sum_duplicates()
    made.data[:] = 1
    return made
