"""The state of the HubSpot portal between requests: definitions, pipelines, owners and the portal's own options."""

import uuid
from array import array
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sales_consultant.sandbox.clock import iso
from sales_consultant.sandbox.hubspot.portal.kinds import KINDS, VENDOR, Kind
from sales_consultant.sandbox.hubspot.portal.limits import Meter
from sales_consultant.sandbox.hubspot.portal.schema import group_of, standard
from sales_consultant.sandbox.world import World

Json = dict[str, Any]
# What an admin may switch under /_sandbox/options, with its value at the start.
# HubSpot's access tokens last 1,800 seconds; how many custom properties there may be differs by subscription, the
# number is one of them.
OPTIONS: Mapping[str, Any] = {
    "trace_ids": True,
    "marketing": True,
    "token_seconds": 1800,
    "custom_property_limit": 1000,
}
# Searches whose matches are kept; a walk through 100,000 records asks the same 500 times.
MAX_WINDOWS = 8


class Portal:
    """Definitions and pipelines are read once and kept; every change goes through the methods here."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.store = world.store
        self.clock = world.clock
        self.meter = Meter(world)
        self._definitions: dict[str, dict[str, Json]] = {}
        self._pipelines: dict[str, list[Json]] = {}
        self._owners: frozenset[str] | None = None
        self._windows: dict[tuple[Any, ...], tuple[int, array[int]]] = {}
        self._users: dict[str, Json] | None = None
        self.options: dict[str, Any] = dict(OPTIONS)
        self._account()

    @staticmethod
    def of(world: World) -> "Portal":
        """The portal of a running sandbox."""
        held: Portal = world.memory.get(VENDOR) or Portal(world)
        world.memory[VENDOR] = held
        return held

    def _account(self) -> None:
        held = self.store.documents(VENDOR, "account", "")
        if held:
            self.account = held["details"]
            return
        at = iso(self.clock.now_ms())
        # The id is drawn once, so that two sandboxes are never taken for the same portal.
        self.account = {
            "portalId": 40_000_000 + uuid.uuid4().int % 9_999_999,
            "accountType": "DEVELOPER_TEST",
            "timeZone": "UTC",
            "companyCurrency": "USD",
            "additionalCurrencies": [],
            "utcOffset": "+00:00",
            "utcOffsetMilliseconds": 0,
            "uiDomain": "app.hubspot.com",
            "dataHostingLocation": "na1",
        }
        with self.store.transaction():
            self.store.put(VENDOR, "account", "", "details", self.account)
            for object_type, definitions in standard(at).items():
                kind = KINDS[object_type]
                name, label = group_of(kind)
                self.put_group(kind, {"name": name, "label": label, "displayOrder": -1, "archived": False})
                for body in definitions.values():
                    self.store.put(VENDOR, "property", object_type, body["name"], body)

    def set_account(self, **changes: Any) -> None:
        """Change details of the account."""
        self.account = {**self.account, **changes}
        self.store.put(VENDOR, "account", "", "details", self.account)

    # Properties

    def definitions(self, kind: Kind) -> dict[str, Json]:
        """All definitions of an object type by name, archived ones too."""
        if kind.name not in self._definitions:
            self._definitions[kind.name] = self.store.documents(VENDOR, "property", kind.name)
        return self._definitions[kind.name]

    def put_definition(self, kind: Kind, body: Json) -> None:
        """Add or replace a definition."""
        self.store.put(VENDOR, "property", kind.name, body["name"], body)
        self._definitions.pop(kind.name, None)

    def groups(self, kind: Kind) -> dict[str, Json]:
        """The property groups of an object type by name."""
        return self.store.documents(VENDOR, "group", kind.name)

    def put_group(self, kind: Kind, body: Json) -> None:
        """Add or replace a group."""
        self.store.put(VENDOR, "group", kind.name, body["name"], body)

    def allowed(self, kind: Kind, definition: Json) -> Collection[str] | None:
        """Options that come from elsewhere: owners, pipelines, stages; None where the definition lists them."""
        if definition.get("referencedObjectType") == "OWNER":
            return self.owner_ids()
        if kind.name == "deals" and definition["name"] == "pipeline":
            return {p["id"] for p in self.pipelines(kind)}
        if kind.name == "deals" and definition["name"] == "dealstage":
            return self.stages(kind).keys()
        return None

    # Owners and pipelines

    def owner_ids(self) -> frozenset[str]:
        """The ids of all owners, archived ones too."""
        if self._owners is None:
            sql = "SELECT id FROM records WHERE vendor = ? AND object = 'owners'"
            self._owners = frozenset(r[0] for r in self.store.rows(sql, (VENDOR,)))
        return self._owners

    def pipelines(self, kind: Kind) -> list[Json]:
        """The pipelines of an object type in their order."""
        if kind.name not in self._pipelines:
            held = self.store.documents(VENDOR, "pipeline", kind.name)
            self._pipelines[kind.name] = sorted(held.values(), key=lambda p: (p["displayOrder"], p["id"]))
        return self._pipelines[kind.name]

    def put_pipeline(self, kind: Kind, body: Json) -> None:
        """Add or replace a pipeline."""
        self.store.put(VENDOR, "pipeline", kind.name, body["id"], body)
        self._pipelines.pop(kind.name, None)

    def drop_pipeline(self, kind: Kind, id: str) -> None:
        """Take a pipeline away."""
        self.store.drop(VENDOR, "pipeline", kind.name, id)
        self._pipelines.pop(kind.name, None)

    def stages(self, kind: Kind) -> dict[str, Json]:
        """All stages of all pipelines by id."""
        return {s["id"]: s for p in self.pipelines(kind) for s in p["stages"]}

    # Searches

    def window(self, where: str, parameters: list[Any]) -> Sequence[int]:
        """The `seq` of all records that meet a condition, sorted; kept for the next page of the same search."""
        key = (where, *parameters)
        if self._windows and next(iter(self._windows.values()))[0] != self.store.version:
            self._windows.clear()
        if key not in self._windows:
            rows = self.store.rows(f"SELECT seq FROM records WHERE {where}", parameters)
            if len(self._windows) >= MAX_WINDOWS:
                self._windows.pop(next(iter(self._windows)))
            self._windows[key] = (self.store.version, array("q", sorted(r[0] for r in rows)))
        return self._windows[key][1]

    # Users

    def users(self) -> dict[str, Json]:
        """Tokens that are weaker than a super admin's, with their scopes."""
        if self._users is None:
            self._users = self.store.documents(VENDOR, "user", "")
        return self._users

    def put_user(self, token: str, body: Json) -> None:
        """Make a token weaker."""
        self.store.put(VENDOR, "user", "", token, body)
        self._users = None

    def forget(self) -> None:
        """Read everything again: after a load."""
        self._definitions.clear()
        self._pipelines.clear()
        self._owners = self._users = None
