"""What both vendors' sides share: store, clock, faults, counters and the options of the server."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.routing import Route

from sales_consultant.sandbox.cards import Card, CardLine
from sales_consultant.sandbox.clock import Clock
from sales_consultant.sandbox.data_folder import Folder
from sales_consultant.sandbox.faults import Fault, Faults
from sales_consultant.sandbox.store import Store

Limits = Literal["off", "free", "professional", "enterprise"]
LIMITS: tuple[Limits, ...] = ("off", "free", "professional", "enterprise")


class ControlError(ValueError):
    """A request to the control endpoint that cannot be done; the text says what to send instead."""


@dataclass
class World:
    """The state of a running sandbox."""

    store: Store
    clock: Clock
    limits: Limits = "off"
    lag: float = 0.0
    notice: str = ""
    foreign: str = ""
    """Another host that the answers' links name, as a gateway that was taken over would; "" for none."""
    faults: Faults = field(default_factory=Faults)
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    memory: dict[str, Any] = field(default_factory=dict)
    """What a side keeps between requests, by vendor."""

    def link(self, url: str) -> str:
        """A link as an answer holds it: as it is, or on the foreign host."""
        if not self.foreign:
            return url
        parts = urlsplit(url)
        return self.foreign + "/" + parts.path.lstrip("/") + (f"?{parts.query}" if parts.query else "")

    def count(self, vendor: str, kind: str) -> None:
        """One call of a kind was answered (or refused) for a vendor's API."""
        self.calls[vendor, kind] += 1

    def counted(self) -> dict[str, dict[str, int]]:
        """The calls by vendor and kind."""
        found: dict[str, dict[str, int]] = {}
        for (vendor, kind), number in sorted(self.calls.items()):
            found.setdefault(vendor, {})[kind] = number
        return found


class Side(Protocol):
    """One vendor's half of the sandbox; a package that has these functions is one."""

    def load(self, folder: Folder, world: World) -> None:
        """Fill the store from a data folder, once."""

    def routes(self, world: World) -> list[Route]:
        """The vendor's endpoints."""

    def refuse(self, world: World, fault: Fault) -> Response:
        """The vendor's own words for a fault (429, 423, 5xx ...)."""

    def controls(self, world: World) -> Mapping[str, Callable[[dict[str, Any]], Any]]:
        """Actions under /_sandbox by name: users, merge, purge and what else the vendor can do."""

    def cards(self, world: World) -> list[CardLine]:
        """The lines of the list page, best score first."""

    def card(self, world: World, object: str, id: str) -> Card | None:
        """A record as a rep sees it; None where there is none."""
