"""Who must not be named in a report: the companies of the control group, with all that belongs to them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pandas as pd
import sqlalchemy as sa

from sales_consultant.sync.stores import State, groups


def control_units(state: State) -> frozenset[str]:
    """The units of the control group today: "companies:ID", or "deals:ID", "contacts:ID", "leads:ID" without a company."""
    return frozenset(
        str(r["unit"]) for r in state.rows(sa.select(groups.c.unit).where(groups.c.name == "control"))
    )


def unit_of_deal(deal_id: Any, company_id: Any) -> str:
    """The unit of a deal: its company, or itself where it has none.

    >>> unit_of_deal("7", "4"), unit_of_deal("7", None)
    ('companies:4', 'deals:7')
    """
    there = company_id is not None and not pd.isna(company_id) and company_id != ""
    return f"companies:{company_id}" if there else f"deals:{deal_id}"


def nameable(deals: pd.DataFrame, control: Collection[str]) -> pd.Series[bool]:
    """Which deals (rows of deal_id, company_id) a list of a report may name."""
    if not control:
        return pd.Series(True, index=deals.index)
    units = [unit_of_deal(d, c) for d, c in zip(deals["deal_id"], deals["company_id"], strict=True)]
    return ~pd.Series(units, index=deals.index, dtype="object").isin(set(control))
