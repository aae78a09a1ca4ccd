"""How often a table without signal is called "better than the base rate", and how often a modest signal is found.

Four kinds of tables of which no column knows the outcome, as training makes rows (a row a record and month in which it was
open): the base rate drifts in time; it depends on the month of creation; companies differ in it, and their columns are alike
within a company; one row in ten stands there twice, under another company. Each goes through the forward test with another seed
for its folds. A fifth and a sixth kind are without signal in no column but carry it in two (an AUC of about .60 and .65, 1,500
records): what a verdict that is never wrong would have to give up.

`NO_SIGNAL_TABLES` in the environment is how many of each are made (100 unless set).
"""

from typing import Any

DAY = 86_400_000
HORIZON = 120
KINDS = ("drift", "month", "companies", "twice")
SIGNALS = {"AUC .60": 0.26, "AUC .65": 0.40}
"""The weight of each of two columns in log-odds, by the AUC that the truth then has."""
# A judgement: sizes and widths of small customers' tables, of which a thousand can be made.
_SIZES, _WIDTHS = (400, 800, 1600), (5, 12, 25)
_DAYS = 900


def table(kind: str, seed: int, *, signal: float = 0.0, records: int | None = None) -> tuple[Any, Any]:
    """Columns and training rows (record_id, group, created_at, cut, event_at, ended_at, label, weight) of one company."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng([KINDS.index(kind), seed])
    n = records or int(rng.choice(_SIZES))
    width, base = int(rng.choice(_WIDTHS)), float(rng.choice([-2.2, -1.4, -0.8, 0.0]))
    born = rng.integers(0, _DAYS, n)
    life = rng.integers(20, 120, n)
    share = rng.pareto(1.5, max(n // 4, 2)) + 0.3
    firm = rng.choice(len(share), n, p=share / share.sum())
    own = rng.normal(size=(n, width))
    margin = np.full(n, base)
    if kind == "drift":
        path = np.cumsum(rng.normal(0, 0.12, _DAYS // 30 + 1)) + rng.choice([-1.0, 0.0, 1.0]) * np.linspace(
            -0.6, 0.6, _DAYS // 30 + 1
        )
        margin += path[born // 30]
    elif kind == "month":
        margin += rng.normal(0, 0.6, _DAYS // 30 + 1)[born // 30]
    elif kind == "companies":
        margin += rng.normal(0, 1.0, len(share))[firm]
        # Half of the columns tell of the company, as an industry or a head count do.
        half = width // 2 + 1
        own[:, :half] = rng.normal(size=(len(share), half))[firm] + 0.2 * own[:, :half]
    if signal:
        own[:, -2:] = rng.normal(size=(n, 2))
        margin = margin + signal * own[:, -2:].sum(axis=1)
    won = rng.random(n) < 1 / (1 + np.exp(-margin))
    columns = {f"x{j}": np.exp(own[:, j]) if j % 4 == 3 else own[:, j] for j in range(width)}
    region = rng.choice(["north", "south", "east", "west"], len(share))[firm]
    records_ = pd.DataFrame(columns).assign(
        region=region,
        source=rng.choice(list("abcdef"), n, p=[0.3, 0.25, 0.2, 0.1, 0.1, 0.05]),
        # What money is worth moves with time: such a column knows when a record was made.
        rate=1 + born / _DAYS * 0.3 + rng.normal(0, 0.05, n),
        record_id=[f"d{i}" for i in range(n)],
        group=firm,
        born=born,
        life=life,
        won=won,
    )
    if kind == "twice":
        again = records_.sample(frac=0.1, random_state=seed)
        again = again.assign(record_id="again " + again["record_id"], group=rng.permutation(again["group"]))
        records_ = pd.concat([records_, again], ignore_index=True)
    return _rows(records_, rng)


def _rows(records: Any, rng: Any) -> tuple[Any, Any]:
    """A row for each 30 days that a record was open, with what has been counted until then."""
    import numpy as np
    import pandas as pd

    parts = []
    for cut in range(60, _DAYS - HORIZON, 30):
        here = records[(records["born"] <= cut) & (records["born"] + records["life"] > cut)]
        parts.append(here.assign(cut=cut, age=cut - here["born"]))
    rows = pd.concat(parts, ignore_index=True)
    # The records that stand there twice were copied with all that was counted.
    first = rows["record_id"].str.removeprefix("again ") + rows["cut"].astype(str)
    calls = pd.Series(rng.poisson(1 + rows["age"] / 20), index=first)
    rows["calls"] = calls[~calls.index.duplicated()].reindex(first).to_numpy()
    due = rows["won"] & (rows["born"] + rows["life"] <= rows["cut"] + HORIZON)
    names = [c for c in rows.columns if c.startswith("x")]
    frame = pd.DataFrame(
        {
            "record_id": rows["record_id"],
            "group": rows["group"],
            "created_at": rows["born"] * DAY,
            "cut": rows["cut"] * DAY,
            "ended_at": (rows["born"] + rows["life"]) * float(DAY),
            "event_at": np.where(rows["won"], (rows["born"] + rows["life"]) * float(DAY), np.nan),
            "label": due.astype(float),
        }
    )
    frame["weight"] = 1.0 / frame.groupby("record_id")["record_id"].transform("size")
    return rows[[*names, "region", "source", "rate", "age", "calls"]], frame


def verdict(kind: str, seed: int, *, signal: float = 0.0, records: int | None = None) -> Any:
    """The report of the forward test of one table."""
    from sales_consultant.scoring.validation import forward_test

    X, rows = table(kind, seed, signal=signal, records=records)
    return forward_test(X, rows, horizon=HORIZON, random_state=seed).report


def run() -> None:
    """Print a line a kind: how often it was called better, and the gain in log-loss where it was."""
    import os
    import time
    import warnings

    import numpy as np

    warnings.simplefilter("ignore")
    count = int(os.environ.get("NO_SIGNAL_TABLES", "100"))
    for name, signal in {"none": 0.0, **SIGNALS}.items():
        for kind in KINDS:
            began = time.process_time()
            reports = [
                verdict(kind, seed, signal=signal, records=1500 if signal else None) for seed in range(count)
            ]
            better = [r for r in reports if r.verdict == "better than base rate"]
            few = sum(r.verdict == "too little data" for r in reports)
            gain = [1 - r.log_loss / r.base_log_loss for r in better]
            print(
                f"no_signal: signal {name}, {kind}: {len(better)} of {count} called better"
                f"{f', median gain {np.median(gain):.1%}' if gain else ''}; {few} with too little data; "
                f"{(time.process_time() - began) / count:.2f} CPU s a table",
                flush=True,
            )
