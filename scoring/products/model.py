"""Recommended products: item-item similarity where it beats popularity on a split in time, else popularity."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.config.clock import DAY_MS
from sales_consultant.engine import Engine
from sales_consultant.scoring.products.baskets import incidence
from sales_consultant.scoring.products.follow_ups import WITHIN_DAYS, follow_ups
from sales_consultant.scoring.products.line_items import Bought, bought
from sales_consultant.scoring.products.similarity import MIN_TOGETHER, cosine, popular, recommend
from sales_consultant.scoring.products.time_split import split_in_time
from sales_consultant.scoring.products.wording import Language, why

if TYPE_CHECKING:
    from scipy import sparse

    from sales_consultant.config.populations import Exclusions

SIMILARITY, POPULARITY, NONE = "item similarity", "popularity", "none"
COLUMNS = (
    "record_id", "product_id", "product", "why", "bought", "of", "within_days", "anchor_id", "anchor",
)  # fmt: skip
# Judgements. What nobody bought for a year is hardly sold any more. A recommendation that a rep has seen stays while it is
# among the ten best, so that it does not change from night to night.
SOLD_DAYS = 365
KEEP_AMONG = 10


@dataclass(frozen=True)
class Neighbour:
    """A product that customers of another one bought too: its place among the products, and the figures of `follow_ups`."""

    product: int
    similarity: float
    both: int
    of: int
    within: int
    watched: int

    def reason(self) -> tuple[str, int, int]:
        """Which figures speak for it: kind of reason, customers, of how many."""
        if self.within >= MIN_TOGETHER:
            return "within", self.within, self.watched
        return "both", self.both, self.of


@dataclass(frozen=True)
class ProductModel:
    """What is recommended to whom.

    `method` is SIMILARITY, POPULARITY or NONE. `products` are ids, `buyers` how many customers bought each (shape
    (products,)), `neighbours` the nearest of each, the most similar first. `customers` is how many bought anything.
    """

    trained_at: int
    method: str
    products: tuple[str, ...]
    buyers: tuple[int, ...]
    neighbours: tuple[tuple[Neighbour, ...], ...]
    customers: int
    card: dict[str, Any] = field(default_factory=dict)

    def recommend(
        self,
        engine: Engine,
        *,
        as_of: int,
        previous: Mapping[str, str] | None = None,
        exclusions: Exclusions | None = None,
        language: Language = "en",
    ) -> pd.DataFrame:
        """One row a company that bought something and has a product to be recommended: the columns of COLUMNS.

        `bought` of `of` customers speak for it, `within_days` of the anchor (a gap for whenever); anchor_id and anchor are what
        the company owns that it goes with, gaps for popularity. `previous` is the name that each company shows now, by record
        id: it stands while it is still among the ten best. Left out are products that the company has or gave back, those
        without a name, and those that nobody bought for a year.
        """
        held = bought(engine, as_of=as_of, exclusions=exclusions)
        return self.of_bought(held, as_of=as_of, previous=previous, language=language)

    def of_bought(
        self,
        held: Bought,
        *,
        as_of: int,
        previous: Mapping[str, str] | None = None,
        language: Language = "en",
    ) -> pd.DataFrame:
        """The same, from purchases that were read already."""
        rows = []
        for customer, best, towards in self._best(held, as_of):
            chosen = self._chosen(best, (previous or {}).get(customer), held.names)
            if chosen is not None:
                rows.append(self._row(customer, chosen, towards(chosen), held.names, language))
        return pd.DataFrame({c: pd.Series([r[c] for r in rows], dtype=object) for c in COLUMNS})

    def of_deals(
        self,
        held: Bought,
        deals: pd.DataFrame,
        *,
        as_of: int,
        previous: Mapping[str, str] | None = None,
        language: Language = "en",
    ) -> pd.DataFrame:
        """One row a deal whose company has a product to be recommended that is not in the deal: the columns of COLUMNS.

        `deals` as from `open_deals`. What is recommended is of the ten best of the deal's company, less what is on the deal's
        lines; `previous` is the name that each deal shows now, by record id: it stands while it is still among these.
        """
        of_company = {str(c): rows for c, rows in deals.groupby("company_id")}
        theirs = replace(held, rows=held.rows[held.rows["customer"].isin(of_company.keys())])
        rows = []
        for customer, best, towards in self._best(held, as_of, of=theirs):
            mine = of_company[customer]
            for deal, inside in zip(mine["deal_id"].astype(str), mine["products"], strict=True):
                free = np.asarray([p for p in best if p >= 0 and self.products[p] not in inside])
                chosen = self._chosen(free, (previous or {}).get(deal), held.names)
                if chosen is not None:
                    rows.append(self._row(deal, chosen, towards(chosen), held.names, language))
        return pd.DataFrame({c: pd.Series([r[c] for r in rows], dtype=object) for c in COLUMNS})

    def best_for(
        self,
        held: Bought,
        company_id: str,
        *,
        as_of: int,
        top: int,
        previous: str | None = None,
        language: Language = "en",
    ) -> list[dict[str, Any]]:
        """The `top` products of one company, the one that it shows now (`previous`) first: rows with the keys of COLUMNS."""
        mine = replace(held, rows=held.rows[held.rows["customer"] == company_id])
        for customer, best, towards in self._best(held, as_of, of=mine):
            first = self._chosen(best, previous, held.names)
            places = [first, *(int(p) for p in best if p >= 0 and p != first)] if first is not None else []
            return [self._row(customer, p, towards(p), held.names, language) for p in places[:top]]
        return []

    def _best(
        self, held: Bought, as_of: int, *, of: Bought | None = None
    ) -> Iterator[tuple[str, NDArray[np.int64], Callable[[int], list[tuple[Neighbour, int]]]]]:
        """Each company (of `of`, else all) with the places of its ten best products, -1 where there are fewer, and what tells the
        products it has that a place goes with."""
        mine = (of or held).of_companies()
        had = mine.had()
        if self.method == NONE or had.empty or not self.products:
            return
        places = pd.Index(self.products)
        customers = pd.Index(sorted(set(had["customer"])))
        shape = (len(customers), len(places))
        owned = _matrix(had, customers, places, shape)
        allowed = self._allowed(held, as_of)
        liked = owned
        if self.method == SIMILARITY:
            # What was given back speaks for nothing, and is not recommended again.
            liked = _matrix(self._kept(mine), customers, places, shape)
            best = recommend(owned, self._similar(), top=KEEP_AMONG, allowed=allowed, speaking=liked)
        else:
            best = popular(owned, np.asarray(self.buyers), top=KEEP_AMONG, allowed=allowed)
        pairs = self._towards()
        for place, customer in enumerate(customers):
            has = [int(a) for a in liked.indices[liked.indptr[place] : liked.indptr[place + 1]]]

            def towards(chosen: int, has: list[int] = has) -> list[tuple[Neighbour, int]]:
                return [(pairs[chosen, a], a) for a in has if (chosen, a) in pairs]

            yield str(customer), best[place], towards

    @staticmethod
    def _kept(held: Bought) -> pd.DataFrame:
        """What was bought and not given back, with or without a date: what speaks for another product."""
        back = held.rows[held.rows["returned"]][["customer", "product_id"]]
        had = held.had()
        given = pd.MultiIndex.from_frame(back)
        return had[~pd.MultiIndex.from_frame(had).isin(given)]

    def _allowed(self, held: Bought, as_of: int) -> NDArray[np.bool_]:
        """Which products may be recommended, shape (products,): named ones that somebody bought within a year."""
        rows = held.rows[~held.rows["returned"] & (held.rows["at"] > as_of - SOLD_DAYS * DAY_MS)]
        sold = set(rows["product_id"])
        return np.asarray([p in sold and p in held.names for p in self.products], dtype=bool)

    def _towards(self) -> dict[tuple[int, int], Neighbour]:
        """The figures of each pair by the product that is recommended and the one that is owned."""
        return {(n.product, a): n for a, near in enumerate(self.neighbours) for n in near}

    def _similar(self) -> sparse.csr_matrix:
        """The similarities, shape (products, products): from what is owned to what goes with it."""
        from scipy import sparse

        size = len(self.products)
        rows = np.repeat(np.arange(size), [len(n) for n in self.neighbours])
        every = [n for near in self.neighbours for n in near]
        columns, values = [n.product for n in every], [n.similarity for n in every]
        return sparse.csr_matrix((np.asarray(values, dtype=float), (rows, columns)), shape=(size, size))

    def _chosen(self, best: NDArray[np.int64], before: str | None, names: Mapping[str, str]) -> int | None:
        """The place of the product to recommend: the one of before where it is still among the best."""
        found = [int(p) for p in best if p >= 0]
        same = [p for p in found if before and names[self.products[p]] == " ".join(before.split())]
        return next(iter(same or found), None)

    def _row(
        self,
        record_id: str,
        chosen: int,
        anchors: list[tuple[Neighbour, int]],
        names: Mapping[str, str],
        language: Language,
    ) -> dict[str, Any]:
        """The row of one company or deal; `anchors` are the places of products the company has that the chosen one goes with."""
        product = self.products[chosen]
        row: dict[str, Any] = {"record_id": record_id, "product_id": product, "product": names[product]}
        named = [(n, a) for n, a in anchors if self.products[a] in names]
        if self.method == POPULARITY or not named:
            n, of = self.buyers[chosen], self.customers
            told = why("popular", n=n, of=of, language=language)
            return {
                **row, "why": told, "bought": n, "of": of, "within_days": None, "anchor_id": None, "anchor": None,
            }  # fmt: skip
        near, anchor = max(named, key=lambda na: (na[0].similarity, -na[1]))
        kind, n, of = near.reason()
        owned = self.products[anchor]
        told = why(kind, n=n, of=of, anchor=names[owned], language=language)
        return {
            **row,
            "why": told,
            "bought": n,
            "of": of,
            "within_days": WITHIN_DAYS if kind == "within" else None,
            "anchor_id": owned,
            "anchor": names[owned],
        }

    def to_dict(self) -> dict[str, Any]:
        """A form that JSON can hold."""
        return {
            "trained_at": self.trained_at,
            "method": self.method,
            "products": list(self.products),
            "buyers": list(self.buyers),
            "neighbours": [
                [[n.product, n.similarity, n.both, n.of, n.within, n.watched] for n in near]
                for near in self.neighbours
            ],
            "customers": self.customers,
            "card": self.card,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ProductModel:
        """The inverse of `to_dict`."""
        near = tuple(tuple(Neighbour(*n) for n in each) for each in data["neighbours"])
        return cls(
            trained_at=data["trained_at"],
            method=data["method"],
            products=tuple(data["products"]),
            buyers=tuple(data["buyers"]),
            neighbours=near,
            customers=data["customers"],
            card=dict(data["card"]),
        )


def _matrix(
    rows: pd.DataFrame, customers: pd.Index[Any], products: pd.Index[Any], shape: tuple[int, int]
) -> sparse.csr_matrix:
    """Who has what, of customers and products that are known."""
    r = customers.get_indexer(pd.Index(rows["customer"]))
    c = products.get_indexer(pd.Index(rows["product_id"]))
    known = (r >= 0) & (c >= 0)
    return incidence(r[known], c[known], shape)


def fit(
    engine: Engine,
    *,
    as_of: int,
    before: ProductModel | None = None,
    exclusions: Exclusions | None = None,
) -> ProductModel:
    """The model of what was bought by `as_of` (ms), with the test on a split in time on its card.

    Where the model `before`, the one in force, uses similarity, it is used as long as its recall is the higher one: a test at the
    edge of chance would change every recommendation from week to week.
    """
    return of_bought(bought(engine, as_of=as_of, exclusions=exclusions), as_of=as_of, before=before)


def of_bought(held: Bought, *, as_of: int, before: ProductModel | None = None) -> ProductModel:
    """The same, from purchases that were read already."""
    first = held.first(until=as_of)
    test = split_in_time(held, as_of=as_of)
    card: dict[str, Any] = {
        **test.as_dict(),
        "verdict": test.verdict,
        "counted_out": dict(sorted(held.counted_out.items())),
        "products_without_a_name": len(set(first["product_id"]) - held.names.keys()),
    }
    if first.empty:
        lack = "has a date, and was kept" if len(held.rows) else "names a product"
        card |= {"method": NONE, "said": f"no line item of a won deal {lack}: nothing is recommended"}
        return ProductModel(as_of, NONE, (), (), (), 0, card)
    products, customers = pd.Index(sorted(set(first["product_id"]))), pd.Index(sorted(set(first["customer"])))
    owned = _matrix(first, customers, products, (len(customers), len(products)))
    buyers = tuple(int(n) for n in np.asarray(owned.sum(axis=0)).ravel())
    stays = before is not None and before.method == SIMILARITY and test.ahead
    method = SIMILARITY if test.better or stays else POPULARITY
    near = _neighbours(first, owned, products, as_of) if method == SIMILARITY else ((),) * len(products)
    card |= {
        "method": method,
        "said": _said(card, method),
        "customers": len(customers),
        "products": len(products),
    }
    return ProductModel(as_of, method, tuple(products), buyers, near, len(customers), card)


def _neighbours(
    first: pd.DataFrame, owned: sparse.csr_matrix, products: pd.Index[Any], as_of: int
) -> tuple[tuple[Neighbour, ...], ...]:
    """The nearest products of each, with how many customers bought them after it."""
    similar = cosine(owned).tocoo()
    pairs = pd.DataFrame({"anchor": products[similar.row], "product": products[similar.col]})
    told = follow_ups(first, pairs, until=as_of)
    near: list[list[Neighbour]] = [[] for _ in products]
    figures = told[["both", "of", "within", "watched"]].to_numpy(dtype=np.int64)
    for row, column, value, counts in zip(similar.row, similar.col, similar.data, figures, strict=True):
        near[row].append(Neighbour(int(column), round(float(value), 6), *(int(c) for c in counts)))
    for each in near:
        each.sort(key=lambda n: (-n.similarity, n.product))
    return tuple(tuple(each) for each in near)


def _said(card: Mapping[str, Any], method: str) -> str:
    """Which way is used and why, in a sentence."""
    if card["verdict"] == "too little data":
        return (
            f"popularity is used: only {card['customers_tested']:,} customers bought something new in the last "
            f"{card['horizon_days']} days, too few to tell whether similarity is better"
        )
    figures = (
        f"recall at 10 of similarity {card['recall_at_10']:.3f}, of popularity {card['popularity_recall_at_10']:.3f}, over "
        f"{card['customers_tested']:,} customers who bought something new in the last {card['horizon_days']} days"
    )
    if method == SIMILARITY and card["verdict"] == "better than popularity":
        return f"similarity beats popularity: {figures}"
    if method == SIMILARITY:
        return f"similarity stays, though it is ahead by no more than chance: {figures}"
    return f"popularity wins and is used, for similarity is no better by more than chance: {figures}"
