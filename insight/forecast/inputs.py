"""Whether two forecasts were made of the same: a digest of all that one is made of."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from sales_consultant.insight.core import Calendar, DealTables, Rates
from sales_consultant.insight.forecast.drivers import Driver

# What a deal is called changes no figure.
_NO_INPUT = frozenset({"name"})


def digest(
    tables: DealTables, rates: Rates, calendar: Calendar, teams: Mapping[str, str], drivers: Sequence[Driver]
) -> str:
    """A hexadecimal digest (32 letters) of tables, rates, calendar, teams and drivers; the order of rows does not count."""
    made = hashlib.sha256()
    for frame in (tables.deals, tables.history, tables.stages, rates.rates):
        columns = sorted(set(frame.columns) - _NO_INPUT)
        made.update(repr(columns).encode())
        if len(frame):
            rows = pd.util.hash_pandas_object(frame[columns], index=False).to_numpy(dtype=np.uint64)
            made.update(np.sort(rows).tobytes())
    told = (
        rates.own,
        rates.reporting,
        repr(calendar),
        sorted(teams.items()),
        [(d.name, d.first, d.values.tolist()) for d in drivers],
    )
    made.update(repr(told).encode())
    return made.hexdigest()[:32]
