"""Customer value in 12 months, churn risk, and the expected value of open deals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.config.clock import DAY_MS
from sales_consultant.engine import Engine, alive, neutral, query
from sales_consultant.scoring.customers.beta_geo_nbd import BetaGeoModel
from sales_consultant.scoring.customers.contracts import YEAR_DAYS, ContractFields, describe
from sales_consultant.scoring.customers.customer_of import person, record_of
from sales_consultant.scoring.customers.gamma_gamma import GammaGammaModel
from sales_consultant.scoring.customers.lifetime import MONTH_DAYS, MONTHS, counts_for, lifetime_value
from sales_consultant.scoring.customers.pareto_nbd import ParetoModel
from sales_consultant.scoring.customers.purchases import Purchases, purchases, summary
from sales_consultant.scoring.customers.renewals import Renewals, terms
from sales_consultant.scoring.customers.renewals import fit as fit_renewals
from sales_consultant.scoring.populations import reasons, stale_days

if TYPE_CHECKING:
    from sales_consultant.config.populations import Exclusions

__all__ = [
    "BetaGeoModel",
    "GammaGammaModel",
    "ParetoModel",
    "ValueModel",
    "deal_values",
    "fit_customers",
    "lifetime_value",
]

WEEK = 7.0
# Half a year: purchases of less say nothing of a yearly rate.
_LEAST_HISTORY_DAYS = 182
# A judgement: fewer do not hold four parameters, and the values would be those of the prior.
MIN_REPEAT_BUYERS = 20
# 80 % is a range that people plan with; of 200 draws its ends are the twentieth from either side. A chunk's draws take
# 8 MB an array: larger costs memory, smaller costs time.
INTERVAL = (0.1, 0.9)
_DRAWS = 200
_CHUNK = 5_000
COLUMNS = (
    "object",
    "record_id",
    "value_12m",
    "value_low",
    "value_high",
    "churn_risk",
    "frequency",
    "recency_days",
    "T_days",
    "monetary",
    "currency",
)


@dataclass(frozen=True, slots=True)
class ValueModel:
    """BG/NBD (in weeks) and gamma-gamma of an org's customers; both None where there are too few; renewals likewise.

    `card` is what a reader should know, with the number of companies left out by reason; `contract_fields` are the fields
    that tell of contracts where the settings name them.
    """

    trained_at: int
    currency: str
    purchase_params: dict[str, float] | None
    spend_params: dict[str, float] | None
    converged: bool
    warnings: tuple[str, ...]
    card: dict[str, Any] = field(default_factory=dict)
    renewals: dict[str, Any] | None = None
    contract_fields: dict[str, str] = field(default_factory=dict)

    @property
    def fields(self) -> ContractFields:
        """The fields that tell of contracts, as the settings named them at the training."""
        return ContractFields(**self.contract_fields)

    def predict(
        self,
        engine: Engine,
        *,
        as_of: int,
        exclusions: Exclusions | None = None,
        discount_rate: float = 0.0,
    ) -> pd.DataFrame:
        """One row a customer (a company with a purchase, or a person where there is no company), ordered by key; see COLUMNS.

        `value_12m` is the expected revenue of the next 365 days with an 80 % interval, money in the org's currency,
        discounted by `discount_rate` a year, month by month. `recency_days` is the time from the first to the last
        purchase, `T_days` from the first to now, `frequency` counts repeat purchases, `monetary` is the mean amount
        of a purchase. `churn_risk` is 100 x (1 - P(alive)), a gap for who bought once (which tells nothing of
        leaving); for contractual customers it is the hazard of the next renewal, and their value that of the renewals
        due within the year. Where too few renewals were decided to know, they have no risk, and for a value their own
        yearly rate of purchases where these span half a year, else none.
        """
        bought = purchases(engine, as_of=as_of, exclusions=exclusions, fields=self.fields)
        table = summary(bought, as_of=as_of)
        if exclusions is not None:
            table = table[_excluded(engine, exclusions, table.index) == ""]
        n = len(table)
        value, low, high, churn = (np.full(n, np.nan) for _ in range(4))
        contractual = table["contractual"].to_numpy(dtype=bool)
        years = np.maximum(table["recency_days"].to_numpy(dtype=float), 1.0) / YEAR_DAYS
        rate = table["frequency"].to_numpy(dtype=float) / years
        # Two purchases of one month say nothing of a year.
        told = contractual & (table["recency_days"].to_numpy(dtype=float) >= _LEAST_HISTORY_DAYS)
        monthly = (1 + discount_rate) ** (1 / MONTHS) - 1
        evenly = float(counts_for(MONTH_DAYS * np.arange(1, MONTHS + 1), monthly).mean())
        value[told] = (rate * table["monetary"].to_numpy(dtype=float) * evenly)[told]
        if self.renewals is not None and contractual.any():
            held = terms(bought, table.index[contractual], as_of_day=as_of // DAY_MS)
            held = held.reindex(table.index[contractual])
            risk, *times = Renewals(**self.renewals).predict(held, discount_rate=monthly)
            each = table["monetary"].to_numpy(dtype=float)[contractual]
            churn[contractual] = risk
            value[contractual], low[contractual], high[contractual] = (each * n for n in times)
        free = np.flatnonzero(~contractual)
        if self.purchase_params is not None and self.spend_params is not None and len(free):
            x, t, T, count, m = arrays(table.iloc[free])
            buying = BetaGeoModel.from_params(self.purchase_params)
            spending = GammaGammaModel.from_params(self.spend_params)
            spend = spending.expected_spend(count, m)
            value[free] = lifetime_value(buying, spend, x, t, T, discount_rate=monthly)
            alive_ = buying.probability_alive(x, t, T)
            churn[free] = np.where(x > 0, 100 * (1 - alive_), np.nan)
            plain = lifetime_value(buying, spend, x, t, T) if monthly else value[free]
            # Revenue at either end of the interval comes as early and as late as the expected one.
            less = np.where(plain > 0, value[free] / np.maximum(plain, 1e-12), 1.0)
            low[free], high[free] = (less * v for v in self._intervals(alive_, x, T, count, m))
        return _as_frame(table, value, low, high, churn, self.currency)

    def _intervals(
        self,
        alive_: NDArray[np.float64],
        x: NDArray[np.float64],
        T: NDArray[np.float64],
        count: NDArray[np.float64],
        m: NDArray[np.float64],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The 10 % and 90 % quantiles of a year's revenue, by drawing from what is known of each customer.

        Who is alive buys at a rate from Gamma(r + x, alpha + T) until a purchase after which they leave, with
        a chance from Beta(a, b + x): the smaller of a Poisson and a geometric number.
        """
        buy, spend = self.purchase_params or {}, self.spend_params or {}
        low, high = np.empty(len(x)), np.empty(len(x))
        for begin in range(0, len(x), _CHUNK):
            part = slice(begin, begin + _CHUNK)
            rng = np.random.default_rng(begin)
            size = (_DRAWS, len(x[part]))
            rate = rng.gamma(buy["r"] + x[part], 1 / (buy["alpha"] + T[part]), size)
            leave = np.clip(rng.beta(buy["a"], buy["b"] + x[part], size), 1e-9, 1.0)
            # Nobody buys so often in a year; only so that a draw fits into an integer.
            until = np.minimum(rng.geometric(leave), 1_000_000)
            n = np.minimum(rng.poisson(rate * YEAR_DAYS / WEEK), until)
            n = np.where(rng.random(size) < alive_[part], n, 0)
            nu = rng.gamma(spend["p"] * count[part] + spend["q"], 1.0, size) / (
                spend["v"] + count[part] * m[part]
            )
            revenue = np.where(n > 0, rng.gamma(np.maximum(spend["p"] * n, 1e-9), 1.0) / nu, 0.0)
            low[part], high[part] = np.quantile(revenue, INTERVAL, axis=0)
        return low, high

    def to_dict(self) -> dict[str, Any]:
        """A form that JSON can hold."""
        return {
            "trained_at": self.trained_at,
            "currency": self.currency,
            "purchase_params": self.purchase_params,
            "spend_params": self.spend_params,
            "converged": self.converged,
            "warnings": list(self.warnings),
            "card": self.card,
            "renewals": self.renewals,
            "contract_fields": self.contract_fields,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ValueModel:
        """The inverse of `to_dict`."""
        return cls(**{**data, "warnings": tuple(data["warnings"])})


def _as_frame(
    table: pd.DataFrame,
    value: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    churn: NDArray[np.float64],
    currency: str,
) -> pd.DataFrame:
    """What is told of customers, in the order of the table; money to the cent, risk to a tenth."""
    records = [record_of(str(key)) for key in table.index]
    return pd.DataFrame(
        {
            "object": pd.Series([o for o, _ in records], index=table.index, dtype=object),
            "record_id": pd.Series([i for _, i in records], index=table.index, dtype=object),
            "value_12m": np.round(value, 2),
            "value_low": np.round(low, 2),
            "value_high": np.round(high, 2),
            "churn_risk": np.round(churn, 1),
            "frequency": table["frequency"].to_numpy(),
            "recency_days": table["recency_days"].to_numpy(),
            "T_days": table["T_days"].to_numpy(),
            "monetary": np.round(table["monetary"].to_numpy(dtype=float), 2),
            "currency": currency,
        }
    ).reset_index(drop=True)


def arrays(table: pd.DataFrame) -> tuple[NDArray[np.float64], ...]:
    """x, t_x and T in weeks, the number of purchases and their mean amount."""
    x = table["frequency"].to_numpy(dtype=float)
    t = table["recency_days"].to_numpy(dtype=float) / WEEK
    T = table["T_days"].to_numpy(dtype=float) / WEEK
    return x, t, T, table["purchases"].to_numpy(dtype=float), table["monetary"].to_numpy(dtype=float)


def _excluded(engine: Engine, exclusions: Exclusions, customers: pd.Index[Any]) -> pd.Series[str]:
    """Why each customer is left out, "" for those that stay."""
    t = neutral(engine, "companies")
    rows = query(
        engine,
        t.select(record_id=t.id, name=t.name, domain=t.domain, do_not_score=t.do_not_score.fill_null(False)),
    )
    if any(record_of(str(k))[0] == "contacts" for k in customers):
        c = neutral(engine, "contacts")
        name = c.first_name.fill_null("") + " " + c.last_name.fill_null("")
        people = query(
            engine,
            c.select(
                record_id=c.id, name=name, domain=c.domain, do_not_score=c.do_not_score.fill_null(False)
            ),
        )
        rows = pd.concat([rows, people.assign(record_id=people["record_id"].map(person))], ignore_index=True)
    rows["company_name"], rows["company_domain"] = rows["name"], rows["domain"]
    return reasons(rows, exclusions).set_axis(rows["record_id"]).reindex(customers).fillna("")


def fit_customers(
    engine: Engine,
    *,
    as_of: int,
    exclusions: Exclusions,
    fields: ContractFields | None = None,
) -> ValueModel:
    """Fit purchases and spend of the customers, as of a time (ms): companies that bought, and people without a company.

    The spend model takes every purchase, the first one too: all are drawn alike under it. `fields` are those that tell of
    contracts, where the settings name them.
    """
    bought = purchases(engine, as_of=as_of, exclusions=exclusions, fields=fields)
    named = asdict(fields) if fields is not None else {}
    table = summary(bought, as_of=as_of)
    left_out = _excluded(engine, exclusions, table.index)
    free, contracts = _kinds(bought, table, left_out, as_of)
    card = _card(bought, table, left_out, free)
    if bought.contracts is not None:
        card["contract_fields"] = describe(engine, fields, bought.contracts)
    found, card["renewals"] = fit_renewals(bought, contracts)
    renewals = asdict(found) if found is not None else None
    if int((free["frequency"] > 0).sum()) < MIN_REPEAT_BUYERS:
        text = f"fewer than {MIN_REPEAT_BUYERS} customers have bought twice: no value is given"
        return ValueModel(as_of, bought.currency, None, None, False, (text,), card, renewals, named)
    x, t, T, count, m = arrays(free)
    buying = BetaGeoModel().fit(x, t, T)
    spending = GammaGammaModel().fit(count, m)
    card["log_likelihood"] = {"purchases": buying.log_likelihood_, "spend": spending.log_likelihood_}
    return ValueModel(
        as_of,
        bought.currency,
        buying.params_,
        spending.params_,
        buying.converged_ and spending.converged_,
        (*(f"purchases: {w}" for w in buying.warnings_), *(f"spend: {w}" for w in spending.warnings_)),
        card,
        renewals,
        named,
    )


def modelled(
    engine: Engine, bought: Purchases, *, as_of: int, exclusions: Exclusions
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The customers that the purchases' parameters are of (rows of `summary`), and the contracts (rows of `terms`)."""
    table = summary(bought, as_of=as_of)
    return _kinds(bought, table, _excluded(engine, exclusions, table.index), as_of)


def _kinds(
    bought: Purchases, table: pd.DataFrame, left_out: pd.Series[str], as_of: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    free = table[(left_out == "") & ~table["contractual"]]
    under_contract = table.index[(left_out == "") & table["contractual"]]
    return free, terms(bought, under_contract, as_of_day=as_of // DAY_MS)


def _card(
    bought: Purchases, table: pd.DataFrame, left_out: pd.Series[str], free: pd.DataFrame
) -> dict[str, Any]:
    counts = left_out[left_out != ""].value_counts()
    return {
        "customers": len(table),
        "people": sum(record_of(str(k))[0] == "contacts" for k in table.index),
        "purchases": len(bought.rows),
        "bought": bought.digest(),
        "repeat_buyers": int((free["frequency"] > 0).sum()),
        "contractual": int(table["contractual"].sum()),
        "contractual_note": (
            "customers with renewals, with a renewal date or a term in a field, or whose purchases are as regular as "
            "terms, have the risk of not renewing for a churn risk (none where fewer than 20 terms were decided): "
            "a contract says whether they are alive"
        ),
        "excluded": {str(k): int(v) for k, v in counts.items()},
        "counted_out": bought.counted_out,
    }


def _to_the_cent(amount: float) -> Decimal:
    return Decimal(repr(float(amount))).quantize(Decimal("0.01"))


def deal_values(
    engine: Engine,
    scores: pd.DataFrame,
    *,
    as_of: int | None = None,
    estimates: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Expected value of scored deals: probability x amount, in the deal's currency.

    `estimates` stand in for amounts that are missing or placeholders. Columns: record_id, expected_value (Decimal to
    the cent, or None), currency, reason ("" or why there is none: "no probability", "no amount", "stale"), estimated.
    A deal is stale when it is older than twice the 95th percentile of the cycles of won deals. `as_of` defaults to
    the newest time on any deal.
    """
    t = alive(neutral(engine, "deals"))
    deals = query(
        engine,
        t.select(
            record_id=t.id,
            amount=t.amount.cast("float64"),
            currency=t.currency,
            created_at=t.created_at,
            closed_at=t.closed_at,
            is_won=t.is_won.fill_null(False),
        ),
    )
    if as_of is None:
        newest = pd.concat([deals["created_at"], deals["closed_at"]]).max()
        as_of = 0 if pd.isna(newest) else int(newest)
    cycles = (deals["closed_at"] - deals["created_at"])[
        deals["is_won"] & (deals["closed_at"] <= as_of)
    ] / DAY_MS
    limit = stale_days(cycles)
    wanted = scores if "object" not in scores else scores[scores["object"] == "deals"]
    rows = wanted[["record_id", "probability"]].merge(deals, on="record_id", how="left")
    guessed = rows["record_id"].map(dict(estimates or {})).astype("float64")
    rows["amount"] = guessed.where(guessed.notna(), rows["amount"])
    worth = (rows["probability"] * rows["amount"]).to_numpy(dtype=float)
    reason = np.select(
        [
            rows["probability"].isna(),
            rows["amount"].isna() | (rows["amount"] <= 0),
            (as_of - rows["created_at"]) / DAY_MS > limit,
        ],
        ["no probability", "no amount", "stale"],
        default="",
    )
    values = [_to_the_cent(w) if r == "" else None for w, r in zip(worth, reason, strict=True)]
    return pd.DataFrame(
        {
            "record_id": rows["record_id"].astype(object),
            "expected_value": pd.Series(values, dtype=object),
            "currency": rows["currency"].astype(object),
            "reason": pd.Series(reason, dtype=object),
            "estimated": guessed.notna().to_numpy(),
        }
    )
