"""Price and discount guidance: at which discount to the list price a product was won, for deals of a size and customers of a
segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from sales_consultant.engine import Engine, neutral, query
from sales_consultant.scoring.core import org_currency
from sales_consultant.scoring.products.line_items import won_lines

SizeBand = Literal["small", "medium", "large"]
BANDS: tuple[SizeBand, ...] = ("small", "medium", "large")
# A judgement: below eight a quartile rests on one deal.
MIN_LINES = 8
COLUMNS = ("deal_id", "company_id", "product_id", "price", "unit", "discount", "deal_amount")


@dataclass(frozen=True)
class PriceRange:
    """How won deals of a product were priced.

    `band` and `segment` are those that the figures are of: "" where too few deals were of it, and all were taken. `lines` is how
    many; the figures are None ("too few") below eight. `discounts` are the quartiles (25, 50, 75 %) of 1 - unit price / list
    price, `prices` those of the unit price in `currency`; a negative discount is a price above the list. The list price is
    that of today: CRMs keep no history of it.
    """

    product_id: str
    band: str
    segment: str
    lines: int
    list_price: float | None
    currency: str
    discounts: tuple[float, float, float] | None
    prices: tuple[float, float, float] | None
    why: str = ""

    @property
    def too_few(self) -> bool:
        """Whether there is nothing to go by."""
        return self.discounts is None

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**vars(self), "too_few": self.too_few}


@dataclass(frozen=True)
class PriceTable:
    """Priced lines of won deals (`rows`, columns of COLUMNS) in the org's currency, the list prices by product, and the upper
    ends of a small and of a medium deal's amount: the terciles of the won deals that have lines."""

    rows: pd.DataFrame
    listed: Mapping[str, float]
    currency: str
    edges: tuple[float, float]

    def band(self, amount: float | None) -> SizeBand | None:
        """The size of a deal by its amount; None for an amount that is not known."""
        if amount is None or not np.isfinite(amount) or not self.edges[1] > 0:
            return None
        return BANDS[int(np.searchsorted(self.edges, amount, side="left"))]


def price_table(engine: Engine, *, as_of: int) -> PriceTable:
    """The priced lines of deals won by `as_of` (ms).

    Left out are returns, free lines without a quantity, lines of another currency than the org's (the list price is in the
    org's), and products without a price above zero.
    """
    own = org_currency(engine)
    t = neutral(engine, "products")
    found = query(engine, t.select(id=t.id.fill_null(""), price=t.price.cast("float64")))
    prices = pd.to_numeric(found["price"], errors="coerce").astype(float)
    listed = {str(i): float(p) for i, p in zip(found["id"], prices, strict=True) if i and p > 0}
    lines = won_lines(engine, as_of=as_of)
    same = lines["currency"].isna() | lines["currency"].isin(["", own])
    lines = lines[
        same & lines["quantity"].gt(0) & lines["amount"].ge(0) & lines["product_id"].isin(set(listed))
    ]
    unit = lines["amount"] / lines["quantity"]
    price = lines["product_id"].map(listed).astype(float)
    rows = lines.assign(price=price, unit=unit, discount=1 - unit / price)[list(COLUMNS)]
    amounts = rows.drop_duplicates("deal_id")["deal_amount"].dropna()
    low, high = np.quantile(amounts, (1 / 3, 2 / 3)) if len(amounts) else (0.0, 0.0)
    return PriceTable(rows.reset_index(drop=True), listed, own, (float(low), float(high)))


def price_guidance(
    table: PriceTable,
    product_id: str,
    *,
    band: SizeBand | None = None,
    segment: str = "",
    segments: Mapping[str, str] | None = None,
) -> PriceRange:
    """How won deals of a product, a size band and a segment (`segments` by company id) were priced.

    Where fewer than eight lines are of both, those of the band, then of the segment, then all of the product are taken, and
    the answer says of which it is; fewer than eight of the product are too few.
    """
    mine = table.rows[table.rows["product_id"] == product_id]
    listed = table.listed.get(product_id)
    if listed is None:
        reason = "the product has no list price"
        return PriceRange(product_id, "", "", 0, None, table.currency, None, None, reason)
    of_band = mine["deal_amount"].map(lambda a: table.band(float(a)) == band).astype(bool) if band else None
    of_segment = None
    if segment and segments is not None:
        of_segment = mine["company_id"].map(segments).eq(segment)
    both = of_band & of_segment if of_band is not None and of_segment is not None else None
    for hit, named in (
        (both, (band or "", segment)),
        (of_band, (band or "", "")),
        (of_segment, ("", segment)),
    ):
        if hit is not None and int(hit.sum()) >= MIN_LINES:
            return _range(mine[hit], product_id, *named, table)
    return _range(mine, product_id, "", "", table)


def _range(rows: pd.DataFrame, product_id: str, band: str, segment: str, table: PriceTable) -> PriceRange:
    listed = table.listed[product_id]
    if len(rows) < MIN_LINES:
        reason = f"too few: {len(rows)} won deals with a price, and {MIN_LINES} are needed"
        return PriceRange(product_id, band, segment, len(rows), listed, table.currency, None, None, reason)
    discounts, prices = (_quartiles(rows[c]) for c in ("discount", "unit"))
    return PriceRange(product_id, band, segment, len(rows), listed, table.currency, discounts, prices)


def _quartiles(values: pd.Series[float]) -> tuple[float, float, float]:
    low, middle, high = np.quantile(values.to_numpy(dtype=float), (0.25, 0.5, 0.75))
    return round(float(low), 4), round(float(middle), 4), round(float(high), 4)
