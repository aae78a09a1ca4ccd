"""The store: order, nested transactions, histories, a search index that lags."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_consultant.sandbox.store import Change, Link, Record, Store


@pytest.fixture
def store() -> Iterator[Store]:
    made = Store()
    yield made
    made.close()


def _record(seq: int, value: str = "{}", modified: int = 0) -> Record:
    return Record(str(seq), seq, value, 0, modified)


def test_pages_follow_the_number_of_the_id_not_its_text(store: Store) -> None:
    store.insert("v", "contacts", [_record(9), _record(10), _record(100)])
    assert [r.id for r in store.page("v", "contacts", after=9)] == ["9", "10", "100"]
    assert [r.id for r in store.page("v", "contacts", after=10, limit=1)] == ["10"]


def test_vendors_and_objects_see_only_their_own(store: Store) -> None:
    store.insert("a", "contacts", [_record(1)])
    store.insert("b", "contacts", [_record(1)])
    store.delete("a", "contacts", "1")
    assert store.get("a", "contacts", "1") is None
    assert store.get("b", "contacts", "1") is not None
    assert store.totals("b") == {"contacts": 1}


def test_an_inner_transaction_fails_alone(store: Store) -> None:
    with store.transaction():
        store.insert("v", "contacts", [_record(1)])
        with pytest.raises(ValueError, match="inner"), store.transaction():
            store.insert("v", "contacts", [_record(2)])
            raise ValueError("inner")
    assert [r.id for r in store.each("v", "contacts")] == ["1"]


def test_an_outer_transaction_takes_everything_back(store: Store) -> None:
    with pytest.raises(ValueError, match="outer"), store.transaction():
        store.insert("v", "contacts", [_record(1)])
        raise ValueError("outer")
    assert store.count("v", "contacts") == 0


def test_a_store_in_a_file_is_there_again_and_a_strange_file_is_refused(tmp_path: Path) -> None:
    first = Store(tmp_path / "crm.db")
    first.insert("v", "contacts", [_record(1)])
    first.close()
    second = Store(tmp_path / "crm.db")
    assert second.count("v", "contacts") == 1
    second.close()
    (tmp_path / "other").write_text(
        "this is no database, and long enough to be looked at " * 20, encoding="utf-8"
    )
    with pytest.raises(OSError, match="choose another file"):
        Store(tmp_path / "other")


def test_history_comes_oldest_first(store: Store) -> None:
    store.add_history("v", "deals", [Change("1", "stage", "b", 20, "x"), Change("1", "stage", "a", 10, "x")])
    assert [c.value for c in store.history("v", "deals", ["1"], ["stage"])] == ["a", "b"]


def test_merged_ids_lead_to_the_last_heir(store: Store) -> None:
    store.add_merge("v", "contacts", "1", "3", 0)
    store.add_merge("v", "contacts", "3", "5", 1)
    assert store.merged("v", "contacts", ["1", "3", "4"]) == {"1": "5", "3": "5"}


def test_deleting_a_record_removes_its_links_from_both_ends(store: Store) -> None:
    store.link("v", [Link("a", "1", "b", "2", "C", 1, None, 0), Link("b", "2", "a", "1", "C", 2, None, 0)])
    store.delete("v", "a", "1")
    assert store.links("v", "b", ["2"], "a") == []


@given(st.lists(st.integers(1, 50), min_size=1, max_size=8), st.integers(0, 60))
def test_a_lagging_index_shows_the_version_that_was_indexed_last(delays: list[int], now: int) -> None:
    """Writes at t = 0, 1, 2 ...; each is indexed `delay` later. The index shows what the first pending write replaced."""
    store = Store()
    try:
        for n, delay in enumerate(delays):
            old = _record(1, f'{{"n": {n - 1}}}') if n else None
            store.lag("v", "contacts", "1", old, n + delay)
        pending = [(n + d, n) for n, d in enumerate(delays) if n + d > now]
        found = store.lagging("v", "contacts", now)
        if not pending:
            assert found == {}
        else:
            first = min(pending, key=lambda p: p[0])[1]
            old = found["1"]
            assert (old.properties if old else None) == (f'{{"n": {first - 1}}}' if first else None)
    finally:
        store.close()
