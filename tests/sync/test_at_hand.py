"""A small company's views are read once for a training, a large one's are left alone; the answers are the same."""

import duckdb
import pytest

from sales_consultant.sync.runtime.materialised_views import at_hand


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    made = duckdb.connect(":memory:")
    made.execute("CREATE TABLE raw_deals AS SELECT range AS id, range % 3 = 0 AS gone FROM range(10)")
    made.execute("CREATE VIEW deals AS SELECT id, gone AS deleted FROM raw_deals")
    # As merges are: one view reads another.
    made.execute("CREATE VIEW open_deals AS SELECT id FROM deals WHERE NOT deleted")
    return made


def seen(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    return [
        row
        for name in ("deals", "open_deals")
        for sql in (f"DESCRIBE {name}", f"SELECT * FROM {name} ORDER BY id")
        for row in con.execute(sql).fetchall()
    ]


def copies(con: duckdb.DuckDBPyConnection) -> int:
    return len(con.execute("SELECT 1 FROM duckdb_tables() WHERE temporary").fetchall())


def test_the_same_rows_and_types_without_the_views(con: duckdb.DuckDBPyConnection) -> None:
    before, threads = seen(con), con.execute("SELECT current_setting('threads')").fetchall()
    with at_hand(con) as copied:
        assert copied and copies(con) == 2
        assert seen(con) == before
    assert copies(con) == 0
    assert seen(con) == before
    assert con.execute("SELECT current_setting('threads')").fetchall() == threads
    # What is pulled later is seen: nothing of the copies is left.
    con.execute("INSERT INTO raw_deals VALUES (10, false)")
    assert len(con.execute("SELECT * FROM open_deals").fetchall()) == 7


def test_a_large_company_is_read_through_its_views(con: duckdb.DuckDBPyConnection) -> None:
    with at_hand(con, most=9) as copied:
        assert not copied and copies(con) == 0
    with at_hand(con, most=10) as copied:
        assert copied


def test_an_error_leaves_the_views_as_they_were(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(ZeroDivisionError), at_hand(con):
        raise ZeroDivisionError
    assert copies(con) == 0
