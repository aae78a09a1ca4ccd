"""The calls of a connection by hour, shared by all its commands; what `connectors.budget` counts in.

Hours are those of the CRM's clock, by which its limits go. Who asks without a call knows the machine's clock alone; how far
the two are apart is kept with the calls. On a sandbox that is years.
"""

import time
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from sales_consultant.config.clock import DAY_MS, HOUR_MS
from sales_consultant.sync.stores.state import State, calls_by_hour

_LIMIT = "daily_call_limit"
_AHEAD = "crm_clock_ahead_ms"


class CallCounts:
    """A `BudgetStore` in state.db; `clock` is the machine's (ms UTC)."""

    def __init__(self, state: State, clock: Callable[[], int] = lambda: int(time.time() * 1000)) -> None:
        self.state = state
        self.clock = clock

    def take(self, hour: int, calls: int, since: int) -> int:
        """Add calls to an hour and give the sum since a moment; hours of more than a week ago go."""
        t = calls_by_hour
        with self.state.begin() as c:
            if calls:
                add = insert(t).values(hour=hour, calls=calls)
                c.execute(
                    add.on_conflict_do_update(index_elements=["hour"], set_={"calls": t.c.calls + calls})
                )
                # A day is what limits count; a week leaves something to look at.
                c.execute(sa.delete(t).where(t.c.hour < hour - 7 * DAY_MS))
                # What is given back is of an hour that may be over: it says nothing of the clock.
                if calls > 0:
                    self.state.put_in(c, _AHEAD, str(hour - self.clock() // HOUR_MS * HOUR_MS))
            total = sa.select(sa.func.coalesce(sa.func.sum(t.c.calls), 0)).where(t.c.hour >= since)
            return int(c.execute(total).scalar() or 0)

    def last_day(self, now: int) -> int:
        """Calls of the 24 hours before a moment of the machine's clock."""
        ahead = int(self.state.get(_AHEAD) or 0)
        # A second or two between the clocks may put a call into the next hour: that is no other clock.
        ahead = ahead if abs(ahead) > HOUR_MS else 0
        return self.take(0, 0, now + ahead - DAY_MS)

    def oldest(self, since: int) -> int | None:
        """The first hour since a moment in which calls were made."""
        t = calls_by_hour
        with self.state.begin() as c:
            found = c.execute(
                sa.select(sa.func.min(t.c.hour)).where(t.c.hour >= since, t.c.calls > 0)
            ).scalar()
        return None if found is None else int(found)

    def limit(self) -> int | None:
        """The daily limit that the CRM last stated."""
        held = self.state.get(_LIMIT)
        return None if held is None else int(held)

    def keep_limit(self, limit: int) -> None:
        """Remember it."""
        self.state.put(_LIMIT, str(limit))
