"""The forecast of 200,000 deals with 1,000,000 stage changes, in one process on one core

Prints the seconds of CPU and wall clock, and the peak memory of the process, of the forecast and of what changed since one a
week before.
"""

import resource
import time

import numpy as np
import pandas as pd

from sales_consultant.insight.core import Calendar, DealTables, Rates
from sales_consultant.insight.forecast import (
    CompanyForecast,
    changes,
    contributions,
    forecast_company,
    give,
    months_until,
    read_past,
)

DAY = 86_400_000
START = 1_609_459_200_000
RATES = Rates(pd.DataFrame(columns=["code", "rate", "start_at", "end_at"]), "EUR", "EUR")


def company(deals: int, changes: int, seed: int = 1, months: int = 48) -> DealTables:
    """Deals made evenly over the months, each with as many stage changes as the others; a quarter of them stands open."""
    rng = np.random.default_rng(seed)
    each = changes // deals
    made = START + np.sort(rng.integers(0, months * 30 * DAY, deals))
    steps = rng.exponential(18 * DAY, (deals, each)).astype(np.int64)
    steps[:, 0] = 0
    at = made[:, None] + steps.cumsum(axis=1)
    until = START + months * 30 * DAY
    stage = np.tile(np.array([f"s{i}" for i in range(each)]), (deals, 1))
    won = rng.random(deals) < 0.3
    stage[:, -1] = np.where(won, "won", "lost")
    seen = at <= until
    ids = np.array([f"d{i}" for i in range(deals)])
    closed = seen[:, -1]
    cents = np.round(rng.lognormal(13, 1, deals)).astype(np.int64)
    table = pd.DataFrame(
        {
            "deal_id": pd.Series(ids, dtype="string[pyarrow]"),
            "name": pd.Series(ids, dtype="string[pyarrow]"),
            "pipeline": pd.Series("p", index=range(deals), dtype="string[pyarrow]"),
            "owner_id": pd.Series([f"o{i}" for i in rng.integers(0, 60, deals)], dtype="string[pyarrow]"),
            "company_id": pd.Series(ids, dtype="string[pyarrow]"),
            "currency": pd.Series("EUR", index=range(deals), dtype="string[pyarrow]"),
            "stage": pd.Series(stage[np.arange(deals), seen.sum(axis=1) - 1], dtype="string[pyarrow]"),
            "cents": pd.Series(cents, dtype="Int64"),
            "close_date": pd.Series(made + 90 * DAY, dtype="Int64"),
            "created_at": pd.Series(made, dtype="Int64"),
            "closed_at": pd.Series(at[:, -1], dtype="Int64").mask(~closed),
            "is_closed": pd.Series(closed, dtype="boolean"),
            "is_won": pd.Series(won, dtype="boolean").mask(~closed),
        }
        | {
            name: pd.Series([f"{name}{i}" for i in rng.integers(0, n, deals)], dtype="string[pyarrow]")
            for name, n in (("product", 30), ("segment", 8), ("source", 12), ("type", 3), ("tier", 3))
        }
    )
    rows = seen.ravel()
    gaps = pd.Series(pd.NA, index=range(int(rows.sum())))
    history = pd.DataFrame(
        {
            "deal_id": pd.Series(np.repeat(ids, each)[rows], dtype="string[pyarrow]"),
            "changed_at": pd.Series(at.ravel()[rows], dtype="Int64"),
            "stage": pd.Series(stage.ravel()[rows], dtype="string[pyarrow]"),
            "cents": gaps.astype("Int64"),
            "close_date": gaps.astype("Int64"),
            "owner_id": gaps.astype("string[pyarrow]"),
        }
    )
    names = [*(f"s{i}" for i in range(each - 1)), "won", "lost"]
    stages = pd.DataFrame(
        {
            "pipeline": "p", "pipeline_label": "p", "stage": names, "label": names, "place": range(len(names)),
            "closed": [n in ("won", "lost") for n in names], "won": [n == "won" for n in names], "gone": False,
        }
    )  # fmt: skip
    return DealTables(table, history, stages)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def run(deals: int = 200_000, moves: int = 1_000_000) -> None:
    """Print what the forecast costs."""
    tables = company(deals, moves)
    as_of = START + 48 * 30 * DAY
    print(f"{deals} deals, {len(tables.history)} changes; before: {_peak():.2f} GB")
    wall, cpu = time.perf_counter(), time.process_time()
    teams = {f"o{i}": f"team {i % 6}" for i in range(60)}
    columns = ("pipeline", "product", "segment", "source", "type", "tier")
    found = forecast_company(
        tables, RATES, Calendar(), as_of, np.random.default_rng(1), teams=teams, columns=columns
    )
    assert isinstance(found, CompanyForecast)
    give(found, as_of, "EUR").record()
    print(
        f"forecast: {time.perf_counter() - wall:.1f} s, {time.process_time() - cpu:.1f} s of CPU, {_peak():.2f} GB"
    )
    del found
    wall, cpu = time.perf_counter(), time.process_time()
    parts = []
    for at in (as_of - 7 * DAY, as_of):
        snaps, ends = read_past(tables, RATES, months_until(Calendar(), at, 24, 4))
        parts.append(contributions(snaps, ends, (24, 25), 4))
    changes(parts[0], parts[1], 0, 0)
    print(
        f"what changed: {time.perf_counter() - wall:.1f} s, {time.process_time() - cpu:.1f} s of CPU, {_peak():.2f} GB"
    )
