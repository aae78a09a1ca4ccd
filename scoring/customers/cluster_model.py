"""Clusters that can be written: centres frozen with the model, so that a customer's cluster is a lookup every night."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.engine import Engine
from sales_consultant.scoring.customers.clusters import find
from sales_consultant.scoring.customers.purchases import purchases, summary

if TYPE_CHECKING:
    from sales_consultant.config.populations import Exclusions

COLUMNS = ("purchases", "total", "monetary", "since_days", "T_days")
# A customer leaves its cluster when another centre is a fifth nearer.
_SLACK = 1.2


@dataclass(frozen=True, slots=True)
class ClusterModel:
    """Centres of clusters in scaled logarithms of COLUMNS, with their numbers and names.

    No centres where there are too few customers, or where draws of the customers do not agree (`verdict`): nobody is named
    then. `names` are what is written, as "2: many purchases, recent".
    """

    trained_at: int
    middle: tuple[float, ...]
    spread: tuple[float, ...]
    centres: tuple[tuple[float, ...], ...]
    names: tuple[str, ...]
    method: str
    verdict: str
    customers: int

    def nearest(self, table: pd.DataFrame, previous: Mapping[str, str]) -> list[str | None]:
        """The name of each customer's cluster (rows of a `summary`), `previous` being what is shown now, by id."""
        if not self.centres or table.empty:
            return [None] * len(table)
        Z = (_logs(table) - np.asarray(self.middle)) / np.asarray(self.spread)
        far = np.linalg.norm(Z[:, None, :] - np.asarray(self.centres), axis=2)
        best = far.argmin(axis=1)
        place = {number(n): i for i, n in enumerate(self.names)}
        for row, id in enumerate(table.index):
            known = place.get(number(previous.get(str(id), "")))
            if known is not None and far[row, known] <= _SLACK * far[row, best[row]]:
                best[row] = known
        return [self.names[i] for i in best]

    def assign(
        self,
        engine: Engine,
        *,
        as_of: int,
        previous: Mapping[str, str],
        exclusions: Exclusions | None = None,
    ) -> pd.DataFrame:
        """One row a customer: record_id, cluster (a gap where nobody is named)."""
        table = summary(purchases(engine, as_of=as_of, by="company", exclusions=exclusions), as_of=as_of)
        return pd.DataFrame(
            {"record_id": table.index.astype(object), "cluster": self.nearest(table, previous)}
        )

    def to_dict(self) -> dict[str, Any]:
        """A form that JSON can hold."""
        return {
            "trained_at": self.trained_at,
            "middle": list(self.middle),
            "spread": list(self.spread),
            "centres": [list(c) for c in self.centres],
            "names": list(self.names),
            "method": self.method,
            "verdict": self.verdict,
            "customers": self.customers,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ClusterModel:
        """The inverse of `to_dict`."""
        lists = {k: tuple(data[k]) for k in ("middle", "spread", "names")}
        return cls(**{**data, **lists, "centres": tuple(tuple(c) for c in data["centres"])})


def number(name: str) -> str:
    """What a cluster is known by from one training to the next, whatever words describe it.

    >>> number("2: many purchases, recent")
    '2'
    """
    return name.partition(":")[0]


def fit(
    engine: Engine,
    *,
    as_of: int,
    before: ClusterModel | None = None,
    exclusions: Exclusions | None = None,
) -> ClusterModel:
    """Clusters of the companies that bought; those of the model `before` that go on keep their numbers."""
    table = summary(purchases(engine, as_of=as_of, by="company", exclusions=exclusions), as_of=as_of)
    return of(table, as_of=as_of, before=before)


def of(table: pd.DataFrame, *, as_of: int, before: ClusterModel | None = None) -> ClusterModel:
    """The clusters of a `summary`."""
    empty = ClusterModel(as_of, (), (), (), (), "", "too few customers", len(table))
    rows = table[list(COLUMNS)]
    known = before.nearest(table, {}) if before is not None else []
    held = {id: int(number(n)) for id, n in zip(table.index, known, strict=False) if n}
    clustering = find(rows, previous=held)
    if clustering is None:
        return empty
    if clustering.verdict != "stable":
        return ClusterModel(as_of, (), (), (), (), clustering.method, clustering.verdict, len(table))
    logs = _logs(rows)
    middle, spread = logs.mean(axis=0), logs.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    return ClusterModel(
        as_of,
        tuple(float(v) for v in middle),
        tuple(float(v) for v in spread),
        tuple(tuple(float(v) for v in c) for c in clustering.centres),
        tuple(f"{p['cluster']}: {p['who']}" for p in clustering.profiles),
        clustering.method,
        clustering.verdict,
        len(table),
    )


def _logs(table: pd.DataFrame) -> NDArray[np.float64]:
    return np.asarray(np.log1p(np.maximum(table[list(COLUMNS)].to_numpy(dtype=float), 0.0)))
