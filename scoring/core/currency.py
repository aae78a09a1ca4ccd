"""The org's currency, and amounts of other currencies in it."""

from __future__ import annotations

import pandas as pd

from sales_consultant.engine import Engine, neutral, query


def org_currency(engine: Engine) -> str:
    """The org's currency, "" where the CRM has none."""
    found = query(engine, neutral(engine, "org").select("currency"))["currency"].dropna()
    return str(found.iloc[0]) if len(found) else ""


def in_org_currency(
    engine: Engine, amounts: pd.Series[float], codes: pd.Series[str], at: pd.Series[float]
) -> pd.Series[float]:
    """Amounts at the rate of their date; a gap where the currency's rate is not known.

    A rate is the units of a currency for one unit of the org's; of dated ones the last that had begun counts.
    """
    own = org_currency(engine)
    rates = query(engine, neutral(engine, "currencies"))
    codes = codes.where(codes.notna() & (codes != ""), own)
    out = amounts.where(codes == own)
    for code in sorted(set(codes[codes != own])):
        hit = codes == code
        known = rates[(rates["code"] == code) & (rates["rate"] > 0)]
        known = known.assign(start_at=known["start_at"].astype("float64").fillna(float("-inf")))
        for rate, start in known.sort_values("start_at")[["rate", "start_at"]].itertuples(index=False):
            out = out.where(~(hit & at.ge(start)), amounts / rate)
    return out
