"""Whatever dies when, and whatever arrives late: every task is there exactly once."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.fake_crm import Killed
from support.fake_tasks import LATE_MS
from support.task_nights import Office, shows

from sales_consultant.sync.tasks import known
from sales_consultant.sync.tasks.ledger import on_their_way

STEPS = ("", "call", "mail", "visit")
ACTIONS = ("none", "edit", "close", "delete")


def check(office: Office, *, untouched: bool) -> None:
    """No double by id, none of a step; where people touched nothing, the open tasks are the steps."""
    live = office.book.live()
    ids = [t.id for t in live]
    assert len(ids) == len(set(ids)), "one id, one task"
    if untouched:
        wanted = sorted((i, v["next_step"]) for i, v in office.records.items() if v.get("next_step_id"))
        assert office.subjects() == wanted


@pytest.mark.slow
@given(
    unique=st.booleans(),
    seed=st.integers(0, 10**6),
    lose=st.sampled_from([0.0, 0.3]),
    nights=st.lists(
        st.tuples(
            st.lists(st.sampled_from(STEPS), min_size=5, max_size=5),
            st.lists(st.integers(0, 14), max_size=3),
            st.sampled_from(ACTIONS),
        ),
        min_size=1,
        max_size=4,
    ),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_deaths_and_people(
    tmp_path_factory: pytest.TempPathFactory,
    unique: bool,
    seed: int,
    lose: float,
    nights: list[tuple[list[str], list[int], str]],
) -> None:
    office = Office.of(tmp_path_factory.mktemp("tasks"), unique=unique, seed=seed)
    untouched = True
    for number, (steps, deaths, action) in enumerate(nights):
        for i, step in zip(office.records, steps, strict=True):
            office.records[i] = shows(f"{step}-{i}", f"{step} {number % 2}") if step else {}
        office.book.lose = lose
        for death in deaths:
            office.crm.kill_after = death
            with suppress(Killed):
                office.night()
            office.crm.kill_after = None
            check(office, untouched=False)
        office.book.lose = 0.0
        # All that is on its way arrives, and whoever waits for it waits no longer.
        for _ in range(2):
            office.crm.time += LATE_MS + 1_000
            office.night()
        check(office, untouched=untouched)
        assert office.night().entries == [], "nights are quiet"
        state = office.state()
        assert on_their_way(state) == set()
        there = {t.crm_id for t in office.book.live()}
        assert there <= {t.crm_id for t in known(state).values()}, (
            "none is there that the journal does not know"
        )
        state.close()
        if action != "none" and office.book.live():
            untouched = False
            crm_id = office.book.live()[0].crm_id
            if action == "delete":
                office.book.held[crm_id].archived = True
            else:
                office.book.edit(
                    crm_id, **({"task_subject": "mine"} if action == "edit" else {"task_status": "closed"})
                )
