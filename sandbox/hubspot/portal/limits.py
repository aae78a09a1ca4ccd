"""HubSpot's limits with their arithmetic: ten seconds rolling per token, search and association reads apart, a day."""

import uuid
from collections import defaultdict, deque
from dataclasses import dataclass, replace
from typing import Literal

from sales_consultant.sandbox.clock import DAY_MS
from sales_consultant.sandbox.hubspot.portal.errors import ApiError
from sales_consultant.sandbox.world import World

Bucket = Literal["general", "search", "associations"]


@dataclass(frozen=True)
class Plan:
    """Calls per ten seconds and token, association reads per ten seconds, calls a day of the account."""

    burst: int
    associations: int
    daily: int


# developers.hubspot.com, API usage guidelines and limits: calls in ten seconds and a day; Associations: reads in ten
# seconds.
PLANS = {
    "free": Plan(100, 100, 250_000),
    "professional": Plan(190, 150, 625_000),
    "enterprise": Plan(190, 150, 1_000_000),
}
# What the headers tell while limits are off: HubSpot never leaves them out, and who paces itself by them is not slowed.
OFF = Plan(1_000_000, 1_000_000, 1_000_000_000)
# Search the CRM: of all apps of an account together. API usage guidelines and limits: of an OAuth app in ten seconds.
SEARCHES_A_SECOND = 5
APP_BURST = 110


class Meter:
    """Counts calls against the plan that is switched on; windows are by the sandbox's clock."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._windows: dict[tuple[str, str], deque[int]] = defaultdict(deque)
        self.day = -1
        self.used = 0

    @property
    def plan(self) -> Plan | None:
        """The plan in force; None while limits are off."""
        return PLANS.get(self.world.limits)

    def spend_today(self, used: int) -> None:
        """Set the calls of today."""
        self._turn()
        self.used = used

    def _turn(self) -> int:
        now = self.world.clock.now_ms()
        if now // DAY_MS != self.day:
            self.day, self.used = now // DAY_MS, 0
        return now

    def take(self, bucket: Bucket, token: str, app: str = "") -> dict[str, str]:
        """Count a call; the limit headers of its answer. Raises ApiError 429.

        `app` is the OAuth app that the token was given to: it has its own ten seconds in each account, and no daily limit.
        """
        now = self._turn()
        plan = self.plan
        if plan is None:
            self.used += 1
            return {} if bucket != "general" else self._headers(OFF, OFF.burst - 1, app)
        if self.used >= plan.daily and not app:
            raise limited("DAILY", "You have reached your daily limit.")
        if bucket == "search":
            # One budget for the whole account, and no headers that tell how much is left.
            self._spend((bucket, ""), 1000, SEARCHES_A_SECOND, now, "SECONDLY", "secondly")
            self.used += 1
            return {}
        if bucket == "associations":
            self._spend(
                (bucket, token), 10_000, plan.associations, now, "TEN_SECONDLY_ROLLING", "ten secondly"
            )
            self.used += 1
            return {}
        if app:
            plan = replace(plan, burst=APP_BURST)
        key = f"app {app}" if app else token
        left = self._spend((bucket, key), 10_000, plan.burst, now, "TEN_SECONDLY_ROLLING", "ten secondly")
        self.used += 0 if app else 1
        return self._headers(plan, left, app)

    def _headers(self, plan: Plan, left: int, app: str) -> dict[str, str]:
        """What an answer tells of the limits; of the day nothing to an OAuth app, which has no such limit."""
        found = {
            "X-HubSpot-RateLimit-Max": str(plan.burst),
            "X-HubSpot-RateLimit-Remaining": str(left),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
        }
        if app:
            return found
        return found | {
            "X-HubSpot-RateLimit-Daily": str(plan.daily),
            "X-HubSpot-RateLimit-Daily-Remaining": str(max(0, plan.daily - self.used)),
        }

    def _spend(self, key: tuple[str, str], span: int, most: int, now: int, policy: str, words: str) -> int:
        window = self._windows[key]
        while window and window[0] <= now - span:
            window.popleft()
        if len(window) >= most:
            raise limited(policy, f"You have reached your {words} limit.")
        window.append(now)
        return most - len(window)


def limited(policy: str, message: str, retry_after: int | str | None = None) -> ApiError:
    """A 429: it has an errorType and no category."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return ApiError(
        429,
        None,
        message,
        headers=headers,
        errorType="RATE_LIMIT",
        policyName=policy,
        requestId=str(uuid.uuid4()),
    )
