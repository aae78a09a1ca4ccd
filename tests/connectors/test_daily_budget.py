"""The day's calls: shared by all commands, stopped before the end, and it is said when they are renewed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_consultant.config.clock import DAY_MS, HOUR_MS
from sales_consultant.config.errors import CrmUnavailableError
from sales_consultant.connectors.budget import PORTION, DailyBudget, MemoryStore, Reset
from sales_consultant.sync.stores.call_counts import CallCounts
from sales_consultant.sync.stores.state import State

NOON = int(datetime(2026, 3, 28, 12, tzinfo=UTC).timestamp() * 1000)


class Crm:
    """The CRM's clock."""

    def __init__(self, now: int = NOON) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


def budget(
    store: MemoryStore | CallCounts,
    crm: Crm,
    *,
    share: float = 0.5,
    resets: Reset = "midnight",
    zone: str = "UTC",
) -> DailyBudget:
    return DailyBudget("HubSpot", share=share, resets=resets, now=crm, store=store, zone=zone)


def spend(b: DailyBudget, most: int) -> int:
    """Calls that were allowed, up to `most`."""
    for n in range(most):
        try:
            b.spend()
        except CrmUnavailableError:
            return n
    return most


steps = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 120), st.booleans(), st.integers(0, 5 * HOUR_MS)), max_size=25
)


@given(steps, st.sampled_from(["midnight", "rolling"]), st.integers(50, 600))
def test_commands_together_never_use_more_than_their_share(
    history: list[tuple[int, int, bool, int]], resets: Reset, allowed: int
) -> None:
    """Any number of commands, some killed without giving back: never more than the share in any one period."""
    store, crm = MemoryStore(), Crm()
    store.keep_limit(allowed * 2)
    made: list[int] = []
    for _, wanted, killed, pause in history:
        crm.now += pause
        b = budget(store, crm, resets=resets)
        made += [crm.now] * spend(b, wanted)
        if not killed:
            b.close()
    for end in made:
        since = end - DAY_MS + HOUR_MS if resets == "rolling" else end // DAY_MS * DAY_MS
        assert sum(since <= m <= end for m in made) <= allowed


@given(st.lists(st.integers(0, 200), min_size=1, max_size=6))
def test_what_is_closed_in_order_is_counted_exactly(parts: list[int]) -> None:
    store, crm = MemoryStore(), Crm()
    for calls in parts:
        b = budget(store, crm)
        assert spend(b, calls) == calls
        b.close()
    assert sum(store.hours.values()) == sum(parts)
    assert budget(store, crm).standing().ours == sum(parts)


def test_a_killed_command_costs_at_most_one_portion() -> None:
    store, crm = MemoryStore(), Crm()
    spend(budget(store, crm), 7)
    assert sum(store.hours.values()) == PORTION


def test_calls_before_the_crm_told_its_time_are_counted_afterwards() -> None:
    store, crm = MemoryStore(), Crm(0)
    b = budget(store, crm)
    spend(b, 3)
    crm.now = NOON
    spend(b, 1)
    b.close()
    assert sum(store.hours.values()) == 4


def test_the_share_is_used_and_then_it_is_said_when_calls_come_free() -> None:
    store, crm = MemoryStore(), Crm()
    store.keep_limit(1000)
    b = budget(store, crm, zone="Europe/Berlin")
    assert spend(b, 2000) == 500
    with pytest.raises(CrmUnavailableError) as e:
        b.spend()
    # Midnight in Berlin, the night in which the clocks change.
    assert "2026-03-29 00:00 CET" in e.value.action
    assert "daily_share" in e.value.action
    assert e.value.details["resets_at"] == int(datetime(2026, 3, 28, 23, tzinfo=UTC).timestamp() * 1000)
    crm.now = e.value.details["resets_at"]
    assert spend(budget(store, crm, zone="Europe/Berlin"), 10) == 10


def test_a_rolling_day_comes_free_by_the_hour() -> None:
    store, crm = MemoryStore(), Crm()
    store.keep_limit(1000)
    assert spend(budget(store, crm, resets="rolling"), 2000) == 500
    crm.now += DAY_MS - 2 * HOUR_MS
    refused = budget(store, crm, resets="rolling")
    with pytest.raises(CrmUnavailableError) as e:
        refused.spend()
    crm.now = e.value.details["resets_at"]
    assert spend(budget(store, crm, resets="rolling"), 100) == 100


def test_other_programs_calls_stop_us_before_the_org_s_last() -> None:
    crm = Crm()
    b = budget(MemoryStore(), crm)
    b.observe(900, 1000)
    b.spend()
    b.observe(981, 1000)
    with pytest.raises(CrmUnavailableError, match="981 of its 1,000"):
        b.spend()


@pytest.mark.parametrize("resets", ["midnight", "rolling"])
def test_the_org_s_last_calls_are_forgotten_with_their_day(resets: Reset) -> None:
    """Nothing may be asked, so nothing can tell that they came free: the moment that was told does."""
    crm = Crm(NOON + 11 * HOUR_MS)
    b = budget(MemoryStore(), crm, resets=resets, zone="Asia/Kolkata")
    b.spend()
    b.observe(985, 1000)
    with pytest.raises(CrmUnavailableError) as e:
        b.spend()
    crm.now += int(e.value.details["resets_in"] * 1000) - 1
    assert spend(b, 1) == 0 and b.standing().used == 985
    crm.now += 1
    assert crm.now == e.value.details["resets_at"]
    assert spend(b, 200) == 200 and b.standing().used is None
    # The first answer of the new day tells anew.
    b.observe(990, 1000)
    assert spend(b, 1) == 0


def test_two_processes_share_the_state(tmp_path: Path) -> None:
    crm = Crm()
    first, second = State(tmp_path / "state.db"), State(tmp_path / "state.db")
    one, two = budget(CallCounts(first), crm), budget(CallCounts(second), crm)
    one.observe(0, 400)
    assert CallCounts(second).limit() == 400
    two = budget(CallCounts(second), crm)
    made = 0
    while (now := spend(one, 30) + spend(two, 30)) > 0:
        made += now
    assert 200 - 2 * PORTION <= made <= 200
    one.close()
    two.close()
    assert two.standing().ours == made
    first.close()
    second.close()


def test_where_midnight_is_shown_twice_the_day_s_calls_count_from_the_first() -> None:
    """Havana's clocks go from one o'clock back to midnight: what was called in the first of the two hours counts."""
    store = MemoryStore()
    crm = Crm(int(datetime(2026, 11, 1, 4, 30, tzinfo=UTC).timestamp() * 1000))
    store.keep_limit(20)
    b = budget(store, crm, zone="America/Havana")
    assert spend(b, 6) == 6
    b.close()
    crm.now += HOUR_MS
    assert spend(budget(store, crm, zone="America/Havana"), 20) == 4


@pytest.mark.parametrize("zone", ["Europe", "x" * 300, "", "../etc/passwd", "Mars/Olympus"])
def test_a_time_zone_that_is_none_is_taken_for_utc(zone: str) -> None:
    crm = Crm()
    store = MemoryStore()
    store.keep_limit(20)
    b = budget(store, crm, zone=zone)
    spend(b, 20)
    with pytest.raises(CrmUnavailableError) as told:
        b.spend()
    assert told.value.details["resets_at"] == (NOON // DAY_MS + 1) * DAY_MS
