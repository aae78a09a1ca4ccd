"""A file with the probabilities that somebody else's model gave records, each from a time on."""

from __future__ import annotations

import datetime
import decimal
import math
import numbers
import re
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sales_consultant.config.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

COLUMNS = ("record_id", "probability", "as_of")
# No CRM is older, and no score is of later. A number is a time in the one unit in which it lies between: seconds, milliseconds,
# microseconds and nanoseconds of these years do not overlap.
_FIRST = pd.Timestamp("1990-01-01", tz="UTC")
_LAST = pd.Timestamp("2100-01-01", tz="UTC")
_TICKS = (1, 1_000, 1_000_000, 1_000_000_000)  # of a second
# From here on a float has lost digits of an id.
_EXACT = 2**53
# A month or a year alone is no time from which something was known.
_DAY = re.compile(r"\s*\d{4}(-\d\d-\d\d|\d{4})(?!\d)")
_LOST_ID = re.compile(r"[+-]?\d+(\.\d+)?[eE]\+?\d+")


def given(path: str, members: pd.DataFrame, *, days: int | None = None) -> pd.Series[Any]:
    """The newest probability of each member (record_id, cut in ms) that was known at its cut-off, by the members' index.

    NaN where there is none, or none of the last `days`. ConfigError where the file cannot be meant.
    """
    scores = _scores(path)
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


@dataclass(frozen=True, slots=True)
class Unmatched:
    """What of a file can give no score: ids of no record, and rows from later than now."""

    ids: int
    unknown: int
    example: str
    rows: int
    later: int

    def say(self, object_: str) -> list[str]:
        """A line for each kind that there is."""
        said = []
        if self.unknown:
            said.append(
                f"{self.unknown:,} of the {self.ids:,} record ids of the file are of none of the {object_}, as {self.example!r}"
            )
        if self.later:
            said.append(
                f"{self.later:,} of the {self.rows:,} rows of the file are from later than today and count from then on"
            )
        return said


def unmatched(path: str, known: Collection[str], *, as_of: int) -> Unmatched:
    """What of the file belongs to none of the `known` records, or is from after `as_of` (ms)."""
    scores = _scores(path)
    ids = scores["record_id"].drop_duplicates()
    strange = ids[~ids.isin(list(known))]
    example = str(strange.min()) if len(strange) else ""
    return Unmatched(len(ids), len(strange), example, len(scores), int((scores["as_of"] > as_of).sum()))


def _scores(path: str) -> pd.DataFrame:
    try:
        seen = Path(path).stat()
    except OSError as e:
        raise ConfigError(
            f"The scores {path} cannot be read: {e.strerror}.", action="Check scorer in [populations]."
        ) from e
    return _read(path, seen.st_mtime_ns, seen.st_size)


@lru_cache(maxsize=4)
def _read(path: str, _changed: int, _size: int) -> pd.DataFrame:
    """The file's rows in the order of their time; read once as long as it does not change."""
    try:
        rows = _rows(path)
    except pd.errors.ParserWarning as e:
        raise _unusable(
            path, "a row has more cells than there are columns (is the separator a comma?)"
        ) from e
    except (OSError, ValueError) as e:
        raise _unusable(path, f"it cannot be read ({str(e)[:100]})") from e
    # A frame that was written with its index.
    held = set(rows.index.names) & set(COLUMNS) - set(rows.columns)
    rows = rows.reset_index() if held else rows.reset_index(drop=True)
    missing = [c for c in COLUMNS if c not in rows.columns]
    if missing:
        raise _unusable(path, f"it lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}")
    if rows.empty:
        raise _unusable(path, "it holds no row")
    out = pd.DataFrame(
        {
            "record_id": pd.Series(_cells(path, rows["record_id"], _record_id, object), dtype=object),
            "probability": _cells(path, rows["probability"], _probability, np.float64),
            "as_of": _times(path, rows["as_of"]),
        }
    )
    twice = out.drop_duplicates().duplicated(["record_id", "as_of"])
    if twice.any():
        row = _whole(twice.idxmax())
        why = f"record_id {out['record_id'][row]!r} has two probabilities as of one time"
        raise _unusable(path, f"{why} (the second in row {row + 1:,})")
    return out.drop_duplicates().sort_values("as_of", kind="stable", ignore_index=True)


def _rows(path: str) -> pd.DataFrame:
    """The file as it is: of a CSV all cells as texts, so that no id loses its zeros and no "NA" is a gap."""
    if not path.lower().endswith(".csv"):
        return pd.read_parquet(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        rows = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", index_col=False)
    return rows.set_axis(rows.columns.str.strip(), axis=1)


def _cells(path: str, column: pd.Series[Any], read: Callable[[Any], Any], kind: Any) -> Any:
    """Each cell as `read` takes it, one look at each that differs; ConfigError names the first that it refuses, and its row."""
    if str(column.dtype).lower() in ("float16", "float32") and column.name != "probability":
        raise _cell(
            path, column.name, 0, column.iloc[0], "may have lost digits: write floats of 64 bits, or texts"
        )
    try:
        codes, values = pd.factorize(column.astype(object), use_na_sentinel=False)
    except TypeError as e:
        raise _unusable(path, f"column {column.name}: a cell is a list or the like") from e
    made = []
    for place, value in enumerate(values):
        try:
            made.append(read(value))
        except (ValueError, OverflowError) as e:
            raise _cell(path, column.name, int(np.argmax(codes == place)), value, str(e)) from e
    return np.array(made, dtype=kind)[codes]


def _cell(path: str, column: object, row: int, value: object, why: str) -> ConfigError:
    shown = "" if _gap(value) else f"{str(value)[:40]!r} "
    return _unusable(path, f"column {column}, row {row + 1:,}: {shown}{why}")


def _gap(value: Any) -> bool:
    if isinstance(value, str):
        return not value.strip()
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def _record_id(value: Any) -> str:
    """An id as the CRM writes it: 123.0 is 123, which a gap somewhere in the column makes of it."""
    if _gap(value):
        raise ValueError("a record_id is missing")
    if isinstance(value, bytes):
        value = value.decode("utf-8")
    if isinstance(value, str):
        text = value.strip()
        if _LOST_ID.fullmatch(text):
            raise ValueError("has lost digits: write ids as text")
        return re.sub(r"^(\d+)\.0+$", r"\1", text)
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real | decimal.Decimal):
        raise ValueError("is no id: write ids as text")  # noqa: TRY004 - all refusals of a cell are of one kind
    number = _whole(value) if math.isfinite(value) else None
    if number is None or value != number:
        raise ValueError("is no id, but a fraction")
    if isinstance(value, float | np.floating) and abs(number) >= _EXACT:
        raise ValueError("may have lost digits as a float: write ids as text or whole numbers")
    return str(number)


def _whole(number: Any) -> int:
    return int(number)


def _probability(value: Any) -> float:
    if _gap(value):
        raise ValueError("a probability is missing, or is not between 0 and 1")
    if isinstance(value, bool | np.bool_):
        raise ValueError("is a flag and no probability")  # noqa: TRY004
    try:
        p = float(value)
    except (TypeError, ValueError):
        raise ValueError("is no number") from None
    if not 0 <= p <= 1:
        raise ValueError("is not between 0 and 1")
    return p


def _times(path: str, column: pd.Series[Any]) -> Any:
    """Times as milliseconds UTC; what has no zone is UTC, and a date is its first moment."""
    if pd.api.types.is_datetime64_any_dtype(column):
        utc = pd.to_datetime(column, utc=True).dt.as_unit("ms")
        wrong = ~utc.between(_FIRST, _LAST)
        if wrong.any():
            row = _whole(wrong.idxmax())
            raise _cell(path, column.name, row, column[row], _NO_TIME if pd.isna(column[row]) else _OTHER_AGE)
        return utc.astype("int64").to_numpy()
    texts = column.map(lambda v: isinstance(v, str) and "-" in v and bool(_DAY.match(v)))
    if texts.all():
        # The same as cell by cell, at once; where one is wrong, that one is looked for.
        utc = pd.to_datetime(column.str.strip(), utc=True, format="ISO8601", errors="coerce")
        if utc.between(_FIRST, _LAST).all():
            return utc.dt.as_unit("ms").astype("int64").to_numpy()
    return _cells(path, column, _time, np.int64)


_NO_TIME = "is no time; give ISO 8601, or seconds, milliseconds or microseconds since 1970"
_OTHER_AGE = (
    "is no time between 1990 and 2100; give ISO 8601, or seconds, milliseconds or microseconds since 1970"
)


def _time(value: Any) -> int:
    if _gap(value) or isinstance(value, bool | np.bool_ | pd.Period | datetime.timedelta | np.timedelta64):
        raise ValueError(_NO_TIME)
    if isinstance(value, str):
        value = value.strip()
        if re.fullmatch(r"\d+(\.\d*)?", value) and not re.fullmatch(r"\d{8}", value):
            value = decimal.Decimal(value)
        elif not _DAY.match(value):
            raise ValueError(_NO_TIME)
    if isinstance(value, numbers.Real | decimal.Decimal):
        return _since_1970(value)
    try:
        made = pd.to_datetime(value, utc=True, format="ISO8601" if isinstance(value, str) else None)
    except (ValueError, TypeError, OverflowError):
        raise ValueError(_NO_TIME) from None
    if not _FIRST <= made <= _LAST:
        raise ValueError(_OTHER_AGE)
    return int(made.value // 1_000_000)


def _since_1970(value: Any) -> int:
    """A number in the unit in which it is a time of these years, or a day as 20240131."""
    first, last = _FIRST.timestamp(), _LAST.timestamp()
    for ticks in _TICKS:
        if first * ticks <= value <= last * ticks:
            return int(decimal.Decimal(str(value)) * 1000 / ticks)
    if math.isfinite(value) and value == int(value) and len(str(int(value))) == 8:
        return _time(str(int(value)))
    raise ValueError(_OTHER_AGE)


def _unusable(path: str, why: str) -> ConfigError:
    return ConfigError(
        f"The scores {path} cannot be used: {why}.",
        action=f"Write a Parquet or CSV file with the columns {', '.join(COLUMNS)}.",
    )
