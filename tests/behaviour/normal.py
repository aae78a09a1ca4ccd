"""What is put in place of values that no two recordings share, and the rows of a database as comparable lines.

Everything that is replaced is named here, with the reason:

- moments of the machine's clock (the CRM's clock is another, years away, and stays): `<wall>`;
- ids of runs, which end in four random letters: `<run N>`, numbered as they are first seen;
- the org's id, which every sandbox draws anew;
- the digest of a plan, which covers that id and, where it is saved, when it expires: `<plan N>`, so that equal ones stay
  equal. A digest that a folder of `models` has for its name is a model's, and stays as it is;
- the sandbox's address, whose port is free; the folders of the recording and of the checkout;
- how long something took: the values of the keys in `DURATIONS`;
- the number and the machine of a process that held the lease.
"""

import json
import re
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

DAY_MS = 86_400_000
# Keys whose values are real time that went by, or the age of something on the machine's clock.
DURATIONS = {
    "seconds": "how long one fit or one demo took",
    "last_success_age_seconds": "counts from the machine's clock",
    "took": "how long a job of the service took",
    "seconds_at_vendor_limits": "kept when calls are spread over time",
}
# The group of every company hangs on a random salt; with no control group it decides nothing.
SECRETS = {("meta", "group_salt"): "<salt>"}
_RUN = re.compile(r"\b\d{8}-\d{6}-[0-9a-f]{4}\b")
_ISO = re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?")
_COMPACT = re.compile(r"\b\d{8}-\d{6}\b")
_MS = re.compile(r"(?<![\d.])\d{13}(?![\d.])")
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
_HELD = re.compile(r"process \d+ on \S+?(?=[\s\",;.)]|$)")
_DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b")


class Normal:
    """Replaces what is random; one for a CRM's whole recording, so that a thing keeps its number."""

    def __init__(self, words: dict[str, str], models: Path) -> None:
        self.models = models
        # The longest first: a folder inside another one has its own name.
        self.words = dict(sorted(words.items(), key=lambda w: -len(w[0])))
        self.start = int(time.time() * 1000)
        self.runs: dict[str, str] = {}
        self.plans: dict[str, str] = {}

    def _wall(self, ms: float) -> bool:
        return -2 * DAY_MS < ms - self.start < 400 * DAY_MS

    def _run(self, found: re.Match[str]) -> str:
        return self.runs.setdefault(found[0], f"<run {len(self.runs) + 1}>")

    def _plan(self, found: re.Match[str]) -> str:
        if (self.models / found[0]).is_dir():
            return found[0]
        return self.plans.setdefault(found[0], f"<plan {len(self.plans) + 1}>")

    def _iso(self, found: re.Match[str]) -> str:
        try:
            moment = datetime.fromisoformat(found[0])
        except ValueError:
            return found[0]
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return "<wall>" if self._wall(moment.timestamp() * 1000) else found[0]

    def _compact(self, found: re.Match[str]) -> str:
        try:
            moment = datetime.strptime(found[0] + "+0000", "%Y%m%d-%H%M%S%z")
        except ValueError:
            return found[0]
        return "<wall>" if self._wall(moment.timestamp() * 1000) else found[0]

    def _ms(self, found: re.Match[str]) -> str:
        return self.ms(int(found[0])) or found[0]

    def ms(self, value: int) -> str | None:
        """A moment of the machine's clock told by whole days from the recording's start; None for another number."""
        if not self._wall(value):
            return None
        days = round((value - self.start) / DAY_MS)
        return f"<wall{days:+d}d>" if days else "<wall>"

    def text(self, value: str) -> str:
        """A text with everything replaced."""
        for found, told in self.words.items():
            value = value.replace(found, told)
        value = _DIGEST.sub(self._plan, value)
        value = _RUN.sub(self._run, value)
        value = _ISO.sub(self._iso, value)
        value = _DAY.sub(self._iso, value)
        value = _COMPACT.sub(self._compact, value)
        value = _MS.sub(self._ms, value)
        return _HELD.sub("<process>", value)

    def value(self, value: Any, key: str = "") -> Any:
        """A JSON value with everything replaced; a text that is itself a JSON object is looked into."""
        if key in DURATIONS and isinstance(value, int | float):
            return "<time>"
        if isinstance(value, dict):
            return {self.text(str(k)): self.value(v, str(k)) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(v) for v in value]
        if isinstance(value, str):
            if value.startswith(("{", "[{")) and (inner := _parsed(value)) is not None:
                return {"json": self.value(inner)}
            return self.text(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return self.ms(value) or self.words.get(str(value)) or value
        return value


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def lines(names: list[str], rows: Iterator[tuple[Any, ...]], normal: Normal, table: str) -> list[str]:
    """A header and one line of JSON a row, sorted: two tables hold the same where their lines are the same."""
    made: list[str] = []
    for row in rows:
        told = [_cell(v, normal) for v in row]
        if (table, str(row[0])) in SECRETS:
            told[1:] = [SECRETS[table, str(row[0])]]
        made.append(json.dumps(told, ensure_ascii=False, default=str))
    return [json.dumps(names), *sorted(made)]


def _cell(value: Any, normal: Normal) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        value = value.isoformat()
    return normal.value(value)


def sqlite_tables(file: Path, normal: Normal) -> dict[str, list[str]]:
    """All tables of a SQLite file by name, and its tables and indexes as they were made."""
    found: dict[str, list[str]] = {}
    con = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        found["_schema"] = sorted(
            str(r[0]) for r in con.execute("SELECT sql FROM sqlite_master WHERE sql > ''")
        )
        names = con.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        for (name,) in names:
            rows = con.execute(f'SELECT * FROM "{name}"')
            found[name] = lines([d[0] for d in rows.description], iter(rows), normal, name)
    finally:
        con.close()
    return found


def duckdb_tables(file: Path, normal: Normal) -> dict[str, list[str]]:
    """All tables and views of a DuckDB file by name, and the types of their columns."""
    found: dict[str, list[str]] = {}
    with duckdb.connect(str(file), read_only=True) as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute("SET threads = 1")
        types = con.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns ORDER BY ALL"
        ).fetchall()
        found["_schema"] = [" ".join(map(str, t)) for t in types]
        for name in sorted({str(t[0]) for t in types}):
            cursor = con.execute(f'SELECT * FROM "{name}"')
            names = [str(d[0]) for d in cursor.description or ()]
            found[name] = lines(names, iter(cursor.fetchall()), normal, name)
    return found


def parquet_rows(file: Path, normal: Normal) -> list[str]:
    """A Parquet file's rows as lines."""
    with duckdb.connect() as con:
        cursor = con.execute("SELECT * FROM read_parquet(?)", [str(file)])
        names = [str(d[0]) for d in cursor.description or ()]
        return lines(names, iter(cursor.fetchall()), normal, file.stem)
