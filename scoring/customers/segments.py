"""Segments by recency, frequency and money: names from a fixed list, edges frozen with the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.config.fields.catalogue import SEGMENTS
from sales_consultant.engine import Engine, alive, neutral, query
from sales_consultant.scoring.customers.alive import ALIVE, AT_RISK, LIFECYCLE, LOST, SLACK, state
from sales_consultant.scoring.customers.customer_of import key_of, keys_of, record_of
from sales_consultant.scoring.customers.purchases import purchases, summary

if TYPE_CHECKING:
    from sales_consultant.config.populations import Exclusions

__all__ = ["LIFECYCLE", "SEGMENTS", "SegmentModel", "edges", "fit"]

# A judgement: a fifth of fewer customers is under a hundred, and its edges move with every purchase
# (docs/decisions/scoring-segments-wait.md). Below it edges are round numbers that people use themselves.
MIN_FOR_RANKS = 500
_FIXED_DAYS = (30.0, 90.0, 180.0, 365.0)
_FIXED_PURCHASES = (1.0, 2.0, 4.0, 9.0)
_FIXED_MONEY = (0.25, 0.75, 1.5, 4.0)  # of the median customer's total
# Five classes each are the custom of recency, frequency and monetary value.
_QUINTILES = (0.2, 0.4, 0.6, 0.8)
# Customers below the edge of tier 2, of tier 1: judgements, so that the best fifth is looked after first.
_TIER_SHARES = (0.5, 0.8)
# A value must be a tenth beyond an edge before a customer leaves the segment they are known by
# (docs/decisions/scoring-segments-wait.md).
_SLACK = 0.1
# Standard errors of a share that a frozen edge may be away from its own before it moves
# (docs/decisions/scoring-segment-edges.md).
_CHANCE = 3.0


@dataclass(frozen=True, slots=True)
class SegmentModel:
    """Frozen edges: days since the last purchase, purchases, total amount (four each), value of tiers (two)."""

    trained_at: int
    days: tuple[float, ...]
    purchases: tuple[float, ...]
    money: tuple[float, ...]
    tiers: tuple[float, ...]
    ranked: bool
    customers: int

    def name(
        self,
        since: NDArray[np.float64],
        count: NDArray[np.float64],
        total: NDArray[np.float64],
        risk: NDArray[np.float64] | None = None,
    ) -> NDArray[Any]:
        """The segment of each customer by days since the last purchase, purchases, total amount and churn risk (percent).

        Whether a customer is alive is the churn risk's to say: who buys once a year is not almost lost after nine months.
        Where it is not known (a gap, or no risks at all), recency says it.
        """
        # Recency, and the mean of frequency and money, each 1 to 5; the first name that fits. The order follows
        # Shopify's groups, the limits are judgements.
        r = 5 - np.searchsorted(self.days, since, side="left")
        f = 1 + np.searchsorted(self.purchases, count, side="left")
        m = 1 + np.searchsorted(self.money, total, side="left")
        fm = (f + m) // 2
        by_recency = np.select(
            [(r >= 4) | (r == 3) & (fm >= 2), (r >= 2) | (fm >= 4)], [ALIVE, AT_RISK], default=LOST
        )
        now = state(np.full(len(by_recency), np.nan) if risk is None else risk, by_recency)
        alive_, gone = now == ALIVE, now == LOST
        return np.asarray(
            np.select(
                [
                    gone,
                    alive_ & (count <= 1) & (r == 5),
                    alive_ & (r >= 4) & (fm >= 4),
                    alive_ & ((fm >= 4) | (r == 5) & (fm == 3)),
                    alive_ & (r >= 4) & (fm >= 2) & (count > 1),
                    alive_ & (r >= 4),
                    alive_,
                    fm >= 4,
                    fm >= 2,
                ],
                [
                    "dormant",
                    "new",
                    "champions",
                    "loyal",
                    "active",
                    "promising",
                    "needs_attention",
                    "previously_loyal",
                    "at_risk",
                ],
                default="almost_lost",
            )
        )

    def named(
        self, table: pd.DataFrame, known: list[str], risk: NDArray[np.float64] | None = None
    ) -> NDArray[Any]:
        """Segments of customers (rows of a `summary`), `known` being what each was called before ("" for none).

        The old name stays as long as a tenth more or less of time or money, or five points of churn risk (percent, a gap
        where there is none), would still give it.
        """
        since = table["since_days"].to_numpy(dtype=float)
        count = table["purchases"].to_numpy(dtype=float)
        total = table["total"].to_numpy(dtype=float)
        risks = np.full(len(table), np.nan) if risk is None else risk
        now = self.name(since, count, total, risks)
        before = np.asarray(known, dtype=object)
        keep = np.zeros(len(now), dtype=bool)
        some = (-SLACK, 0.0, SLACK) if np.isfinite(risks).any() else (0.0,)
        for days, money, points in product(
            (1 - _SLACK, 1.0, 1 + _SLACK), (1 - _SLACK, 1.0, 1 + _SLACK), some
        ):
            keep |= self.name(since * days, count, total * money, np.clip(risks + points, 0, 100)) == before
        return np.where(keep, before, now)

    def assign(
        self,
        engine: Engine,
        *,
        as_of: int,
        previous: Mapping[Any, str],
        values: pd.DataFrame | None = None,
        previous_tiers: Mapping[str, int] | None = None,
        exclusions: Exclusions | None = None,
    ) -> pd.DataFrame:
        """Segments of all companies and contacts: object, record_id, segment, lifecycle, customer_tier.

        `previous` maps (object, record id), or a plain record id, to the segment it has now; a record stays in
        it until it is clearly beyond an edge. `values` is what `ValueModel.predict` gave: its churn risk says whether a
        customer is alive, of a contact that of its company; without it recency does, and tiers go
        by what a customer has bought so far; `previous_tiers` are by customer key. Lifecycle and tier are for companies, and
        for the contacts that are customers themselves; prospects have no tier.
        """
        bought = summary(purchases(engine, as_of=as_of, exclusions=exclusions), as_of=as_of)
        tiers = self.tiers_of(worth(bought, values), previous_tiers or {})
        records = [record_of(str(k)) for k in bought.index]
        parts = []
        for object_ in ("companies", "contacts"):
            t = alive(neutral(engine, object_))
            if object_ == "contacts":
                t = t.filter(t.source_object.fill_null("Contact") == "Contact")
            firm = t.id if object_ == "companies" else t.company_id
            known = query(engine, t.filter(t.created_at <= as_of).select(record_id=t.id, firm=firm))
            mine = np.array([o == object_ for o, _ in records], dtype=bool)
            own = bought[mine].rename(index=lambda k: record_of(str(k))[1])
            table = own if object_ == "companies" else _with_contacts(engine, own, as_of, exclusions)
            table = table[table.index.isin(set(known["record_id"]))]
            firms = known.set_index("record_id")["firm"].reindex(table.index)
            keys = pd.Series([key_of(object_, str(i)) for i in table.index], index=table.index, dtype=object)
            # Who buys for a company is as alive as it is; a customer has a risk of its own.
            risks = risks_of(values, keys.where(keys.index.isin(own.index), firms))
            before = [previous.get((object_, k), previous.get(k, "")) for k in table.index]
            names = pd.Series(self.named(table, before, risks), index=table.index, dtype=object)
            ids = known["record_id"].astype(object).sort_values().to_numpy()
            rows = pd.DataFrame({"object": object_, "record_id": ids})
            # Where nobody has bought anything all are gaps, which pandas takes for numbers.
            rows["segment"] = rows["record_id"].map(names).astype(object).fillna("prospects")
            customer = rows["record_id"].isin(own.index) | (object_ == "companies")
            rows["lifecycle"] = rows["segment"].map(LIFECYCLE).where(customer, None)
            rows["customer_tier"] = [tiers.get(key_of(object_, str(i))) for i in ids]
            parts.append(rows.astype({"lifecycle": object, "customer_tier": object}))
        out = pd.concat(parts, ignore_index=True)
        out["customer_tier"] = out["customer_tier"].astype("Int64")
        return out

    def tiers_of(self, value: pd.Series[float], before: Mapping[str, int]) -> dict[str, int]:
        """Each customer's tier, 1 to 3, by value; the one `before` stays as long as a tenth more or less gives it."""

        def tier(amount: float) -> int:
            return 3 - sum(amount >= edge for edge in self.tiers)

        out = {}
        for key, amount in value.items():
            near = {tier(amount * share) for share in (1 - _SLACK, 1.0, 1 + _SLACK)}
            known = before.get(str(key))
            out[str(key)] = known if known in near else tier(float(amount))
        return out

    def to_dict(self) -> dict[str, Any]:
        """A form that JSON can hold."""
        return {
            "trained_at": self.trained_at,
            "days": list(self.days),
            "purchases": list(self.purchases),
            "money": list(self.money),
            "tiers": list(self.tiers),
            "ranked": self.ranked,
            "customers": self.customers,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> SegmentModel:
        """The inverse of `to_dict`."""
        edges = {k: tuple(data[k]) for k in ("days", "purchases", "money", "tiers")}
        return cls(**{**data, **edges})


def _with_contacts(
    engine: Engine, own: pd.DataFrame, as_of: int, exclusions: Exclusions | None
) -> pd.DataFrame:
    """The contacts that are customers (`own`), and the others by all deals that they are on."""
    others = summary(purchases(engine, as_of=as_of, by="contact", exclusions=exclusions), as_of=as_of)
    return pd.concat([own, others[~others.index.isin(own.index)]])


def risks_of(values: pd.DataFrame | None, customers: pd.Series[Any]) -> NDArray[np.float64]:
    """The churn risk of each customer, as `ValueModel.predict` gave it and whole as it is written; a gap where there is none."""
    if values is None:
        return np.full(len(customers), np.nan)
    known = values.set_axis(keys_of(values))["churn_risk"].astype("float64")
    return np.rint(customers.map(known).astype("float64").to_numpy())


def worth(table: pd.DataFrame, values: pd.DataFrame | None) -> pd.Series[float]:
    """What tiers go by: the expected value of a year, else what was bought so far."""
    total = table["total"].astype("float64")
    if values is None:
        return total
    expected = values.set_axis(keys_of(values))["value_12m"].astype("float64")
    found = expected.reindex(table.index)
    return found.fillna(0.0) if found.notna().any() else total


def fit(
    engine: Engine,
    *,
    as_of: int,
    values: pd.DataFrame | None = None,
    before: SegmentModel | None = None,
    exclusions: Exclusions | None = None,
) -> SegmentModel:
    """Edges from the companies that bought, as of a time (ms); `before` is the model in force."""
    table = summary(purchases(engine, as_of=as_of, exclusions=exclusions), as_of=as_of)
    return edges(table, worth(table, values), as_of=as_of, before=before)


def edges(
    table: pd.DataFrame, value: pd.Series[float], *, as_of: int, before: SegmentModel | None = None
) -> SegmentModel:
    """Edges from a `summary` and what tiers go by: quintiles from 500 customers on, below that fixed ones.

    Ranks among few customers move with every purchase; fixed edges (30, 90, 180, 365 days; 1, 2, 4, 9
    purchases; shares of the median customer's total) do not. An edge of the model `before` stays as long as the share
    of customers below it is the edge's own but for chance: customers who did nothing should not change their name.
    """
    total, since = (table[c].to_numpy(dtype=float) for c in ("total", "since_days"))
    ranked = len(table) >= MIN_FOR_RANKS

    known = before if before is not None and before.ranked else None
    middle = float(np.median(total)) if len(total) else 0.0
    worths = value.to_numpy(dtype=float)
    tiers = _ranks(worths, _TIER_SHARES, before.tiers if before else None) if len(worths) else (0.0, 0.0)
    return SegmentModel(
        trained_at=as_of,
        days=_ranks(since, _QUINTILES, known.days if known else None) if ranked else _FIXED_DAYS,
        # Quintiles of purchases fall together where most bought once; fixed steps keep the order apart.
        purchases=_FIXED_PURCHASES,
        money=(
            _ranks(total, _QUINTILES, known.money if known else None)
            if ranked
            else tuple(middle * share for share in _FIXED_MONEY)
        ),
        tiers=tiers,
        ranked=ranked,
        customers=len(table),
    )


def _ranks(
    values: NDArray[Any], shares: tuple[float, ...], known: tuple[float, ...] | None
) -> tuple[float, ...]:
    """The quantiles of `shares`; a known one stays while so many values lie below it as chance allows."""
    fresh = tuple(float(q) for q in np.quantile(values, shares))
    if known is None:
        return fresh
    below = (values[:, None] < np.asarray(known)).mean(axis=0)
    chance = _CHANCE * np.sqrt(np.multiply(shares, np.subtract(1, shares)) / len(values))
    return tuple(
        old if abs(seen - share) <= allowed else new
        for new, old, seen, share, allowed in zip(fresh, known, below, shares, chance, strict=True)
    )
