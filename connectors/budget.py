"""The daily allowance of calls: what of it this connection may use, kept across commands, and a stop before its end.

HubSpot counts from midnight in the account's time zone, Salesforce over the last 24 hours. Both count all programs of
the org; we count our own calls by hour beside what the CRM's headers say, so that an admin can give us a share.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sales_consultant.config.clock import DAY_MS, HOUR_MS, ms_of
from sales_consultant.config.errors import CrmUnavailableError
from sales_consultant.connectors.base import Budget

# Taken from the store at once: a commit a call would cost more than the call; a kill loses at most so many.
PORTION = 50
# Of the org's whole allowance, never touched: people's own integrations must be able to go on.
RESERVE = 0.02

Reset = Literal["midnight", "rolling"]


class BudgetStore(Protocol):
    """Where calls are counted, shared by all commands of a connection."""

    def take(self, hour: int, calls: int, since: int) -> int:
        """Add calls to an hour (ms of its start) and give the sum since a moment, in one transaction."""
        ...

    def oldest(self, since: int) -> int | None:
        """The first hour since a moment in which calls were made."""
        ...

    def limit(self) -> int | None:
        """The daily limit that the CRM last stated, if it ever did."""
        ...

    def keep_limit(self, limit: int) -> None:
        """Remember it."""
        ...


class MemoryStore:
    """Counts for one process; what a connector without a state uses."""

    def __init__(self) -> None:
        self.hours: dict[int, int] = {}
        self.daily: int | None = None

    def take(self, hour: int, calls: int, since: int) -> int:
        """As in the protocol."""
        self.hours[hour] = self.hours.get(hour, 0) + calls
        return sum(n for h, n in self.hours.items() if h >= since)

    def oldest(self, since: int) -> int | None:
        """As in the protocol."""
        return min((h for h, n in self.hours.items() if h >= since and n > 0), default=None)

    def limit(self) -> int | None:
        """As in the protocol."""
        return self.daily

    def keep_limit(self, limit: int) -> None:
        """As in the protocol."""
        self.daily = limit


class DailyBudget:
    """Asked before every call; raises CrmUnavailableError while there is still something left for others.

    `now` is the CRM's clock (ms UTC; 0 as long as it has not answered: calls until then are counted afterwards). It
    must go on while nothing may be asked, or no day would ever end.
    """

    def __init__(
        self,
        crm: str,
        *,
        share: float,
        resets: Reset,
        now: Callable[[], int],
        store: BudgetStore | None = None,
        zone: str = "UTC",
    ) -> None:
        self.crm = crm
        self.share = share
        self.resets = resets
        self.zone = zone
        self.store: BudgetStore = store or MemoryStore()
        self._now = now
        self._lock = threading.Lock()
        self._portion = 0
        self._hour = 0
        self._uncounted = 0
        self._taken = 0
        self._org: tuple[int, int] | None = None
        self._observed = 0
        self._limit = self.store.limit()

    def spend(self) -> None:
        """Count the call that is about to be made."""
        with self._lock:
            now = self._now()
            if not now:
                self._uncounted += 1
                return
            hour = now // HOUR_MS * HOUR_MS
            if self._portion == 0 or hour != self._hour:
                self._give_back()
                self._taken = self.store.take(hour, PORTION + self._uncounted, self._since(now))
                self._hour, self._portion, self._uncounted = hour, PORTION, 0
            self._check(now)
            self._portion -= 1

    def observe(self, used: int, limit: int) -> None:
        """What the CRM's headers say of the whole org."""
        with self._lock:
            self._org, self._observed = (used, limit), self._now()
            if limit != self._limit:
                self._limit = limit
                self.store.keep_limit(limit)

    def refused(self) -> CrmUnavailableError:
        """The error for the CRM's own answer that the day is spent."""
        return self._error("The day's calls of the whole org are spent", self._now())

    def standing(self) -> Budget:
        """Where the day stands."""
        with self._lock:
            now = self._now()
            if not now:
                return Budget(None, self._limit)
            ours = self.store.take(now // HOUR_MS * HOUR_MS, 0, self._since(now)) - self._portion
            self._forget(now)
            used, limit = self._org or (None, self._limit)
            allowed = None if limit is None else int(limit * self.share)
            return Budget(used, limit, ours + self._uncounted, allowed, self._resets_at(now))

    def close(self) -> None:
        """Give back what was taken and not used."""
        with self._lock:
            self._give_back()

    def _give_back(self) -> None:
        if self._portion:
            self.store.take(self._hour, -self._portion, 0)
            self._portion = 0

    def _forget(self, now: int) -> None:
        """Let go of what the CRM said of a day that is over: only a call can tell of the new one."""
        if self._org is None:
            return
        self._observed = self._observed or now
        if now >= self._resets_at(self._observed):
            self._org = None

    def _org_spent(self) -> bool:
        return self._org is not None and self._org[0] >= self._org[1] * (1 - RESERVE)

    def _check(self, now: int) -> None:
        if self._limit is None:
            return
        allowed = int(self._limit * self.share)
        # Counted as used when taken: what is left of the portion is ours to use up.
        if self._taken - self._portion >= allowed:
            raise self._error(f"This connection has used its {allowed:,} calls of the day", now)
        if self._org_spent():
            self._forget(now)
        if self._org and self._org_spent():
            raise self._error(
                f"The org has used {self._org[0]:,} of its {self._org[1]:,} calls of the day", now
            )

    def _error(self, what: str, now: int) -> CrmUnavailableError:
        at = self._resets_at(now)
        when = datetime.fromtimestamp(at / 1000, self._tz()).strftime("%Y-%m-%d %H:%M %Z")
        how = "The allowance is renewed" if self.resets == "midnight" else "The first of them come free"
        return CrmUnavailableError(
            f"{what}; {self.crm} was not asked further.",
            action=f"{how} at {when}. Run again then, or raise daily_share in the connection's settings.",
            details={"resets_at": at, "resets_in": (at - now) / 1000, "limit": "daily"},
        )

    def _tz(self) -> ZoneInfo:
        try:
            return ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return ZoneInfo("UTC")

    def _since(self, now: int) -> int:
        if self.resets == "rolling":
            return now - DAY_MS
        local = datetime.fromtimestamp(now / 1000, self._tz())
        # Where midnight is shown twice, the day's calls count from the first.
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        return ms_of(midnight) // HOUR_MS * HOUR_MS

    def _resets_at(self, now: int) -> int:
        if self.resets == "rolling":
            oldest = self.store.oldest(now - DAY_MS)
            return (oldest if oldest is not None else now) + DAY_MS + HOUR_MS
        local = datetime.fromtimestamp(now / 1000, self._tz())
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        # By wall clock: a day with a change of the clock has 23 or 25 hours. To the whole hour, as calls are counted.
        end = ms_of(midnight + timedelta(days=1))
        return -(-end // HOUR_MS) * HOUR_MS
