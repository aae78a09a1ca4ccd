"""Runs by the first letters of their ids."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from sales_consultant.config.errors import UsageError
from sales_consultant.sync.stores import State, run_names, runs

IDS = ("20261129-110000-5a41", "20261129-110022-0001", "20261130-110000-0001", "20261130-110000-00ff")


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State(tmp_path / "state.db")
    with state.begin() as c:
        c.execute(sa.insert(runs), [{"id": i, "job": "sync", "started_at": n} for n, i in enumerate(IDS)])
    yield state
    state.close()


@pytest.mark.parametrize(
    ("run_id", "shown"),
    [
        (IDS[0], "20261129-11000"),
        (IDS[1], "20261129-11002"),
        (IDS[2], "20261130-110000-000"),
        (IDS[3], "20261130-110000-00f"),
        ("20261201-110000-0001", "20261201-1100"),
    ],
)
def test_as_many_letters_as_tell_it_from_the_others(state: State, run_id: str, shown: str) -> None:
    assert run_names.short(state, run_id) == shown
    if run_id in IDS:
        assert run_names.named(state, shown) == run_names.named(state, run_id) == run_id


def test_what_several_begin_with_is_refused_with_the_candidates(state: State) -> None:
    with pytest.raises(UsageError, match='2 runs begin with "20261129"') as refused:
        run_names.named(state, "20261129")
    assert IDS[0] in refused.value.message and IDS[1] in refused.value.message


@pytest.mark.parametrize("given", ["2027", "", "%", "20261129_110000"])
def test_what_none_begins_with_is_refused(state: State, given: str) -> None:
    with pytest.raises(UsageError, match="There is no run"):
        run_names.named(state, given)
