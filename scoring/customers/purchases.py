"""Purchases: all won deals of a customer on one day are one purchase, in the org's currency."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.config.populations import Exclusions
from sales_consultant.engine import Engine, alive, neutral, query
from sales_consultant.scoring.core import in_org_currency, is_placeholder_sale, org_currency
from sales_consultant.scoring.customers.contracts import contracts, under_contract
from sales_consultant.scoring.customers.customer_of import customers_of
from sales_consultant.scoring.populations import for_testing, is_renewal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sales_consultant.scoring.customers.contracts import ContractFields

# Gaps between purchases that vary by less than a fifth of their mean look like terms, not like choices.
_REGULAR = 0.2
# A judgement: two gaps are often alike by chance.
_MIN_GAPS = 3
_SAID = {"no customer": "neither a company nor a contact"}


@dataclass(frozen=True, slots=True)
class Purchases:
    """Purchases of customers by day, and what was counted out.

    `rows` has customer (its key, see `customer_of`), day (days since 1970, UTC), amount (org's currency), renewal (any
    renewal among its deals). `counted_out` says how many won deals were left out, by reason. `contracts` are what fields
    tell of the customers' contracts (see `contracts.contracts`), None where contacts are counted by all their deals.
    """

    rows: pd.DataFrame
    currency: str
    counted_out: dict[str, int] = field(default_factory=dict)
    contracts: pd.DataFrame | None = None

    def digest(self) -> str:
        """What tells these purchases from any others: who bought when for how much, whatever the order."""
        told = self.rows[["customer", "day", "amount"]].round({"amount": 2}).astype(str)
        return hashlib.sha256("\n".join(sorted(told.agg(" ".join, axis=1))).encode()).hexdigest()[:16]


def purchases(
    engine: Engine,
    *,
    as_of: int,
    by: str = "customer",
    exclusions: Exclusions | None = None,
    fields: ContractFields | None = None,
) -> Purchases:
    """Purchases up to the as-of time of customers: companies, and people where there is no company.

    `by` "company" leaves those people out, "contact" counts for each contact all deals that they are on.

    Deals made for testing are told by their name (`exclusions`, else the default words) or an amount that is no sale.
    `fields` are those that tell of contracts, where the settings name them.
    """
    t = alive(neutral(engine, "deals"))
    t = t.filter(t.is_won.fill_null(False) & t.closed_at.notnull() & (t.closed_at <= as_of))
    deals = query(
        engine,
        t.select(
            deal_id=t.id,
            name=t.name,
            company_id=t.company_id,
            amount=t.amount.cast("float64"),
            currency=t.currency,
            closed_at=t.closed_at,
            type=t.type,
        ),
    )
    if by == "contact":
        links = neutral(engine, "associations")
        links = links.filter((links.from_object == "deal") & (links.to_object == "contact"))
        pairs = query(engine, links.select(deal_id=links.from_id, customer=links.to_id).distinct())
        deals = deals.merge(pairs, on="deal_id")
    else:
        mine = deals["company_id"] if by == "company" else customers_of(engine, deals, as_of=as_of)
        deals = deals.assign(customer=mine)
    out: dict[str, int] = {}

    def drop(rows: pd.DataFrame, hit: pd.Series[bool], reason: str) -> pd.DataFrame:
        if hit.any():
            out[reason] = int(hit.sum())
        return rows[~hit]

    deals = drop(deals, deals["customer"].isna() | (deals["customer"] == ""), "no customer")
    deals = drop(deals, deals["amount"].isna(), "no amount")
    deals = drop(deals, deals["amount"] <= 0, "amount of zero or less")
    deals = drop(deals, deals["amount"].map(is_placeholder_sale).astype(bool), "placeholder for an amount")
    deals = drop(deals, for_testing(deals["name"], exclusions or Exclusions()), "deal made for testing")
    worth = in_org_currency(engine, deals["amount"], deals["currency"], deals["closed_at"])
    deals = deals.assign(amount=worth, renewal=is_renewal(deals["type"]))
    deals = drop(deals, deals["amount"].isna(), "currency without a rate")
    deals = deals.assign(day=deals["closed_at"] // DAY_MS)
    rows = deals.groupby(["customer", "day"], as_index=False).agg(
        amount=("amount", "sum"), renewal=("renewal", "any")
    )
    rows = pd.DataFrame(rows.sort_values(["customer", "day"], ignore_index=True))
    held = contracts(engine, as_of=as_of, given=fields) if by != "contact" else None
    return Purchases(rows, org_currency(engine), out, held)


def summary(bought: Purchases, *, as_of: int) -> pd.DataFrame:
    """One row a customer, by its id: the summary that value models and segments are made of.

    Columns: purchases, frequency (purchases - 1), recency_days (first to last), T_days (first to now),
    since_days (last to now), monetary (mean amount of a purchase), total, contractual.
    """
    rows = bought.rows
    grouped = rows.groupby("customer")
    table = pd.DataFrame(
        {
            "purchases": grouped.size(),
            "first": grouped["day"].min(),
            "last": grouped["day"].max(),
            "total": grouped["amount"].sum(),
            "contractual": grouped["renewal"].any(),
        }
    )
    gaps = rows.assign(gap=grouped["day"].diff()).groupby("customer")["gap"]
    regular = (gaps.count() >= _MIN_GAPS) & (gaps.std() < _REGULAR * gaps.mean())
    table["contractual"] |= regular.reindex(table.index, fill_value=False)
    if bought.contracts is not None:
        table["contractual"] |= under_contract(table, bought.contracts)
    today = as_of // DAY_MS
    table["frequency"] = table["purchases"] - 1
    table["recency_days"] = (table["last"] - table["first"]).astype(np.int64)
    table["T_days"] = (today - table["first"]).astype(np.int64)
    table["since_days"] = (today - table["last"]).astype(np.int64)
    table["monetary"] = table["total"] / table["purchases"]
    return table.drop(columns=["first", "last"]).sort_index()


def not_valued(card: Mapping[str, Any], *, valued: bool) -> str:
    """Who gets no value and why, and which won deals count for nobody, from a value model's card; "" where all count.

    `valued`: whether enough bought twice for a model of those who buy freely.
    """
    parts = []
    if not card.get("customers"):
        parts.append("nobody can be valued: no won deal has a customer and an amount")
    elif not valued:
        parts.append("too few customers have bought twice: only those under contract get a value")
    out = {str(k): int(n) for k, n in (card.get("counted_out") or {}).items()}
    if out:
        told = ", ".join(f"{_SAID.get(k, k)}: {n:,}" for k, n in out.items())
        parts.append(f"{sum(out.values()):,} won deals count for nobody ({told})")
    return "; ".join(parts)
