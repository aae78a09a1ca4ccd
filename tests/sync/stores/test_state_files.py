"""States of earlier releases open; what is too old is thrown away only where the settings say so."""

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from support.state_fixture import AT, FIXTURES, RUN

from sales_consultant.config.clock import DAY_MS
from sales_consultant.config.sections import Retention
from sales_consultant.sync.journal.journal import Journal, last_written, unsettled_runs
from sales_consultant.sync.stores.kept_tables import experiments, forecasts
from sales_consultant.sync.stores.retention import prune
from sales_consultant.sync.stores.state import (
    SCHEMA_VERSION,
    State,
    dead_letters,
    exposures,
    feedback,
    forgotten,
    groups,
    holds,
)


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION + 1))
def test_the_state_of_every_release_opens(tmp_path: Path, version: int) -> None:
    """Nothing of it is lost, and what is on its way is still known to be."""
    file = tmp_path / "state.db"
    shutil.copy(FIXTURES / f"state-{version}.db", file)
    state = State(file)
    assert state.identity and state.identity.id == "4711"
    assert last_written(state) == {("contacts", "0"): {"score": "60"}, ("contacts", "1"): {"score": "61"}}
    assert unsettled_runs(state) == [RUN]
    assert [c.record_id for b in Journal(state, RUN).in_flight() for c in b.changes] == ["3"]
    assert [r["record_id"] for r in state.rows(sa.select(dead_letters))] == ["2"]
    for table in (exposures, groups, holds, feedback):
        assert state.rows(sa.select(table))
    assert state.rows(sa.select(forgotten)) == []
    assert state.get("schema_version") == str(SCHEMA_VERSION)
    state.close()


def test_what_is_old_goes_only_where_it_is_said_and_never_what_is_open(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    shutil.copy(FIXTURES / f"state-{SCHEMA_VERSION}.db", file)
    state = State(file)
    later = AT + 40 * DAY_MS
    none = {"changes": 0, "exposures": 0, "proposals": 0, "experiment_units": 0}
    assert prune(state, Retention(), now=later) == none
    long = Retention(journal_days=60, exposures_days=60, experiments_days=60)
    assert prune(state, long, now=later) == none
    gone = prune(state, Retention(journal_days=30, exposures_days=30, experiments_days=30), now=later)
    # Three changes were settled, one is on its way; what is shown now is no past. What an experiment found stays.
    assert gone == {**none, "changes": 3, "experiment_units": 1}
    assert state.rows(sa.select(experiments)) and state.rows(sa.select(forecasts))
    assert unsettled_runs(state) == [RUN] and len(last_written(state)) == 2
    state.close()
