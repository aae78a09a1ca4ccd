"""Salesforce's half of the sandbox."""

from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sales_consultant.sandbox.cards import Card, CardLine
from sales_consultant.sandbox.faults import Fault
from sales_consultant.sandbox.tables import Folder
from sales_consultant.sandbox.world import World

VENDOR = "salesforce"


def load(folder: Folder, world: World) -> None:
    """Fill the store from a data folder."""


def routes(world: World) -> list[Route]:
    """The endpoints of Salesforce's API."""
    return []


def refuse(world: World, fault: Fault) -> Response:
    """Salesforce's words for a fault."""
    return JSONResponse([{"errorCode": "UNKNOWN_EXCEPTION", "message": "a fault"}], fault.status)


def controls(world: World) -> Mapping[str, Callable[[dict[str, Any]], Any]]:
    """Actions under /_sandbox."""
    return {}


def cards(world: World) -> list[CardLine]:
    """The lines of the list page."""
    return []


def card(world: World, object: str, id: str) -> Card | None:
    """A record as a rep sees it."""
    return None
