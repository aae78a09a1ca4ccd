"""What customers are worth over a time to come: expected purchases month by month, times spend, discounted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from sales_consultant.scoring.customers.transaction_model import TransactionModel

MONTHS = 12
MONTH_DAYS = 365.0 / MONTHS


def lifetime_value(
    buying: TransactionModel,
    spend: ArrayLike,
    frequency: ArrayLike | None = None,
    recency: ArrayLike | None = None,
    T: ArrayLike | None = None,
    *,
    months: int = MONTHS,
    month: float = 365.0 / 7.0 / 12.0,
    discount_rate: float = 0.0,
) -> NDArray[np.float64]:
    """Expected revenue of the next `months`, one a customer: of those fitted, or of those given.

    `spend` is the expected amount of a purchase, `month` the length of a month in the model's unit of time (weeks by
    default), `discount_rate` that of a month: what is bought in the k-th month counts 1 / (1 + rate)^k (Fader, Hardie and
    Lee 2005, RFM and CLV, Journal of Marketing Research 42, eq. 1, in months).
    """
    amount = np.asarray(spend, dtype=np.float64)
    if not discount_rate:
        return np.asarray(amount * buying.expected_purchases(months * month, frequency, recency, T))
    total, so_far = np.zeros(len(amount)), np.zeros(len(amount))
    for k in range(1, months + 1):
        until = buying.expected_purchases(k * month, frequency, recency, T)
        total += (until - so_far) / (1 + discount_rate) ** k
        so_far = until
    return np.asarray(amount * total)


def counts_for(days: ArrayLike, discount_rate: float) -> NDArray[np.float64]:
    """What revenue so many days ahead counts for, at a discount rate of a month, as in `lifetime_value`.

    1 / (1 + rate)^k for the k-th month of 365 / 12 days, its last day included; what is due by now is of the first.
    """
    # A hair less, for a year of 365 days is the twelfth month and not the thirteenth.
    month = np.ceil(np.asarray(days, dtype=np.float64) / MONTH_DAYS - 1e-9)
    return np.asarray((1 + discount_rate) ** -np.maximum(month, 1.0))
