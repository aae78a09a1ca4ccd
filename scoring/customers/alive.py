"""Whether a customer still buys: the one definition behind churn risk, segment and lifecycle."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# From even odds on a customer is as likely gone as not: the usual edge of P(alive) (Wübben and von Wangenheim 2008, who
# count a customer as active above 0.5).
AT_RISK_FROM = 50.0
# A judgement: where four in five such customers have left, winning one back is a new sale.
LOST_FROM = 80.0
# A customer who is this near to an edge keeps the name that it has: risks that differ by less are not written either.
SLACK = 5.0
ALIVE, AT_RISK, LOST = "alive", "at_risk", "lost"

LIFECYCLE = {
    "prospects": "prospect",
    "new": "new",
    "champions": "active",
    "loyal": "active",
    "active": "active",
    "promising": "active",
    "needs_attention": "active",
    "previously_loyal": "at_risk",
    "at_risk": "at_risk",
    "almost_lost": "at_risk",
    "dormant": "lost",
}
"""The lifecycle that goes with each segment: no other pair is written."""

RISKS = {
    "new": (0.0, AT_RISK_FROM + SLACK),
    "active": (0.0, AT_RISK_FROM + SLACK),
    "at_risk": (AT_RISK_FROM - SLACK, LOST_FROM + SLACK),
    "lost": (LOST_FROM - SLACK, 100.0),
}
"""The churn risks, least and most, that go with each lifecycle: no other pair is written. A prospect has none."""


def state(risk: NDArray[np.float64], by_recency: NDArray[Any]) -> NDArray[Any]:
    """Alive, at risk or lost, by the churn risk in percent; where there is none (a gap), as `by_recency` says.

    >>> state(np.array([12.0, 64.0, 95.0, np.nan]), np.array(["lost", "lost", "alive", "at_risk"]))
    array(['alive', 'at_risk', 'lost', 'at_risk'], dtype='<U7')
    """
    return np.select(
        [np.isnan(risk), risk < AT_RISK_FROM, risk < LOST_FROM], [by_recency, ALIVE, AT_RISK], default=LOST
    )


def agree(segment: str, lifecycle: str | None, risk: float | None) -> bool:
    """Whether these may stand on one record; a lifecycle or risk that it does not have is None.

    >>> agree("loyal", "active", 12.0), agree("almost_lost", "at_risk", 12.0), agree("dormant", None, None)
    (True, False, True)
    """
    if lifecycle is not None and LIFECYCLE[segment] != lifecycle:
        return False
    if risk is None:
        return True
    low, high = RISKS.get(LIFECYCLE[segment], (np.inf, -np.inf))
    return bool(low <= risk <= high)
