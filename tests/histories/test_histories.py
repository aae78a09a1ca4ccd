"""Random histories between pulls, with faults and kills: afterwards the warehouse equals the CRM's own truth."""

import os

import pytest
from histories.play import names, play
from histories.world import Step
from hypothesis import HealthCheck, given, note, seed, settings
from hypothesis import strategies as st

COUNT = int(os.environ.get("HISTORIES", "20"))
PLAYED = settings(
    max_examples=COUNT,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def histories(crm: str) -> st.SearchStrategy[list[Step]]:
    """Steps that hypothesis draws and, where the warehouse differs, makes fewer and simpler."""
    return st.lists(
        st.tuples(st.sampled_from(names(crm)), st.integers(0, 2**32 - 1)), min_size=4, max_size=35
    )


def _play(crm: str, steps: list[Step]) -> None:
    found = play(crm, steps)
    for difference in found:
        note(str(difference))
    assert not found


@PLAYED
@seed(int(os.environ.get("HISTORIES_SEED", "3")))
@given(histories("hubspot"))
def test_hubspot_is_held_as_it_is(steps: list[Step]) -> None:
    _play("hubspot", steps)


@PLAYED
@seed(int(os.environ.get("HISTORIES_SEED", "3")))
@given(histories("salesforce"))
def test_salesforce_is_held_as_it_is(steps: list[Step]) -> None:
    _play("salesforce", steps)


@pytest.mark.slow
@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
def test_more_than_ten_thousand_rows_of_one_second(crm: str) -> None:
    """More than a search answers in all, of one stamp: first pulled whole, then all changed in one second."""
    steps: list[Step] = [("pull", 4), ("wait", 1), ("touch_all", 0), ("pull", 4), ("create", 3)]
    assert play(crm, steps, flood=True) == []
