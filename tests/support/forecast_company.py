"""A simulated company: deals that pass stages by monthly chances, with known truth and seeded."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.insight.core import DealTables, Rates

DAY = 86_400_000
MONTH = 30.4375 * DAY
START = 1_609_459_200_000
"""2021-01-01 UTC."""
RATES = Rates(pd.DataFrame(columns=["code", "rate", "start_at", "end_at"]), "EUR", "EUR")
# By stage the monthly chances to advance and to be lost; from the last stage "advance" is to be won.
ADVANCE = np.array([0.5, 0.4, 0.35])
LOSE = np.array([0.15, 0.12, 0.10])


def company(
    deals: int, months: int, seed: int, season: float = 0.0, owners: int = 8, early: bool = True
) -> DealTables:
    """Deals made evenly over the months (with a yearly wave of `season`); stages 0, 1, 2, won, lost."""
    rng = np.random.default_rng(seed)
    when = np.sort(rng.random(deals * 2)) * months
    keep = rng.random(len(when)) < 0.5 * (1 + season * np.sin(2 * np.pi * when / 12))
    made = START + (when[keep] * MONTH).astype(np.int64)
    n = len(made)
    until = START + int(months * MONTH)
    stage = np.zeros(n, dtype=np.int64)
    at = made.copy()
    events: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.str_]]] = [
        (np.arange(n), made, np.full(n, "s0"))
    ]
    closed, won = np.full(n, -1, dtype=np.int64), np.zeros(n, dtype=bool)
    alive = np.arange(n)
    while len(alive):
        rate = -np.log1p(-(ADVANCE[stage[alive]] + LOSE[stage[alive]]))
        at[alive] += (rng.exponential(1 / rate) * MONTH).astype(np.int64)
        alive = alive[at[alive] < until]
        lost = rng.random(len(alive)) < LOSE[stage[alive]] / (ADVANCE[stage[alive]] + LOSE[stage[alive]])
        stage[alive] += 1
        over = lost | (stage[alive] == 3)
        names = np.where(
            lost, "lost", np.where(stage[alive] == 3, "won", np.char.add("s", stage[alive].astype(str)))
        )
        events.append((alive.copy(), at[alive].copy(), names))
        closed[alive[over]], won[alive[over & ~lost]] = at[alive[over]], True
        alive = alive[~over]
    deal = np.concatenate([one[0] for one in events])
    cents = np.round(rng.lognormal(13, 0.8, n)).astype(np.int64)
    ids = np.char.add("d", np.arange(n).astype(str))
    close = np.where(closed >= 0, closed, until) + (rng.normal(0, 40, n) * DAY).astype(np.int64)
    table = pd.DataFrame(
        {
            "deal_id": ids, "name": ids, "pipeline": rng.choice(["p", "q"], n), "company_id": ids, "currency": "EUR",
            "owner_id": np.char.add("o", rng.integers(owners, size=n).astype(str)), "stage": "s0",
            "cents": pd.array(cents, dtype="Int64"), "close_date": pd.array(close, dtype="Int64"),
            "created_at": pd.array(made, dtype="Int64"),
            "closed_at": pd.array(np.where(closed >= 0, closed, 0), dtype="Int64"),
            "is_closed": closed >= 0, "is_won": won, "product": rng.choice(["x", "y", "z"], n),
            "segment": rng.choice(["large", "small"], n),
        }
    )  # fmt: skip
    table.loc[closed < 0, "closed_at"] = pd.NA
    table[["is_closed", "is_won"]] = table[["is_closed", "is_won"]].astype("boolean")
    table.loc[closed < 0, "is_won"] = pd.NA
    history = pd.DataFrame(
        {
            "deal_id": ids[deal], "changed_at": np.concatenate([one[1] for one in events]),
            "stage": np.concatenate([one[2] for one in events]),
        }
    ).assign(cents=pd.array([pd.NA] * len(deal), dtype="Int64"), close_date=pd.array([pd.NA] * len(deal), dtype="Int64"))  # fmt: skip
    history["owner_id"] = None
    stages = pd.DataFrame(
        [
            (pipeline, pipeline, stage, stage, place, place > 2, stage == "won", False)
            for pipeline in ("p", "q")
            for place, stage in enumerate(["s0", "s1", "s2", "won", "lost"])
        ],
        columns=["pipeline", "pipeline_label", "stage", "label", "place", "closed", "won", "gone"],
    )
    return DealTables(table, history, stages)
