"""The web pages: a list of records sorted by score, and each record as a rep sees it."""

from collections.abc import Mapping

from starlette.routing import Route

from sales_consultant.sandbox.world import Side, World


def routes(world: World, sides: Mapping[str, Side]) -> list[Route]:
    """GET / and GET /records/{vendor}/{object}/{id}."""
    return []
