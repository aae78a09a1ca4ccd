"""What campaigns brought: members, answers, deals after the answer, money won, cost, return."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.insight.core import sieve

LEAST_RESPONDED = 20
TOUCHES = ("first", "last", "linear")
CAMPAIGN_COLUMNS = (
    "campaign", "members", "responded", "response_rate", "deals", "won", "won_money", "cost", "return", "return_low",
    "return_high", "first", "last", "linear", "reason",
)  # fmt: skip


def campaign_returns(
    members: pd.DataFrame,
    deals: pd.DataFrame,
    costs: pd.DataFrame,
    rng: np.random.Generator,
    *,
    as_of: int,
    window: int = 90,
    draws: int = 999,
    level: float = 0.95,
) -> tuple[pd.DataFrame, dict[str, int]]:
    """The return of every campaign, from its members and its spend.

    members
        Rows of campaign, company, responded_at (ms UTC; a gap: a member who did not answer). A company's first answer to a
        campaign counts.
    deals
        Rows of deal_id, company, created_at (ms UTC), won (bool), amount (money of any one currency; used where won).
    costs
        Rows of campaign, cost, in the same money; rows of one campaign are added.
    window
        Days after an answer within which a deal must have been created.

    `deals`, `won` and `won_money` count every deal after an answer, so several campaigns can count the same one. `first`,
    `last` and `linear` share each deal's won money out: to the earliest answer before it, to the latest, to all in equal
    parts; each adds up to all won money that had a touch. `return` is (won_money - cost) / cost with a bootstrap interval
    over companies that answered, told only with a cost above 0 and at least 20 companies that answered; `reason` is "",
    "no_cost" (a gap, 0 or below) or "too_few". It is an association: who answers might have bought anyway.

    Returns a row a campaign (columns `CAMPAIGN_COLUMNS`, most money first) and counts of what was left out: no_campaign,
    no_company, after_as_of (members); deal_no_company, deal_no_time, deal_after_as_of, deal_repeated, amount_unknown,
    amount_negative (won deals that bring 0); cost_unknown.
    """
    joined, dropped = _members(members, as_of)
    fine, more = _deals(deals, as_of)
    dropped |= more
    cost, dropped["cost_unknown"] = _costs(costs)
    touches = _touches(joined, fine, window)
    out = _sums(joined, touches, cost)
    paid = out["cost"] > 0
    out["reason"] = np.where(~paid, "no_cost", np.where(out["responded"] < LEAST_RESPONDED, "too_few", ""))
    told = out["reason"] == ""
    out["return"] = ((out["won_money"] - out["cost"]) / out["cost"]).where(told)
    out["return_low"] = out["return_high"] = np.nan
    money = touches.groupby(["campaign", "company"])["money"].sum()
    for campaign in out.index[told]:
        some = money.loc[campaign].to_numpy() if campaign in money.index.get_level_values(0) else np.zeros(0)
        totals = _redrawn(some, int(out.loc[campaign, "responded"]), rng, draws)
        low, high = (
            np.quantile(totals, [0.5 - level / 2, 0.5 + level / 2]) / float(out.loc[campaign, "cost"]) - 1
        )
        out.loc[campaign, ["return_low", "return_high"]] = [low, high]
    out = out.rename_axis("campaign").reset_index().astype({"deals": "int64", "won": "int64"})
    out = out.sort_values(
        ["won_money", "campaign"], ascending=[False, True], kind="stable", ignore_index=True
    )
    return out[list(CAMPAIGN_COLUMNS)], dropped


def _sums(joined: pd.DataFrame, touches: pd.DataFrame, cost: pd.Series[float]) -> pd.DataFrame:
    """Counts and money by campaign; a campaign with a cost and no member has zeros."""
    by_campaign = joined.groupby("campaign")
    out = pd.DataFrame({"members": by_campaign.size(), "responded": by_campaign["responded_at"].count()})
    out = out.reindex(sorted({*out.index, *cost.index})).fillna(0).astype("int64")
    out["response_rate"] = (out["responded"] / out["members"]).where(out["members"] > 0)
    grouped = touches.groupby("campaign")
    for name, values in {
        "deals": grouped.size(), "won": grouped["won"].sum(), "won_money": grouped["money"].sum(),
        "first": grouped["first"].sum(), "last": grouped["last"].sum(), "linear": grouped["linear"].sum(),
    }.items():  # fmt: skip
        out[name] = values.reindex(out.index).fillna(0)
    out["cost"] = cost.reindex(out.index)
    return out


def _members(members: pd.DataFrame, as_of: int) -> tuple[pd.DataFrame, dict[str, int]]:
    """One row a campaign and company, with its first answer."""
    at = pd.to_numeric(members["responded_at"], errors="coerce").astype("float64")
    keep, counts = sieve(
        members.index,
        {
            "no_campaign": members["campaign"].isna(),
            "no_company": members["company"].isna(),
            "after_as_of": at > as_of,
        },
    )
    rows = members.loc[keep, ["campaign", "company"]].astype("str").assign(responded_at=at[keep])
    return rows.groupby(["campaign", "company"])["responded_at"].min().reset_index(), counts


def _deals(deals: pd.DataFrame, as_of: int) -> tuple[pd.DataFrame, dict[str, int]]:
    created = pd.to_numeric(deals["created_at"], errors="coerce").astype("float64")
    keep, counts = sieve(
        deals.index,
        {
            "deal_no_company": deals["company"].isna(),
            "deal_no_time": created.isna(),
            "deal_after_as_of": created > as_of,
            "deal_repeated": deals["deal_id"].duplicated(),
        },
    )
    won = deals["won"].astype("boolean").fillna(False).astype(bool)[keep]
    amount = pd.to_numeric(deals["amount"], errors="coerce").astype("float64")[keep]
    counts["amount_unknown"] = int((won & ~np.isfinite(amount)).sum())
    counts["amount_negative"] = int((won & (amount < 0)).sum())
    money = amount.where(won & np.isfinite(amount) & (amount > 0), 0.0)
    made = pd.DataFrame({"company": deals["company"][keep].astype(str), "created_at": created[keep]})
    return made.assign(won=won, money=money, deal=np.arange(len(made))), counts


def _costs(costs: pd.DataFrame) -> tuple[pd.Series[float], int]:
    value = pd.to_numeric(costs["cost"], errors="coerce").astype("float64")
    fine = np.isfinite(value) & costs["campaign"].notna()
    return value[fine].groupby(costs["campaign"][fine].astype(str)).sum(), int((~fine).sum())


def _touches(joined: pd.DataFrame, deals: pd.DataFrame, window: int) -> pd.DataFrame:
    """Every pair of an answer and a deal of its company within the window, with the deal's money shared out."""
    pairs = joined[joined["responded_at"].notna()].merge(deals, on="company")
    after = pairs["created_at"] - pairs["responded_at"]
    pairs = pairs[(after >= 0) & (after < window * DAY_MS)]
    pairs = pairs.sort_values(["deal", "responded_at", "campaign"], kind="stable", ignore_index=True)
    of_deal = pairs.groupby("deal")["campaign"]
    place, number = of_deal.cumcount(), of_deal.transform("size")
    return pairs.assign(
        first=pairs["money"].where(place == 0, 0.0),
        last=pairs["money"].where(place == number - 1, 0.0),
        linear=pairs["money"] / number,
    )


def _redrawn(money: np.ndarray, companies: int, rng: np.random.Generator, draws: int) -> np.ndarray:
    """Sums over companies drawn with replacement, of which most brought nothing: how many did is binomial."""
    some = money[money > 0]
    if not len(some):
        return np.zeros(draws)
    hits = rng.binomial(companies, len(some) / companies, draws)
    picked = some[rng.integers(0, len(some), int(hits.sum()))]
    owner = np.repeat(np.arange(draws), hits)
    return np.bincount(owner, weights=picked, minlength=draws)
