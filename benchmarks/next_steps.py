"""The next steps of 100,000 open records, and a simulated year of steps whose effects are known.

`STEP_RECORDS` ("100000") and `STEP_YEARS` ("50" seeds) in the environment set other sizes, "0" none. The limits are those of the
issue: 20 s and 1 GB for the records; a mean regret of at most 5 % of the best fixed policy.
"""

import hashlib
import os
import resource
import subprocess
import sys
import time

import duckdb
import numpy as np
import pandas as pd

from sales_consultant.config import playbook
from sales_consultant.config.neutral import NEUTRAL
from sales_consultant.engine import DuckEngine
from sales_consultant.scoring.next_steps import Options, facts, propose
from sales_consultant.scoring.next_steps.simulation import simulate

DAY = 86_400_000
NOW = 1_762_214_400_000
SECONDS, MEGABYTES, REGRET = 20, 1024, 0.05


def company(records: int, seed: int = 1) -> DuckEngine:
    """So many open deals with contacts, companies, three changes and ten activities each."""
    draw = np.random.default_rng(seed)
    engine = DuckEngine(duckdb.connect(":memory:", config={"threads": 2}))
    for name, types in NEUTRAL.items():
        engine.con.execute(f"CREATE TABLE {name} ({', '.join(f'{c} {t}' for c, t in types.items())})")

    def put(table: str, frame: pd.DataFrame) -> None:
        types = NEUTRAL[table]
        listed = ", ".join(f"CAST({c} AS {types[c]}) AS {c}" for c in frame)
        engine.con.register("_rows", frame)
        engine.con.execute(f"INSERT INTO {table} BY NAME SELECT {listed} FROM _rows")
        engine.con.unregister("_rows")

    ids = np.array([f"d{i}" for i in range(records)])
    people = np.array([f"p{i}" for i in range(records)])
    firms = np.array([f"c{i}" for i in draw.integers(0, records // 4, records)])
    made = NOW - draw.integers(5, 200, records) * DAY
    stages = np.array(["new", "demo", "offer"])
    put("org", pd.DataFrame({"currency": ["EUR"], "time_zone": ["Europe/Berlin"]}))
    labels = [
        ("new", 1, False, False),
        ("demo", 2, False, False),
        ("offer", 3, False, False),
        ("won", 4, True, True),
    ]
    put("stages", pd.DataFrame([
        {"object": "deals", "pipeline": "sales", "pipeline_label": "Sales", "stage": s, "label": s.title(),
         "display_order": n, "closed": c, "won": w} for s, n, c, w in labels
    ]))  # fmt: skip
    put(
        "companies", pd.DataFrame({"id": sorted(set(firms))}).assign(name="Firma", created_at=NOW - 900 * DAY)
    )
    titles = draw.choice(["CEO", "Engineer", "Head of IT", ""], records)
    put("contacts", pd.DataFrame({
        "id": people, "source_object": "Contact", "email": "a@b.example", "first_name": "Ann", "last_name": "Berg",
        "title": titles, "company_id": firms, "created_at": made,
    }))  # fmt: skip
    put("deals", pd.DataFrame({
        "id": ids, "company_id": firms, "owner_id": draw.choice([f"o{n}" for n in range(500)], records),
        "pipeline": "sales", "stage": draw.choice(stages, records), "amount": draw.lognormal(9, 1, records).round(2),
        "currency": "EUR", "created_at": made, "is_closed": False, "is_won": False, "deleted": False,
        "close_date": NOW + draw.integers(-30, 90, records) * DAY,
    }))  # fmt: skip
    for n in range(3):
        at = np.minimum(made + n * 9 * DAY, NOW - DAY)
        close = NOW + draw.integers(-30, 90, records) * DAY
        put("deal_history", pd.DataFrame({
            "deal_id": ids, "changed_at": at, "stage": stages[n], "amount": 1000.0, "close_date": close,
        }))  # fmt: skip
    put("associations", pd.DataFrame({
        "from_object": "deal", "from_id": ids, "to_object": "contact", "to_id": people, "label": "primary",
    }))  # fmt: skip
    for n in range(10):
        at = NOW - draw.integers(0, 120 * DAY, records)
        keys = np.array([f"a{n}-{i}" for i in range(records)])
        kind = draw.choice(["email", "call", "meeting", "form"], records, p=[0.6, 0.2, 0.15, 0.05])
        way = draw.choice(["inbound", "outbound"], records, p=[0.3, 0.7])
        put("activities", pd.DataFrame({
            "id": keys, "type": kind, "direction": way, "automated": False, "occurred_at": at, "known_at": at,
            "deleted": False,
        }))  # fmt: skip
        put("associations", pd.DataFrame({
            "from_object": "activity", "from_id": keys, "to_object": "deal", "to_id": ids,
        }))  # fmt: skip
    return engine


def steps(records: int) -> None:
    """Time and memory of the steps, and whether the same input gives the same.

    As in a run without tasks, the setting that is delivered; `STEP_DRAFTS=1` drafts a message for each step as well.
    """
    engine, draw = company(records), np.random.default_rng(2)
    drafts = os.environ.get("STEP_DRAFTS") == "1"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    scores = pd.DataFrame({
        "object": "deals", "record_id": [f"d{i}" for i in range(records)], "score": draw.integers(1, 99, records),
        "grade": draw.choice(list("ABCD"), records), "probability": draw.random(records),
    })  # fmt: skip
    book, digests, seconds, peaks, given = playbook.load(), set[str](), list[float](), list[float](), 0
    for _ in range(2):
        began = time.perf_counter()
        table = facts(engine, scores, as_of=NOW)
        found = propose(engine, table, book, Options(as_of=NOW, max_new_per_owner=10**9, drafts=drafts))
        seconds.append(time.perf_counter() - began)
        # Before the comparison, which holds what a run does not.
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        digests.add(hashlib.sha256(found.steps.to_csv().encode()).hexdigest())
        given = len(found.steps)
        del table, found
    best, peak = min(seconds), peaks[0]
    print(
        f"next steps of {records:,} records: {best:.1f} s ({best / SECONDS:.2f} of the limit), peak {peak:,.0f} MB "
        f"({peak / MEGABYTES:.2f} of the limit; {before:,.0f} MB of it are the company in memory), "
        f"{given:,} steps, the same both times: {len(digests) == 1}"
    )


def years(seeds: int) -> None:
    """The regret of the choice by worth, and its gain over the order of the file."""
    found = [simulate(seed) for seed in range(seeds)]
    regret = np.array([y.regret for y in found])
    gain = np.array([(y.chosen - y.order) / y.best for y in found])
    low = gain.mean() - 1.96 * gain.std(ddof=1) / np.sqrt(len(gain))
    print(
        f"simulated year, {seeds} seeds: mean regret {regret.mean():.3f} of the best fixed order ({regret.mean() / REGRET:.2f} of "
        f"the limit), gain over the file's order {gain.mean():.3f}, lower 95 % bound {low:.3f}"
    )


def run() -> None:
    """Both, the first in a process of its own."""
    records, seeds = (
        int(os.environ.get(k, d)) for k, d in (("STEP_RECORDS", "100000"), ("STEP_YEARS", "50"))
    )
    if records:
        subprocess.run([sys.executable, "-m", "benchmarks.next_steps", str(records)], check=True)
    if seeds:
        years(seeds)


if __name__ == "__main__":
    steps(int(sys.argv[1]))
