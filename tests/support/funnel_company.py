"""Companies of which the truth is known: deals that pass stages, advance or are lost, each by a constant hazard of its own."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sales_consultant.insight.core import DealTables

DAY = 86_400_000
STAGES = ("a", "b", "c")


@dataclass(frozen=True)
class Truth:
    """Hazards a day of advancing and of losing, by stage."""

    advance: tuple[float, ...] = (0.06, 0.05, 0.03)
    lose: tuple[float, ...] = (0.04, 0.02, 0.03)

    def share_advanced(self, stage: int, days: float) -> float:
        whole = self.advance[stage] + self.lose[stage]
        return float(self.advance[stage] / whole * (1 - np.exp(-whole * days)))

    def quantile(self, stage: int, q: float) -> float:
        return float(-np.log(1 - q) / (self.advance[stage] + self.lose[stage]))

    def win_rate(self) -> float:
        return float(np.prod([a / (a + b) for a, b in zip(self.advance, self.lose, strict=True)]))


def stage_rows(pipelines: tuple[str, ...] = ("p",)) -> pd.DataFrame:
    """The stages of pipelines: those of STAGES, won and lost."""
    names = [*((s, False, False) for s in STAGES), ("won", True, True), ("lost", True, False)]
    return pd.DataFrame(
        [
            (p, p.upper(), s, s.upper(), i, c, w, False)
            for p in pipelines
            for i, (s, c, w) in enumerate(names)
        ],
        columns=["pipeline", "pipeline_label", "stage", "label", "place", "closed", "won", "gone"],
    )


def company(
    rng: np.random.Generator,
    deals: int = 600,
    days: int = 365,
    truth: Truth | None = None,
    made_days: float | None = None,
    history_from: float | None = None,
) -> DealTables:
    """Deals made evenly over `made_days` of `days` days, and what became of them by then.

    `history_from`: the CRM keeps stage changes since this day only, and writes down where each open deal stands on it.
    """
    truth = truth or Truth()
    made = rng.uniform(0, days if made_days is None else made_days, deals)
    at, alive = made.copy(), np.ones(deals, dtype=bool)
    changes = [(np.arange(deals), made, np.full(deals, 0))]
    for i, (a, b) in enumerate(zip(truth.advance, truth.lose, strict=True)):
        at = at + rng.exponential(1 / (a + b), deals)
        onward = rng.random(deals) < a / (a + b)
        changes.append((np.flatnonzero(alive), at[alive], np.where(onward, i + 1, len(STAGES) + 1)[alive]))
        alive = alive & onward
    deal, when, place = (np.concatenate(x) for x in zip(*changes, strict=True))
    seen = when <= days
    deal, when, place = deal[seen], when[seen], place[seen]
    order = np.lexsort((when, deal))
    deal, when, place = deal[order], when[order], place[order]
    last = np.r_[deal[1:] != deal[:-1], True]
    names = np.array([*STAGES, "won", "lost"], dtype=object)
    stands, stood = place[last], when[last]
    closed = stands >= len(STAGES)
    ids = np.array([f"{d:06d}" for d in range(deals)], dtype=object)
    table = pd.DataFrame(
        {
            "deal_id": ids, "name": "", "pipeline": "p", "owner_id": "o", "company_id": None, "currency": "EUR",
            "stage": names[stands], "cents": pd.array(rng.integers(1_000, 1_000_000, deals), dtype="Int64"),
            "close_date": pd.array((made * DAY).astype("int64") + 90 * DAY, dtype="Int64"),
            "created_at": pd.array((made * DAY).astype("int64"), dtype="Int64"),
            "closed_at": pd.array(np.where(closed, stood * DAY, 0).astype("int64"), dtype="Int64"),
            "is_closed": pd.array(closed, dtype="boolean"), "is_won": pd.array(stands == len(STAGES), dtype="boolean"),
        }
    )  # fmt: skip
    table.loc[~closed, "closed_at"] = pd.NA
    if history_from is not None:
        after = np.r_[np.where(deal[1:] == deal[:-1], when[1:], np.inf), np.inf]
        kept = (after > history_from) & ((when > history_from) | (place < len(STAGES)))
        deal, when, place = deal[kept], np.maximum(when, history_from)[kept], place[kept]
    history = pd.DataFrame(
        {"deal_id": ids[deal], "changed_at": (when * DAY).astype("int64"), "stage": names[place]}
    )
    history = history.assign(
        cents=pd.array([pd.NA] * len(history), dtype="Int64"),
        close_date=pd.array([pd.NA] * len(history), dtype="Int64"),
        owner_id=None,
    )
    return DealTables(table, history, stage_rows())


def stay_rows(
    rng: np.random.Generator,
    conversions: tuple[float, ...],
    entries: int,
    start: float,
    end: float,
    days: float = 10.0,
    until: float | None = None,
) -> pd.DataFrame:
    """Stays of stages "0", "1" and so on, `entries` each, entered evenly from `start` to `end` (days).

    Each has its conversion and a mean time of `days`; what is not over by `until` still stands.
    """
    n, k = entries, len(conversions)
    entered = rng.uniform(start, end, n * k)
    left = entered + rng.exponential(days, n * k)
    won = rng.random(n * k) < np.repeat(conversions, n)
    over = left <= (np.inf if until is None else until)
    left_at = pd.array((np.where(over, left, 0) * DAY).astype("int64"), dtype="Int64")
    left_at[~over] = pd.NA
    return pd.DataFrame(
        {
            "deal_id": [f"{start}-{i}" for i in range(n * k)], "pipeline": "p",
            "stage": np.repeat([str(i) for i in range(k)], n), "entered_at": (entered * DAY).astype("int64"),
            "left_at": left_at, "outcome": np.where(~over, "still", np.where(won, "advanced", "lost")), "counted": True,
        }
    )  # fmt: skip
