"""A delta asks several things in one call: what that saves, and that nothing is lost where Salesforce will not have it."""

from collections.abc import Iterator
from typing import Any

import pytest
from histories.play import CLOCK
from histories.salesforce_world import SalesforceWorld
from support.in_process import LocalSandbox

from sales_consultant.connectors.base import Connector
from sales_consultant.connectors.salesforce.api.client import SalesforceApi
from sales_consultant.connectors.salesforce.api.composite_reads import CELLS, Prefetcher, Question
from sales_consultant.connectors.salesforce.connector import SalesforceConnector
from sales_consultant.sync.pull import pull

ROWS = 9_000


@pytest.fixture(scope="module")
def world() -> Iterator[SalesforceWorld]:
    with LocalSandbox("salesforce", clock=CLOCK) as sandbox:
        made = SalesforceWorld(sandbox)
        made.flood(ROWS)
        pulled(made)
        yield made
        made.warehouse.close()


def pulled(world: SalesforceWorld, connector: Connector | None = None) -> dict[str, int]:
    """Pull all of an hour later; calls that the sandbox answered, by its own kinds."""
    world.sandbox.clock.advance(3600)
    before = world.sandbox.world.calls.copy()
    connector = connector or world.connector("", False)
    pull(connector, world.warehouse, until=connector.now())
    connector.close()
    now = world.sandbox.world.calls
    return {kind: n - before[crm, kind] for (crm, kind), n in now.items() if n > before[crm, kind]}


def settled(world: SalesforceWorld) -> bool:
    return world.rows_differ(world.warehouse, settled=False) == []


def test_nothing_new_in_any_object_costs_seven_calls(world: SalesforceWorld) -> None:
    # The org; all definitions, with when transactions began; and 22 queries (18 objects, stages, currencies) by fives.
    assert pulled(world) == {"composite": 7}
    assert settled(world)


def test_nine_thousand_changed_rows_cost_three_calls_more_at_most(world: SalesforceWorld) -> None:
    world.sandbox.control("touch", object="Contact")
    # The first 2,000 come with four other objects; then 3 pages and, for memory's sake, the rest.
    calls = pulled(world)
    assert sum(calls.values()) <= 7 + 3
    assert settled(world)


def test_an_org_that_takes_no_composite_is_asked_one_by_one(world: SalesforceWorld) -> None:
    world.sandbox.control("touch", object="Contact")
    world.sandbox.world.faults.add({"status": 404, "path": "/composite$", "probability": 1.0})
    try:
        calls = pulled(world)
    finally:
        world.sandbox.world.faults.clear()
    assert calls["describe"] == 19
    assert calls["query"] >= 24
    assert settled(world)


def test_where_a_place_cannot_be_taken_from_an_earlier_answer_pages_come_one_by_one(
    world: SalesforceWorld,
) -> None:
    world.sandbox.control("touch", object="Contact")
    connector = world.connector("", False)
    assert isinstance(connector, SalesforceConnector)
    asked: list[int] = []
    inner = connector.ahead.together

    def together(paths: list[str], *, kind: str = "query") -> list[tuple[int, object]]:
        asked.append(len([p for p in paths if p.startswith("@")]))
        return [
            (400, None) if p.startswith("@") else a
            for p, a in zip(paths, inner(paths, kind=kind), strict=True)
        ]

    connector.ahead.together = together  # type: ignore[method-assign,assignment]  # an org that balks
    pulled(world, connector)
    assert settled(world)
    assert max(asked) >= 1


@pytest.mark.parametrize(("chained", "most"), [(True, 4), (False, 7)])
def test_an_org_that_takes_no_chain_costs_calls_and_loses_nothing(
    world: SalesforceWorld, chained: bool, most: int
) -> None:
    world.sandbox.control("touch", object="Contact")
    world.sandbox.clock.advance(3600)
    connector = world.connector("", False)
    assert isinstance(connector, SalesforceConnector)
    ahead, inner = connector.ahead, connector.ahead.together

    def together(paths: list[str], *, kind: str = "query") -> list[tuple[int, Any]]:
        if not chained and any(p.startswith("@") for p in paths):
            ahead.refused = True
            return [(0, None)] * len(paths)
        return inner(paths, kind=kind)

    ahead.together = together  # type: ignore[method-assign,assignment]  # an org that balks
    before = sum(world.sandbox.world.calls.values())
    pull(connector, world.warehouse, until=connector.now(), objects=["contacts"])
    connector.close()
    # The org, the definitions, then 8,000 rows of contacts with their history and the rest; or page by page.
    assert sum(world.sandbox.world.calls.values()) - before == most
    assert settled(world)


def test_a_place_that_lapsed_and_a_query_that_was_given_up_go_on_behind_the_last_row(
    world: SalesforceWorld,
) -> None:
    for fault in (
        {"status": 400, "path": "/query(All)?/01g|/query(All)?/0r8", "times": 1},
        {"status": 500, "path": "/composite$", "times": 1},
    ):
        world.sandbox.control("touch", object="Contact")
        world.sandbox.world.faults.add(fault)
        pulled(world)
        world.sandbox.world.faults.clear()
        assert settled(world)


def test_wide_rows_are_not_read_ahead_beyond_what_memory_takes() -> None:
    api = SalesforceApi.__new__(SalesforceApi)
    wide = Question("query", "SELECT a", CELLS // 2 + 1)
    small = Question("query", "SELECT b", 10)
    ahead = Prefetcher(api)
    assert ahead._fitting([wide, wide, small]) == [wide]
    assert ahead._fitting([wide, small, small]) == [wide, small, small]
    assert len(ahead._fitting([small] * 9)) == 5
