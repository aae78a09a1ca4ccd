"""Records of which the CRM does not tell what must be known to say anything of them: neither yes nor no."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from sales_consultant.engine import Engine, alive, neutral, query
from sales_consultant.scoring.core import in_org_currency
from sales_consultant.scoring.features import deal_contacts


@dataclass(frozen=True)
class Undecided:
    """`deals`: nobody knows whether they are over, or how they ended. `companies`, `contacts`: customers, or not, by such
    deals or by won ones whose currency has no rate or whose amount cannot be read, so that what they have bought is not known."""

    deals: frozenset[str] = field(default_factory=frozenset)
    companies: frozenset[str] = field(default_factory=frozenset)
    contacts: frozenset[str] = field(default_factory=frozenset)


def undecided(engine: Engine) -> Undecided:
    """Look at all live deals."""
    t = alive(neutral(engine, "deals"))
    deals = query(
        engine,
        t.select(
            record_id=t.id,
            company=t.company_id,
            amount=t.amount.cast("float64"),
            unread=t.amount_unread.cast("boolean").fill_null(False),
            currency=t.currency,
            closed_at=t.closed_at.cast("float64"),
            closed=t.is_closed.cast("boolean"),
            won=t.is_won.cast("boolean"),
        ),
    )
    closed, won = deals["closed"].astype("boolean"), deals["won"].astype("boolean")
    open_state = closed.isna() | (closed.fillna(False) & won.isna())
    known = in_org_currency(engine, deals["amount"], deals["currency"], deals["closed_at"])
    unclear = deals["unread"].astype(bool) | ((deals["amount"] > 0) & known.isna())
    unpriced = won.fillna(False) & unclear
    either = deals[(open_state | unpriced).astype(bool)]
    if either.empty:
        return Undecided()
    links = deal_contacts(engine)
    pairs = query(engine, links.select("deal_id", "contact_id"))
    return Undecided(
        deals=_ids(deals.loc[open_state.astype(bool), "record_id"]),
        companies=_ids(either["company"]),
        contacts=_ids(pairs.loc[pairs["deal_id"].isin(set(either["record_id"])), "contact_id"]),
    )


def _ids(column: pd.Series[str]) -> frozenset[str]:
    return frozenset(str(i) for i in column.dropna())
