"""What a CRM gave as text is read or empty, never zero and never false; what had to be mended is counted."""

from collections import Counter
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sales_consultant.config.neutral import FIRST_MS, LAST_MS
from sales_consultant.connectors.base import Page, Stream
from sales_consultant.connectors.tables.columns import moment, moments, text, tolerant
from sales_consultant.engine.macros import MACROS
from sales_consultant.sync.stores.warehouse import Warehouse

MS = 1_704_067_200_000
ANY = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.lists(st.integers())
    | st.just({"a": 1})
)


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    made = duckdb.connect()
    made.execute("SET TimeZone = 'UTC'")
    for macro in MACROS:
        made.execute(macro)
    return made


def asked(con: duckdb.DuckDBPyConnection, function: str, given: str | None) -> Any:
    return con.execute(f"SELECT {function}(?::VARCHAR)", [given]).fetchall()[0][0]


@pytest.mark.parametrize(
    ("given", "number", "odd"),
    [
        ("12.5", 12.5, False), ("-3", -3.0, False), ("1e3", 1000.0, False), (None, None, None), ("", None, False),
        ("1,234.50", 1234.5, True), ("-12,345,678", -12345678.0, True), ("1.234,50", None, True), ("1,23", None, True),
        ("NaN", None, True), ("inf", None, True), ("1e309", None, True), ("9" * 400, None, True), ("abc", None, True),
        ("12\x01", None, True), ("１２", None, True),
    ],
)  # fmt: skip
def test_numbers(
    con: duckdb.DuckDBPyConnection, given: str | None, number: float | None, odd: bool | None
) -> None:
    assert asked(con, "to_number", given) == number
    assert asked(con, "odd_number", given) is odd


def test_money_that_does_not_fit_is_none(con: duckdb.DuckDBPyConnection) -> None:
    assert str(asked(con, "to_money", "1,234.505")) == "1234.51"
    assert asked(con, "to_money", "1e17") is None
    assert asked(con, "to_money", "NaN") is None


@pytest.mark.parametrize(
    ("given", "ms", "odd"),
    [
        ("2024-01-01T00:00:00Z", MS, False), ("2024-01-01", MS, False), ("2024-01-01T01:00:00+01:00", MS, False),
        ("2024-01-01T00:00:00.000+0000", MS, False), ("2023-12-31T18:30:00-05:30", MS, False), (str(MS), MS, False),
        (f"{MS}000", MS, True), (f"{MS}000000", MS, True), ("0", 0, False), ("-86400000", -86400000, False), ("", None, False),
        ("2024-13-45", None, True), ("soon", None, True), ("99999-01-01", None, True), ("9" * 30, None, True), (None, None, None),
        ("infinity", None, True), ("0000-00-00", None, True),
    ],
)  # fmt: skip
def test_moments(con: duckdb.DuckDBPyConnection, given: str | None, ms: int | None, odd: bool | None) -> None:
    assert asked(con, "to_ms", given) == ms
    assert asked(con, "odd_datetime", given) is odd
    assert moment(given) == ms


@pytest.mark.parametrize(
    ("given", "flag", "odd"),
    [("true", True, False), ("False", False, False), ("1", True, False), ("no", False, False), ("maybe", None, True), ("", None, False)],
)  # fmt: skip
def test_flags(con: duckdb.DuckDBPyConnection, given: str, flag: bool | None, odd: bool) -> None:
    assert asked(con, "to_flag", given) is flag
    assert asked(con, "odd_bool", given) is odd


@settings(deadline=None)
@given(st.lists(ANY))
def test_any_values_make_a_column(values: list[Any]) -> None:
    odd: Counter[str] = Counter()
    made = tolerant(values, odd, "f")
    made.validate(full=True)
    found = made.to_pylist()
    assert found == [None if v is None else text(v) for v in values]
    kept = sum(
        v is None or (isinstance(v, str) and f == v and "\ufffd" not in v)
        for v, f in zip(values, found, strict=True)
    )
    assert odd["f"] >= (len(values) - kept if odd else 0)
    assert bool(odd["f"]) == (kept < len(values))


@settings(deadline=None)
@given(
    st.lists(
        ANY | st.datetimes().map(lambda d: d.isoformat() + "Z") | st.integers(FIRST_MS, LAST_MS).map(str)
    )
)
def test_any_values_make_a_column_of_moments(values: list[Any]) -> None:
    odd: Counter[str] = Counter()
    made = moments(values, odd, "f")
    made.validate(full=True)
    assert made.type == pa.int64() and len(made) == len(values)
    for value, found in zip(values, made.to_pylist(), strict=True):
        assert found is None or FIRST_MS <= found <= LAST_MS
        wanted = moment(value)
        assert found == wanted or (found is not None and wanted is not None and abs(found - wanted) <= 1)


def test_odd_values_are_counted_by_field_once_each_time_they_are_read() -> None:
    warehouse, stream = Warehouse(None, threads=1), Stream("deals", "deals", "delta")
    rows = pa.table(
        {
            "id": ["1", "2", "3"],
            "f_amount": ["1,234.50", "NaN", "7"],
            "f_closed": ["maybe", "true", None],
            "f_when": ["soon", str(MS), "2024-01-01"],
            "f_note": ["NaN", "soon", "maybe"],
        }
    )
    kinds = {"f_amount": "number", "f_closed": "bool", "f_when": "datetime"}
    page = Page("deals", rows, None, kinds=kinds, odd={"note": 1})
    for _ in range(2):
        warehouse.commit(page, stream=stream, first_pull=True)
        assert warehouse.odd == {
            ("deals", "amount"): 2,
            ("deals", "closed"): 1,
            ("deals", "when"): 1,
            ("deals", "note"): 1,
        }
        warehouse.odd.clear()
    warehouse.close()
