"""The calls of a connection by hour, shared by all its commands; what `connectors.budget` counts in."""

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from sales_consultant.config.clock import DAY_MS
from sales_consultant.sync.stores.state import State, calls_by_hour

_LIMIT = "daily_call_limit"


class CallCounts:
    """A `BudgetStore` in state.db."""

    def __init__(self, state: State) -> None:
        self.state = state

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
            total = sa.select(sa.func.coalesce(sa.func.sum(t.c.calls), 0)).where(t.c.hour >= since)
            return int(c.execute(total).scalar() or 0)

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
