"""Salesforce's half of the sandbox."""

from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from sales_consultant.sandbox.cards import Card, CardLine
from sales_consultant.sandbox.data_folder import Folder
from sales_consultant.sandbox.faults import Fault
from sales_consultant.sandbox.salesforce import control, paths, view
from sales_consultant.sandbox.salesforce.loading import load as loading
from sales_consultant.sandbox.salesforce.org import Org
from sales_consultant.sandbox.world import World


def load(folder: Folder, world: World) -> None:
    """Fill the store from a data folder."""
    loading.load(folder, Org.of(world))


def routes(world: World) -> list[Route]:
    """The endpoints of Salesforce's API."""
    return paths.routes(Org.of(world))


def refuse(world: World, fault: Fault) -> Response:
    """Salesforce's words for a fault."""
    return control.refuse(fault)


def controls(world: World) -> Mapping[str, Callable[[dict[str, Any]], Any]]:
    """Actions under /_sandbox."""
    return control.actions(Org.of(world))


def cards(world: World) -> list[CardLine]:
    """The lines of the list page."""
    return view.lines(Org.of(world))


def card(world: World, object: str, id: str) -> Card | None:
    """A record as a rep sees it."""
    return view.card(Org.of(world), object, id)
