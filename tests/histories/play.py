"""Playing a history, and making one that shows a difference as short as it can be."""

from collections.abc import Sequence
from random import Random

from histories.hubspot_world import HubSpotWorld
from histories.salesforce_world import SalesforceWorld
from histories.world import Difference, Step, World
from histories.writing import writes
from support.in_process import LocalSandbox

CLOCK = "2024-06-01T08:00:00Z"
WORLDS: dict[str, type[World]] = {"hubspot": HubSpotWorld, "salesforce": SalesforceWorld}
PULLS = ("pull",) * 4 + ("wait",) * 3 + ("check",)
MANY = 10_050


def names(crm: str) -> tuple[str, ...]:
    """The steps that a history of a CRM may have, each as often as it is likely."""
    return (*WORLDS[crm].deeds[:9], *PULLS, *WORLDS[crm].deeds[9:])


def play(
    crm: str, steps: Sequence[Step], *, flood: bool = False, write: int | None = None
) -> list[Difference]:
    """The differences after the first step that shows any; none where the history ends as it should.

    `write` is the seed of whole syncs at the end of it.
    """
    with LocalSandbox(crm, clock=CLOCK) as sandbox:
        world = WORLDS[crm](sandbox)
        try:
            if flood:
                world.flood(MANY)
            for name, number in (*steps, ("check", 0)):
                found = world.step(name, number)
                if found:
                    return found
            return [] if write is None else writes(world, write)
        finally:
            world.warehouse.close()


def history(crm: str, seed: int) -> list[Step]:
    """The history of a seed."""
    r = Random(seed)
    known = names(crm)
    return [(r.choice(known), r.randrange(2**32)) for _ in range(r.randrange(5, 40))]


def shortest(crm: str, steps: Sequence[Step], *, flood: bool = False, write: int | None = None) -> list[Step]:
    """A part of a history that still shows a difference and of which no step can be left out."""
    held = list(steps)
    size = max(1, len(held) // 2)
    while size:
        at = 0
        while at < len(held):
            less = held[:at] + held[at + size :]
            if play(crm, less, flood=flood, write=write):
                held = less
            else:
                at += size
        size //= 2
    return held
