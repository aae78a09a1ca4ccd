"""Columns that are known only at the end of a record, in plain frames without times: which of them the audit marks.

Ten made tables of ten trades (`process_tables`, `process_tables_more`), two in each of English, German, French, Spanish
and Chinese: deals, insurance leads, applications for work, renewals, carts, software trials, loans, courses, houses, solar
plants. They were written and committed before the rules that mark suspects, and are not to be changed to fit them. Each is
tried in six ways:

- named: as it is;
- nameless: all columns renamed c1 to cn, in an order drawn by lot;
- few: with no more than three of its process columns, drawn by lot;
- strong: of honest columns that tell nearly all (their margin times three);
- honest: without any process column;
- strong honest: both.

`TABLES=b2b_deals,carts` and `WAYS=named,honest` run some of them; `DETAIL=1` names the columns that were missed, or marked
without cause.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from benchmarks import process_tables as first
from benchmarks import process_tables_more as second
from benchmarks.process_tables import Making

MAKERS: tuple[Callable[[float], Making], ...] = (
    first.b2b_deals,
    first.insurance_leads,
    first.recruiting,
    first.renewals,
    first.carts,
    second.software_trials,
    second.bank_loans,
    second.courses,
    second.houses,
    second.solar_plants,
)
WAYS = ("named", "nameless", "few", "strong", "honest", "strong honest")
STRONG, FEW = 3.0, 3


@dataclass(frozen=True)
class Table:
    """A frame with its outcome and the columns of the process."""

    name: str
    language: str
    X: pd.DataFrame
    y: np.ndarray
    process: frozenset[str]

    def nameless(self) -> Table:
        """The same with columns c1 to cn in an order drawn by lot."""
        order = np.random.default_rng(0).permutation(self.X.shape[1])
        new = {str(self.X.columns[j]): f"c{i + 1}" for i, j in enumerate(order)}
        X = self.X[list(new)].rename(columns=new)
        return Table(self.name, "c1 to cn", X, self.y, frozenset(new[c] for c in self.process))

    def with_only(self, process: int) -> Table:
        """The same with so many of its process columns, drawn by lot."""
        kept = np.random.default_rng(1).permutation(sorted(self.process))[:process]
        gone = self.process - set(kept)
        return replace(self, X=self.X.drop(columns=list(gone)), process=frozenset(kept))


def tables(way: str = "named", names: str = "") -> list[Table]:
    """The tables of these names (separated by commas), or all of them, in one of the `WAYS`."""
    out = []
    for make in MAKERS:
        if names and make.__name__ not in names.split(","):
            continue
        made = make(STRONG if way.startswith("strong") else 1.0)
        table = Table(made.name, made.language, pd.DataFrame(made.columns), made.y, frozenset(made.process))
        if way == "nameless":
            table = table.nameless()
        elif way == "few" or way.endswith("honest"):
            table = table.with_only(FEW if way == "few" else 0)
        out.append(table)
    return out


def verdicts(table: Table) -> dict[str, str]:
    """The columns that are not simply used, each with its verdict."""
    from sales_consultant.scoring.propensity.propensity import PropensityModel

    model = PropensityModel(tier="full").fit(table.X, table.y)
    return {f.column: f.verdict for f in [*model.leaks_, *model.suspects_]}


def counts(table: Table, found: dict[str, str]) -> dict[str, int]:
    """How many process columns and honest ones have which verdict."""
    honest = [c for c in table.X if c not in table.process]
    return {
        "process": len(table.process),
        "suspect": sum(found.get(c) == "suspect" for c in table.process),
        "dropped": sum(found.get(c) == "dropped" for c in table.process),
        "honest": len(honest),
        "honest suspect": sum(found.get(c) == "suspect" for c in honest),
        "honest dropped": sum(found.get(c) == "dropped" for c in honest),
    }


def run() -> None:
    """Print a line a table and way, then the sums of the way."""
    import time
    import warnings

    warnings.simplefilter("ignore")
    ways = os.environ.get("WAYS", "")
    for way in ways.split(",") if ways else WAYS:
        sums: dict[str, int] = {}
        for table in tables(way, os.environ.get("TABLES", "")):
            begun = time.process_time()
            found = verdicts(table)
            spent = time.process_time() - begun
            here = counts(table, found)
            sums = {k: v + sums.get(k, 0) for k, v in here.items()}
            told = ", ".join(f"{v} {k}" for k, v in here.items())
            print(
                f"process_columns: {way}: {table.name} ({table.language}): {told}; {spent:.1f} CPU s",
                flush=True,
            )
            if os.environ.get("DETAIL"):
                wrong = [f"{c} {v}" for c, v in found.items() if c not in table.process]
                print(
                    f"  missed: {', '.join(sorted(table.process - set(found)))}\n  honest: {', '.join(wrong)}",
                    flush=True,
                )
        marked = sums["suspect"] + sums["dropped"]
        share = f" ({marked / sums['process']:.0%})" if sums["process"] else ""
        print(
            f"process_columns: {way}: {marked} of {sums['process']} process columns marked{share}: {sums['suspect']} suspect, "
            f"{sums['dropped']} dropped; of {sums['honest']} honest ones {sums['honest suspect']} suspect "
            f"({sums['honest suspect'] / sums['honest']:.1%}), {sums['honest dropped']} dropped",
            flush=True,
        )
