"""When things happened in the staged year: days moved by cohort, and a time of day that keeps a day's order.

The simulation knows days only. A day's rows of one lead are spread over the working day in the order in which the
simulation made them: stages seen, the lead itself, the opportunity, its closing, then touches, visits and the
salesperson's activities.
"""

import hashlib
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import date

from sales_consultant.demo.company import unit
from sales_consultant.demo.saas.recipe import Recipe, Runs

# A working day, in seconds: from 08:30 on, nine hours.
OPENS = 8 * 3600 + 1800
WORKS = 9 * 3600
EARLY = ("mql", "sal")
OPEN = ("sql", "demo_scheduled", "demo_completed", "proposal_sent", "negotiation")
LOST = "closed_lost"

SEEN, LEAD, BEGUN, CLOSED, TOUCH, SESSION, ACTIVITY = range(7)
"""The order of a day."""

Key = tuple[int, Hashable]


def day_of(text: str) -> int:
    """An ISO date as days since 1970."""
    return date.fromisoformat(text[:10]).toordinal() - date(1970, 1, 1).toordinal()


def cohort(lead_id: str, recipe: Recipe) -> int:
    """The cohort of a lead: SHA-256 of its id, modulo the number of cohorts."""
    return int(hashlib.sha256(lead_id.encode()).hexdigest(), 16) % recipe.cohorts


@dataclass(frozen=True)
class Moved:
    """Days of the staged year: how far each lead's rows move, and the first day that has not happened."""

    by_lead: dict[str, int]
    today: int

    def day(self, lead_id: str, text: str) -> int | None:
        """The day of a lead's row, or None where it is not over at the clock."""
        day = day_of(text) + self.by_lead[lead_id]
        return day if day < self.today else None


def stage_days(lead_id: str, created: int, runs: Runs, today: int) -> list[tuple[int, str]]:
    """(day, stage) of every change of stage that the runs show before today, oldest first.

    A run of h days shows how the day before the lead's h-th day ended: its stage is dated the h-th day, never earlier.
    Stages that came and went between two runs were not seen and are not there.
    """
    stages: list[tuple[int, str]] = []
    for look in sorted(runs.seen):
        day, stage = created + look, runs.seen[look][lead_id]
        if day < today and stage != (stages[-1][1] if stages else "mql"):
            stages.append((day, stage))
    return stages


def times(lead_id: str, items: Iterable[tuple[int, Key]]) -> dict[Key, int]:
    """Seconds since 1970 for each (day, key): within working hours, in the order given, no two alike on a day."""
    by_day: dict[int, list[Key]] = {}
    for day, key in sorted(items, key=lambda item: (item[0], item[1][0])):
        by_day.setdefault(day, []).append(key)
    seconds: dict[Key, int] = {}
    for day, keys in by_day.items():
        for at, key in enumerate(keys):
            # Never at the very beginning or end of its part of the day: no two rows of a lead have the same second.
            within = 0.05 + 0.9 * unit("time", lead_id, str(day), str(at))
            seconds[key] = day * 86400 + OPENS + int((at + within) / len(keys) * WORKS)
    return seconds
