"""A small company's views are read once for a training, a large one's are left alone; the answers are the same."""

import duckdb
import pytest

from sales_consultant.engine import DuckEngine
from sales_consultant.engine.materialised import materialised


@pytest.fixture
def engine() -> DuckEngine:
    made = duckdb.connect(":memory:")
    made.execute("CREATE TABLE raw_deals AS SELECT range AS id, range % 3 = 0 AS gone FROM range(10)")
    made.execute("CREATE VIEW deals AS SELECT id, gone AS deleted FROM raw_deals")
    # As merges are: one view reads another.
    made.execute("CREATE VIEW open_deals AS SELECT id FROM deals WHERE NOT deleted")
    return DuckEngine(made)


def seen(engine: DuckEngine) -> list[tuple[object, ...]]:
    return [
        row
        for name in ("deals", "open_deals")
        for sql in (f"DESCRIBE {name}", f"SELECT * FROM {name} ORDER BY id")
        for row in engine.con.execute(sql).fetchall()
    ]


def copies(engine: DuckEngine) -> int:
    return len(engine.con.execute("SELECT 1 FROM duckdb_tables() WHERE temporary").fetchall())


def test_the_same_rows_and_types_without_the_views(engine: DuckEngine) -> None:
    before, threads = seen(engine), engine.con.execute("SELECT current_setting('threads')").fetchall()
    with materialised(engine) as copied:
        assert copied and copies(engine) == 2
        assert seen(engine) == before
    assert copies(engine) == 0
    assert seen(engine) == before
    assert engine.con.execute("SELECT current_setting('threads')").fetchall() == threads
    # What is pulled later is seen: nothing of the copies is left.
    engine.con.execute("INSERT INTO raw_deals VALUES (10, false)")
    assert len(engine.con.execute("SELECT * FROM open_deals").fetchall()) == 7


def test_a_large_company_is_read_through_its_views(engine: DuckEngine) -> None:
    with materialised(engine, most=9) as copied:
        assert not copied and copies(engine) == 0
    with materialised(engine, most=10) as copied:
        assert copied


def test_an_error_leaves_the_views_as_they_were(engine: DuckEngine) -> None:
    with pytest.raises(ZeroDivisionError), materialised(engine):
        raise ZeroDivisionError
    assert copies(engine) == 0
