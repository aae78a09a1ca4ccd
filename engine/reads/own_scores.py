"""A file with the probabilities that somebody else's model gave records, each from a time on."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sales_consultant.config.errors import ConfigError

COLUMNS = ("record_id", "probability", "as_of")


def given(path: str, members: pd.DataFrame, *, days: int | None = None) -> pd.Series[Any]:
    """The newest probability of each member (record_id, cut in ms) that was known at its cut-off, by the members' index.

    NaN where there is none, or none of the last `days`. ConfigError where the file cannot be meant.
    """
    file = Path(path)
    try:
        seen = file.stat()
    except OSError as e:
        raise ConfigError(
            f"The scores {path} cannot be read: {e.strerror}.", action="Check scorer in [populations]."
        ) from e
    scores = _read(path, seen.st_mtime_ns, seen.st_size)
    asked = pd.DataFrame(
        {
            "record_id": members["record_id"].astype("string").astype(object),
            "cut": members["cut"].astype("int64"),
            "place": np.arange(len(members)),
        }
    )
    found = pd.merge_asof(
        asked.sort_values("cut", kind="stable"),
        scores,
        left_on="cut",
        right_on="as_of",
        by="record_id",
        tolerance=days * 86_400_000 if days is not None else None,
    )
    return pd.Series(found.sort_values("place")["probability"].to_numpy(dtype=float), index=members.index)


@lru_cache(maxsize=4)
def _read(path: str, _changed: int, _size: int) -> pd.DataFrame:
    """The file's rows in the order of their time; read once as long as it does not change."""
    try:
        text = path.lower().endswith(".csv")
        rows = pd.read_csv(path, dtype={"record_id": str}) if text else pd.read_parquet(path)
    except (OSError, ValueError) as e:
        raise _unusable(path, f"it cannot be read ({str(e)[:100]})") from e
    missing = [c for c in COLUMNS if c not in rows.columns]
    if missing:
        raise _unusable(path, f"it lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}")
    p = pd.to_numeric(rows["probability"], errors="coerce").to_numpy(dtype=float)
    if not ((p >= 0) & (p <= 1)).all():
        raise _unusable(path, "a probability is missing, or is not between 0 and 1")
    if rows["record_id"].isna().any():
        raise _unusable(path, "a record_id is missing")
    out = pd.DataFrame(
        {
            "record_id": rows["record_id"].astype("string").astype(object),
            "probability": p,
            "as_of": _times(path, rows["as_of"]),
        }
    )
    if out.duplicated(["record_id", "as_of"]).any():
        raise _unusable(path, "a record has two probabilities as of one time")
    return out.sort_values("as_of", kind="stable", ignore_index=True)


def _times(path: str, column: pd.Series[Any]) -> Any:
    """Times as milliseconds UTC: whole numbers are that already, all else is read as a time."""
    if pd.api.types.is_integer_dtype(column):
        return column.astype("int64").to_numpy()
    times = pd.to_datetime(column, utc=True, errors="coerce", format="ISO8601")
    if times.isna().any():
        raise _unusable(path, "as_of holds what is no time; give ISO 8601, or milliseconds since 1970")
    return times.dt.as_unit("ms").astype("int64").to_numpy()


def _unusable(path: str, why: str) -> ConfigError:
    return ConfigError(
        f"The scores {path} cannot be used: {why}.",
        action=f"Write a Parquet or CSV file with the columns {', '.join(COLUMNS)}.",
    )
