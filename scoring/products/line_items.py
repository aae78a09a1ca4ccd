"""What was bought: the line items of won deals as purchases of products by customers, as of a time.

What has no date says nothing about the past: a line item counts from when the CRM knew it, else from when we first saw it;
one with neither is no purchase to learn from, and only says that its product is owned now.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sales_consultant.config.fields.canon import canon
from sales_consultant.config.fields.catalogue import by_key
from sales_consultant.engine import Engine, alive, neutral, query
from sales_consultant.scoring.customers import customers_of, record_of
from sales_consultant.scoring.populations import for_testing

if TYPE_CHECKING:
    from sales_consultant.config.populations import Exclusions

COLUMNS = ("customer", "product_id", "at", "known_at", "returned")


@dataclass(frozen=True)
class Bought:
    """Which customer bought which product when.

    `rows`: one row a line item of a won deal, in order of time: customer (its key, see `customer_of`), product_id, at (ms: when
    the deal was won), known_at (ms: when the line and its deal were known; a gap where the line has no date), returned
    (whether the line is a return: less than nothing of it). `names` are the products' names by id, of those that have one.
    `counted_out` says how many lines were left out, by reason.
    """

    rows: pd.DataFrame
    names: dict[str, str] = field(default_factory=dict)
    counted_out: dict[str, int] = field(default_factory=dict)

    def first(self, *, until: int) -> pd.DataFrame:
        """One row a customer and product, of what was known by `until` (ms): customer, product_id, at (the first time).

        A product that the customer gave back, all or some of it, was no success: it is left out.
        """
        rows = self.rows[self.rows["known_at"] <= until]
        back = rows[rows["returned"]][["customer", "product_id"]].drop_duplicates()
        kept = rows[~rows["returned"]].drop_duplicates(["customer", "product_id"])
        if len(back):
            given = pd.MultiIndex.from_frame(back)
            kept = kept[~pd.MultiIndex.from_frame(kept[["customer", "product_id"]]).isin(given)]
        return pd.DataFrame(kept[["customer", "product_id", "at"]].reset_index(drop=True))

    def of_companies(self) -> Bought:
        """What companies bought: people who buy for themselves are customers too, and stand under no company."""
        firms = [record_of(str(c))[0] == "companies" for c in self.rows["customer"]]
        return replace(self, rows=self.rows[np.asarray(firms, dtype=bool)])

    def had(self) -> pd.DataFrame:
        """Every customer and product that stands on any line, returned or without a date too: not to be recommended."""
        return pd.DataFrame(self.rows[["customer", "product_id"]].drop_duplicates().reset_index(drop=True))


def bought(engine: Engine, *, as_of: int, exclusions: Exclusions | None = None) -> Bought:
    """The line items of deals that were won by `as_of` (ms), by customer: companies, and people where there is no company."""
    lines = won_lines(engine, as_of=as_of)
    out: dict[str, int] = {}

    def drop(rows: pd.DataFrame, hit: pd.Series[bool], reason: str) -> pd.DataFrame:
        if hit.any():
            out[reason] = int(hit.sum())
        return rows[~hit]

    if exclusions is not None and len(lines):
        lines = drop(lines, for_testing(lines["deal_name"], exclusions), "deal made for testing")
    lines = lines.assign(customer=customers_of(engine, lines, as_of=as_of))
    lines = drop(lines, lines["customer"].isna() | (lines["customer"] == ""), "no customer")
    lines = drop(lines, lines["product_id"].isna() | (lines["product_id"] == ""), "line without a product")
    lines = drop(lines, lines["quantity"].eq(0), "quantity of zero")
    late = lines["known_at"].gt(as_of)
    lines = drop(lines, late.fillna(False).astype(bool), "known later")
    both = lines[["known_at", "closed_at"]].astype("float64")
    lines = lines.assign(
        at=lines["closed_at"].astype("int64"),
        known_at=both.max(axis=1, skipna=False),
        returned=(lines["quantity"].lt(0) | lines["amount"].lt(0)).astype(bool),
    )
    lines = lines.sort_values(["at", "line_id"], kind="stable", ignore_index=True)
    rows = lines[list(COLUMNS)].astype({"customer": object, "product_id": object})
    return Bought(rows, product_names(engine), out)


def won_lines(engine: Engine, *, as_of: int) -> pd.DataFrame:
    """The lines of deals that were won by `as_of`: line_id, deal_id, deal_name, company_id, closed_at, currency, deal_amount,
    product_id, quantity, amount, known_at."""
    deals = alive(neutral(engine, "deals"))
    deals = deals.filter(
        deals.is_won.fill_null(False) & deals.closed_at.notnull() & (deals.closed_at <= as_of)
    )
    deals = deals.select(
        "company_id", "closed_at", "currency",
        won_id=deals.id, deal_name=deals.name, deal_amount=deals.amount.cast("float64"),
    )  # fmt: skip
    items = alive(neutral(engine, "line_items"))
    joined = items.inner_join(deals, items.deal_id == deals.won_id)
    return query(
        engine,
        joined.select(
            "deal_id", "deal_name", "company_id", "closed_at", "currency", "deal_amount", "product_id",
            line_id=joined.id,
            quantity=joined.quantity.cast("float64"),
            amount=joined.amount.cast("float64"),
            known_at=joined.known_at.fill_null(joined.first_seen),
        ),
    )  # fmt: skip


def open_deals(engine: Engine, *, as_of: int) -> pd.DataFrame:
    """One row a deal of a company that is open: deal_id, company_id, and products, the set of ids that stand on its lines.

    Deals without lines have an empty set. Lines that the CRM knew only after `as_of` (ms) are in the deal all the same: what a
    rep sees in a deal is not recommended beside it.
    """
    deals = alive(neutral(engine, "deals"))
    deals = deals.filter(
        ~deals.is_closed.fill_null(True) & (deals.created_at.fill_null(as_of) <= as_of)
        & deals.company_id.notnull() & (deals.company_id != "")
    )  # fmt: skip
    rows = query(engine, deals.select("company_id", deal_id=deals.id))
    items = alive(neutral(engine, "line_items"))
    items = items.filter(items.product_id.notnull() & (items.product_id != ""))
    lines = query(engine, items.semi_join(deals, items.deal_id == deals.id).select("deal_id", "product_id"))
    held = {str(d): set(map(str, p)) for d, p in lines.groupby("deal_id")["product_id"]}
    inside = [held.get(str(d), set()) for d in rows["deal_id"]]
    return rows.assign(products=pd.Series(inside, rows.index, dtype=object))


def product_names(engine: Engine) -> dict[str, str]:
    """The name of each product that has one, by id, as it is written: on one line, and no longer than the field holds."""
    t = neutral(engine, "products")
    found = query(engine, t.select(id=t.id.fill_null(""), name=t.name.fill_null("")))
    field = by_key("recommended_product")
    told = {
        str(i): canon(field, _one_line(str(n))) for i, n in zip(found["id"], found["name"], strict=True) if i
    }
    return {i: n for i, n in told.items() if n}


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
