"""The calls of the last 24 hours and the limits that the org's edition sets."""

from collections import deque

from sales_consultant.sandbox.clock import DAY_MS
from sales_consultant.sandbox.salesforce.errors import ApiError
from sales_consultant.sandbox.salesforce.org import VENDOR, Org

HOUR_MS = 3_600_000
LICENCES = 10
# Calls of 24 hours by edition; without limits the org counts as a sandbox, which is never refused here.
DAILY = {
    "off": 5_000_000,
    "free": 15_000,
    "professional": 100_000 + 1_000 * LICENCES,
    "enterprise": 100_000 + 1_000 * LICENCES,
}


class Meter:
    """Counts calls in buckets of an hour, as they fall out of the 24 hours one after the other."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self._hours: deque[list[int]] = deque()

    @staticmethod
    def of(org: Org) -> "Meter":
        """The org's meter."""
        held: Meter = org.memory.setdefault("meter", None) or Meter(org)
        org.memory["meter"] = held
        return held

    @property
    def most(self) -> int:
        """The calls allowed in 24 hours."""
        return DAILY[self.org.world.limits]

    def used(self) -> int:
        """The calls of the last 24 hours."""
        now = self.org.clock.now_ms()
        while self._hours and self._hours[0][0] <= now - DAY_MS:
            self._hours.popleft()
        return sum(n for _, n in self._hours)

    def add(self, calls: int) -> None:
        """Count calls; a rehearsal may spend many at once."""
        hour = self.org.clock.now_ms() // HOUR_MS * HOUR_MS
        if not self._hours or self._hours[-1][0] != hour:
            self._hours.append([hour, 0])
        self._hours[-1][1] += calls

    def take(self) -> dict[str, str]:
        """Count one call; the header for its answer. Raises ApiError 403 over the limit."""
        if self.org.world.limits != "off" and self.used() >= self.most:
            self.org.world.count(VENDOR, "refused")
            raise ApiError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", 403)
        self.add(1)
        return self.header()

    def header(self) -> dict[str, str]:
        """`Sforce-Limit-Info`."""
        return {"Sforce-Limit-Info": f"api-usage={self.used()}/{self.most}"}
