"""What customers are worth over a time to come: expected purchases month by month, times spend, discounted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from sales_consultant.scoring.buying import BuyingModel

MONTHS = 12


def lifetime_value(
    buying: BuyingModel,
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
    import numpy as np

    amount = np.asarray(spend, dtype=np.float64)
    if not discount_rate:
        return np.asarray(amount * buying.expected_purchases(months * month, frequency, recency, T))
    total, so_far = np.zeros(len(amount)), np.zeros(len(amount))
    for k in range(1, months + 1):
        until = buying.expected_purchases(k * month, frequency, recency, T)
        total += (until - so_far) / (1 + discount_rate) ** k
        so_far = until
    return np.asarray(amount * total)
