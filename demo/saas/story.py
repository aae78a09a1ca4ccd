"""What had happened to each lead of the simulated world by the demo's clock, every fact with its moment."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sales_consultant.demo.saas.recipe import Recipe, Runs
from sales_consultant.demo.saas.timeline import (
    ACTIVITY,
    BEGUN,
    CLOSED,
    EARLY,
    LEAD,
    LOST,
    OPEN,
    SEEN,
    SESSION,
    TOUCH,
    Key,
    Moved,
    cohort,
    day_of,
    stage_days,
    times,
)

Fact = tuple[int, dict[str, Any]]
"""A moment (seconds since 1970) and the simulation's row."""


@dataclass(frozen=True)
class Deal:
    """A lead's opportunity: `closed` and `won` are None while it was open at the clock."""

    id: str
    amount: int
    begun: int
    closed: int | None
    won: bool | None
    stages: list[tuple[int, str]]


@dataclass(frozen=True)
class Story:
    """A lead until the clock; all moments are seconds since 1970, all lists in order of time.

    `stages` are those before an opportunity: mql and sal, and closed_lost for a lead that was given up without one.
    """

    lead: dict[str, Any]
    created: int
    stages: list[tuple[int, str]]
    deal: Deal | None
    touches: list[Fact]
    sessions: list[Fact]
    activities: list[Fact]

    @property
    def id(self) -> str:
        """The simulation's id of the lead."""
        return str(self.lead["lead_id"])

    @property
    def converted(self) -> int | None:
        """When it became a contact with a deal."""
        return self.deal.begun if self.deal else None


def tell(recipe: Recipe, runs: Runs) -> tuple[list[Story], int]:
    """The stories of all leads that came in before the clock, in the simulation's order, and the clock's day.

    The clock stands at the beginning of the first day plus `clock_days`: that day's rows have not happened.
    """
    leads = runs.tables["leads"]
    first = min(day_of(lead["lead_created_at"]) for lead in leads)
    moved = Moved(
        {lead["lead_id"]: recipe.cohort_days * cohort(lead["lead_id"], recipe) for lead in leads},
        first + recipe.clock_days,
    )
    opportunities = {row["lead_id"]: row for row in runs.tables["opportunities"]}
    events: dict[str, list[tuple[int, int, dict[str, Any]]]] = defaultdict(list)
    for rank, table, column in (
        (TOUCH, "touches", "touch_timestamp"),
        (SESSION, "sessions", "session_timestamp"),
        (ACTIVITY, "sales_activities", "activity_timestamp"),
    ):
        for row in runs.tables[table]:
            day = moved.day(row["lead_id"], row[column])
            if day is not None:
                events[row["lead_id"]].append((day, rank, row))
    stories = []
    for lead in leads:
        created = moved.day(lead["lead_id"], lead["lead_created_at"])
        if created is not None:
            opportunity = opportunities.get(lead["lead_id"])
            stories.append(_story(lead, created, opportunity, events[lead["lead_id"]], moved, runs))
    return stories, moved.today


def _story(
    lead: dict[str, Any],
    created: int,
    opportunity: dict[str, Any] | None,
    events: list[tuple[int, int, dict[str, Any]]],
    moved: Moved,
    runs: Runs,
) -> Story:
    id = lead["lead_id"]
    begun = moved.day(id, opportunity["created_at"]) if opportunity else None
    closed = moved.day(id, opportunity["closed_at"]) if opportunity and opportunity["closed_at"] else None
    seen = stage_days(id, created, runs, moved.today)
    items: list[tuple[int, Key]] = [(day, (SEEN, stage)) for day, stage in seen]
    items.append((created, (LEAD, id)))
    if begun is not None:
        items.append((begun, (BEGUN, id)))
    if closed is not None and closed != begun:
        items.append((closed, (CLOSED, id)))
    items += [(day, (rank, number)) for number, (day, rank, _) in enumerate(events)]
    at = times(id, items)

    def facts(kind: int) -> list[Fact]:
        return [(at[rank, number], row) for number, (_, rank, row) in enumerate(events) if rank == kind]

    deal = None
    if opportunity and begun is not None:
        started = at[BEGUN, id]
        ended = None if closed is None else at.get((CLOSED, id), started)
        deal = Deal(
            id=opportunity["opportunity_id"],
            amount=int(opportunity["estimated_acv"]),
            begun=started,
            closed=ended,
            won=None if ended is None else opportunity["close_outcome"] == "closed_won",
            stages=_deal_stages(seen, lambda stage: at[SEEN, stage], started, ended, opportunity),
        )
    before = [(at[LEAD, id], "mql")] + [
        (at[SEEN, stage], stage) for _, stage in seen if stage in EARLY or (stage == LOST and deal is None)
    ]
    return Story(lead, at[LEAD, id], before, deal, facts(TOUCH), facts(SESSION), facts(ACTIVITY))


def _deal_stages(
    seen: list[tuple[int, str]],
    moment: Callable[[str], int],
    started: int,
    ended: int | None,
    opportunity: dict[str, Any],
) -> list[tuple[int, str]]:
    # A lead won straight from marketing never had an open opportunity: it begins and ends in one moment.
    stages = [] if started == ended else [(started, OPEN[0])]
    stages += [(moment(stage), stage) for _, stage in seen if stage in OPEN[1:]]
    if ended is not None:
        stages.append((ended, opportunity["close_outcome"]))
    return stages
