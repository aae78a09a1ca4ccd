"""What the org used in the last 24 hours, and the limits that its edition sets."""

from collections import defaultdict, deque

from sales_consultant.sandbox.clock import DAY_MS, HOUR_MS
from sales_consultant.sandbox.salesforce.org.errors import ApiError
from sales_consultant.sandbox.salesforce.org.org import VENDOR, Org

# A judgement: a small company. The limit grows with the licences.
LICENCES = 10
REQUESTS = "DailyApiRequests"
QUERY_JOBS = "DailyBulkV2QueryJobs"
QUERY_MB = "DailyBulkV2QueryFileStorageMB"
BATCHES = "DailyBulkApiBatches"
# Bulk API 2.0 Developer Guide: Salesforce makes batches of so many rows of a job.
BATCH_ROWS = 10_000
# Calls of 24 hours by edition (Salesforce Developer Limits and Allocations Quick Reference); without limits the org
# counts as a sandbox, which is never refused here.
DAILY = {
    "off": 5_000_000,
    "free": 15_000,
    "professional": 100_000 + 1_000 * LICENCES,
    "enterprise": 100_000 + 1_000 * LICENCES,
}
# Bulk API 2.0 Developer Guide, Limits: 10,000 query jobs, 1 TB of results (in MB as /limits shows it), 15,000 batches.
_OTHER = {QUERY_JOBS: 10_000, QUERY_MB: 976_562, BATCHES: 15_000}


class Meter:
    """Counts in buckets of an hour, as they fall out of the 24 hours one after the other."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self._hours: dict[str, deque[list[float]]] = defaultdict(deque)

    @staticmethod
    def of(org: Org) -> "Meter":
        """The org's meter."""
        held: Meter = org.memory.setdefault("meter", None) or Meter(org)
        org.memory["meter"] = held
        return held

    def most(self, name: str = REQUESTS) -> int:
        """What is allowed in 24 hours. Raises KeyError for a limit that is not counted here."""
        return DAILY[self.org.world.limits] if name == REQUESTS else _OTHER[name]

    def used(self, name: str = REQUESTS) -> int:
        """What the last 24 hours used, in whole numbers."""
        hours, now = self._hours[name], self.org.clock.now_ms()
        while hours and hours[0][0] <= now - DAY_MS:
            hours.popleft()
        return int(sum(n for _, n in hours))

    def add(self, amount: float, name: str = REQUESTS) -> None:
        """Count; a rehearsal may spend much at once."""
        hour = self.org.clock.now_ms() // HOUR_MS * HOUR_MS
        hours = self._hours[name]
        if not hours or hours[-1][0] != hour:
            hours.append([hour, 0])
        hours[-1][1] += amount

    def take(self) -> dict[str, str]:
        """Count one call; the header for its answer. Raises ApiError 403 over the limit."""
        if self._over(REQUESTS):
            raise ApiError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", 403)
        self.add(1)
        return self.header()

    def spend(self, name: str, amount: float = 1) -> None:
        """Count what a Bulk job uses. Raises ApiError EXCEEDEDQUOTA over the limit."""
        if self._over(name):
            raise ApiError("EXCEEDEDQUOTA", f"ExceededQuota : {name} Limit exceeded.")
        self.add(amount, name)

    def _over(self, name: str) -> bool:
        over = self.org.world.limits != "off" and self.used(name) >= self.most(name)
        if over:
            self.org.world.count(VENDOR, "refused")
        return over

    def header(self) -> dict[str, str]:
        """`Sforce-Limit-Info`."""
        return {"Sforce-Limit-Info": f"api-usage={self.used()}/{self.most()}"}
