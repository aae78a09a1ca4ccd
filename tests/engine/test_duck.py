"""What the engine promises: results as frames, arrays, files and batches, lent and kept tables that go again."""

from pathlib import Path

import duckdb
import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from sales_consultant.engine import DuckEngine, Engine, TooManyRowsError, neutral


@pytest.fixture
def engine() -> DuckEngine:
    made = DuckEngine(duckdb.connect(":memory:", config={"threads": 1}))
    made.con.execute("CREATE TABLE deals AS SELECT range::VARCHAR AS id, range % 7 AS n FROM range(100)")
    return made


def test_it_is_what_the_protocol_asks_for(engine: DuckEngine) -> None:
    asked: Engine = engine
    assert dict(asked.columns("deals")) == {"id": "VARCHAR", "n": "BIGINT"}
    assert [str(t) for t in asked.schema("deals").values()] == ["string", "int64"]


def test_a_small_result_is_a_frame_and_a_large_one_is_refused(engine: DuckEngine) -> None:
    rows = neutral(engine, "deals").filter(ibis._.n == 3)
    assert list(engine.small(rows, 14)["id"]) == [str(i) for i in range(3, 100, 7)]
    with pytest.raises(TooManyRowsError):
        engine.small(rows, 13)


def test_arrays_mark_gaps(engine: DuckEngine) -> None:
    found = engine.arrays("SELECT CASE WHEN n > 0 THEN n END AS n FROM deals ORDER BY id LIMIT 3")
    assert np.ma.getmaskarray(found["n"]).tolist() == [True, False, False]


def test_lent_and_kept_tables_go_again_even_after_an_error(engine: DuckEngine) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        engine.lend("mine", pd.DataFrame({"id": ["3", "4"]})),
        engine.keep("ours", "SELECT n FROM deals SEMI JOIN mine USING (id)"),
    ):
        assert sorted(engine.small("SELECT n FROM ours")["n"]) == [3, 4]
        raise ZeroDivisionError
    for name in ("mine", "ours"):
        with pytest.raises(duckdb.CatalogException):
            engine.small(f"SELECT * FROM {name}")


def test_a_result_goes_to_a_file_with_quotes_in_its_name(engine: DuckEngine, tmp_path: Path) -> None:
    target = tmp_path / "it's here.parquet"
    assert engine.put(neutral(engine, "deals"), target) == 100
    assert pq.read_table(target).num_rows == 100


def test_batches_go_through_a_function(engine: DuckEngine) -> None:
    schema = pa.schema([("twice", pa.int64())])

    def twice(batch: pa.RecordBatch) -> pa.RecordBatch:
        return pa.record_batch([pc.multiply(batch["n"], 2)], schema=schema)

    made = pa.Table.from_batches(list(engine.each("SELECT n FROM deals", twice, schema)))
    assert pc.sum(made["twice"]).as_py() == 2 * sum(i % 7 for i in range(100))
    with pytest.raises(ValueError, match="the function gave"):
        list(engine.each("SELECT n FROM deals", lambda b: b, schema))


def test_a_sample_is_the_same_every_time_and_grows_with_its_share(engine: DuckEngine) -> None:
    deals = neutral(engine, "deals")
    ids = {s: set(engine.small(engine.sample(deals, "id", s))["id"]) for s in (0.1, 0.5, 1.0)}
    assert ids[0.1] < ids[0.5] < ids[1.0] and len(ids[1.0]) == 100
    assert 3 <= len(ids[0.1]) <= 20 and 35 <= len(ids[0.5]) <= 65
    assert set(engine.small(engine.sample(deals, "id", 0.1))["id"]) == ids[0.1]


def test_columns_are_asked_once_where_nothing_changes_them(engine: DuckEngine) -> None:
    engine.con.execute("CREATE VIEW seen AS SELECT * FROM deals")
    with engine.same_columns():
        assert list(engine.columns("seen")) == ["id", "n"]
        engine.columns("seen").clear()
        engine.con.execute("CREATE OR REPLACE VIEW seen AS SELECT id FROM deals")
        assert list(engine.columns("seen")) == ["id", "n"], "it was asked before"
        # What is lent or kept may hide a table of that name, and goes again.
        with engine.lend("seen", pd.DataFrame({"x": [1]})):
            assert list(engine.columns("seen")) == ["x"]
        with engine.keep("kept", "SELECT 1 AS y"):
            assert list(engine.columns("kept")) == ["y"]
        with engine.keep("kept", "SELECT 1 AS z"):
            assert list(engine.columns("kept")) == ["z"]
    assert list(engine.columns("seen")) == ["id"]
