"""What is known of each company's products, for conditions of the playbook and for proposals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from sales_consultant.engine import Engine
from sales_consultant.scoring.products.line_items import bought
from sales_consultant.scoring.products.model import ProductModel

if TYPE_CHECKING:
    from sales_consultant.config.populations import Exclusions

COLUMNS = (
    "recommended_product", "recommended_product_id", "recommended_bought", "recommended_of", "recommended_anchor",
    "products_owned", "products_returned", "last_purchase_at",
)  # fmt: skip


def product_facts(
    engine: Engine,
    as_of: int,
    *,
    model: ProductModel | None = None,
    previous: Mapping[str, str] | None = None,
    exclusions: Exclusions | None = None,
) -> pd.DataFrame:
    """One row a company that bought a product, by its record id: the columns of COLUMNS.

    recommended_product (name), recommended_product_id, recommended_bought of recommended_of customers who speak for it,
    recommended_anchor (the owned product that it goes with): gaps where nothing is recommended or no `model` is given.
    products_owned and products_returned (whole numbers), last_purchase_at (ms of the last won deal with a product). A company
    that is not in the frame bought no product that is known: that is no "never bought".
    """
    held = bought(engine, as_of=as_of, exclusions=exclusions)
    rows = held.of_companies().rows
    back = rows[rows["returned"]].groupby("customer")["product_id"].nunique()
    had = rows.groupby("customer")["product_id"].nunique()
    sold = rows[~rows["returned"]]
    frame = pd.DataFrame(index=pd.Index(had.index.astype(object), name="record_id"))
    returned = back.reindex(frame.index).fillna(0).astype("int64")
    frame["products_returned"] = returned
    frame["products_owned"] = had - returned
    frame["last_purchase_at"] = sold.groupby("customer")["at"].max().reindex(frame.index).astype("Int64")
    named = {
        "recommended_product": "product",
        "recommended_product_id": "product_id",
        "recommended_bought": "bought",
        "recommended_of": "of",
        "recommended_anchor": "anchor",
    }
    found = (
        model.of_bought(held, as_of=as_of, previous=previous).set_index("record_id")
        if model is not None
        else pd.DataFrame()
    )
    for name, column in named.items():
        values = found[column] if column in found else pd.Series(dtype=object)
        frame[name] = values.reindex(frame.index).astype(object)
    return frame[list(COLUMNS)].sort_index()
