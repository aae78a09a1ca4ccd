"""The state of the Salesforce org between requests: its objects and fields, stages, users and its own options."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import orjson

from sales_consultant.sandbox.clock import iso
from sales_consultant.sandbox.salesforce.org import ids
from sales_consultant.sandbox.salesforce.org.custom import from_metadata
from sales_consultant.sandbox.salesforce.org.fields import Field
from sales_consultant.sandbox.salesforce.org.sobject import Sobject
from sales_consultant.sandbox.salesforce.org.standard import ACTIVITIES, BY_LOWER, OBJECTS, QUOTAS
from sales_consultant.sandbox.store import Record
from sales_consultant.sandbox.world import World

VENDOR = "salesforce"
Json = dict[str, Any]
# What an admin may switch under /_sandbox/options, with its value at the start.
# A session lasts two hours by default; 500 custom fields an object are those of Enterprise; `updated` ends at 600,000
# ids.
OPTIONS: Mapping[str, Any] = {
    "session_seconds": 7200,
    "job_seconds": 0.0,
    "custom_fields": 500,
    "updated_ids": 600_000,
    "jobs_page": 1000,
    "forecasts": True,
}
# Indexes of this side only, and the rows of query jobs as they were when the job ran.
_INDEX = (
    "CREATE INDEX IF NOT EXISTS salesforce_modified ON records (object, modified, id) WHERE vendor = 'salesforce'",
    "CREATE INDEX IF NOT EXISTS salesforce_created ON records (object, created, id) WHERE vendor = 'salesforce'",
    """CREATE TABLE IF NOT EXISTS salesforce_results (
      job TEXT NOT NULL, n INTEGER NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, properties TEXT NOT NULL,
      created INTEGER NOT NULL, modified INTEGER NOT NULL, archived INTEGER NOT NULL, archived_at INTEGER,
      PRIMARY KEY (job, n)) WITHOUT ROWID""",
)


def stamp(ms: int) -> str:
    """A time as REST writes it, whole seconds: `2024-06-01T10:00:00.000+0000`."""
    return iso(ms - ms % 1000)[:19] + ".000+0000"


class Org:
    """Definitions are read once and kept; every change goes through the methods here."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.store = world.store
        self.clock = world.clock
        self.options: dict[str, Any] = dict(OPTIONS)
        self.memory: dict[str, Any] = {}
        """What lives as long as the process: cursors, lapsed sessions, counted calls."""
        self._fields: dict[str, dict[str, Field]] = {}
        self._picklists: dict[str, dict[str, Json]] | None = None
        self._listed: dict[str, dict[str, Json]] = {}
        self.version = 0
        """Rises with every change of definitions, users or permissions."""
        for statement in _INDEX:
            self.store.write(statement)
        held = self.store.documents(VENDOR, "org", "")
        self.details: Json = held.get("details", {})
        if not self.details:
            # Drawn once, so that two sandboxes are never taken for the same org.
            number = uuid.uuid4().int % 62**8
            self.details = {"id": ids.make("Organization", number), "features": [], "tracked": {}}
            self.store.put(VENDOR, "org", "", "details", self.details)

    @property
    def my_domain(self) -> str:
        """The host of the org's own address, to which sign-in at a login host leads."""
        return f"{self.details.get('my_domain', 'acme')}.my.salesforce.com"

    @staticmethod
    def of(world: World) -> "Org":
        """The org of a running sandbox."""
        held: Org = world.memory.get(VENDOR) or Org(world)
        world.memory[VENDOR] = held
        return held

    def now(self) -> int:
        """The org's time, whole seconds, as milliseconds UTC."""
        ms = self.clock.now_ms()
        return ms - ms % 1000

    def set_details(self, **changes: Any) -> None:
        """Change what the org is: features, tracked fields."""
        self.details = {**self.details, **changes}
        self.store.put(VENDOR, "org", "", "details", self.details)
        self.changed()

    def changed(self) -> None:
        """Definitions, users or permissions are not what they were."""
        self.version += 1
        self._fields.clear()
        self._picklists = None
        self._listed.clear()

    def feature(self, name: str) -> bool:
        """Whether the org has a feature: `currencies` (several), `record_types`, `country_picklists`."""
        return name in self.details["features"]

    # Objects and fields

    def sobject(self, name: str, *, tooling: bool = False) -> Sobject | None:
        """An object by its name in any case; the Tooling API sees its own and the data objects, the others only theirs."""
        described = OBJECTS.get(BY_LOWER.get(name.lower(), ""))
        if (
            described is None
            or (described.tooling and not tooling)
            or (described.name == "CurrencyType" and not self.feature("currencies"))
            or (described.name == "DatedConversionRate" and not self.feature("dated_currencies"))
            or (described.name in QUOTAS and not self.options["forecasts"])
        ):
            return None
        return described

    def sobjects(self) -> list[Sobject]:
        """The objects of the data API."""
        return [o for n, o in OBJECTS.items() if self.sobject(n) is not None]

    def fields(self, sobject: str) -> Mapping[str, Field]:
        """All fields of an object, custom ones too, whoever may see them."""
        if sobject not in self._fields:
            found = {n: f for n, f in OBJECTS[sobject].fields.items() if self._present(n)}
            own = self.picklists().get(sobject, {})
            for name, extra in own.items():
                if name in found:
                    listed = dict(found[name].options) | {v: v for v in extra["values"]}
                    found[name] = replace(found[name], options=tuple(listed.items()))
            if sobject in ("Opportunity", "OpportunityHistory"):
                options = tuple((s["ApiName"], s["MasterLabel"]) for s in self.stages().values())
                found["StageName"] = replace(found["StageName"], options=options)
            if sobject == "Task":
                for name, values in (("Status", "TaskStatus"), ("Priority", "TaskPriority")):
                    options = tuple((s["ApiName"], s["MasterLabel"]) for s in self.listed(values).values())
                    found[name] = replace(found[name], options=options or found[name].options)
            table = "Activity" if sobject in ACTIVITIES else sobject
            for body in self.custom(table).values():
                made = from_metadata(body)
                found[made.name] = made
            self._fields[sobject] = found
        return self._fields[sobject]

    def _present(self, name: str) -> bool:
        if name == "CurrencyIsoCode":
            return self.feature("currencies")
        if name == "CountryCode":
            return self.feature("country_picklists")
        return name != "RecordTypeId" or self.feature("record_types")

    def custom(self, table: str) -> dict[str, Json]:
        """The custom fields of an object (`Activity` for tasks and events): their records' values by API name."""
        sql = (
            "SELECT id, properties FROM records WHERE vendor = 'salesforce' AND object = 'CustomField' AND archived = 0 "
            "ORDER BY seq"
        )

        if "custom" not in self.memory or self.memory["custom"][0] != self.version:
            grouped: dict[str, dict[str, Json]] = {}
            for id, text in self.store.rows(sql):
                body = orjson.loads(text)
                grouped.setdefault(body["TableEnumOrId"], {})[body["DeveloperName"] + "__c"] = {
                    "Id": id,
                    **body,
                }
            self.memory["custom"] = (self.version, grouped)
        found: dict[str, Json] = self.memory["custom"][1].get(table, {})
        return found

    def picklists(self) -> dict[str, dict[str, Json]]:
        """Values of standard picklists that the data brought, by object and field."""
        if self._picklists is None:
            sql = "SELECT DISTINCT object FROM documents WHERE vendor = ? AND kind = 'picklist'"
            self._picklists = {
                o: self.store.documents(VENDOR, "picklist", o) for (o,) in self.store.rows(sql, (VENDOR,))
            }
        return self._picklists

    def add_options(self, sobject: str, name: str, values: Iterable[str]) -> None:
        """Values of a standard picklist."""
        held = self.picklists().get(sobject, {}).get(name, {"values": []})["values"]
        new = [v for v in dict.fromkeys(values) if v not in held]
        if new:
            self.store.put(VENDOR, "picklist", sobject, name, {"values": [*held, *new]})
            self.changed()

    def stages(self) -> dict[str, Json]:
        """The opportunity stages by API name, in their order."""
        return self.listed("OpportunityStage")

    def listed(self, sobject: str) -> dict[str, Json]:
        """The values of a picklist that is an object of its own, as TaskStatus, by API name, in their order."""
        if sobject not in self._listed:
            found = [r.values() for r in self.store.each(VENDOR, sobject)]
            self._listed[sobject] = {s["ApiName"]: s for s in sorted(found, key=lambda s: s["SortOrder"])}
        return self._listed[sobject]

    def tracked(self, sobject: str) -> frozenset[str]:
        """The fields whose changes are kept in the object's history."""
        own: list[str] = self.details["tracked"].get(sobject, [])
        table = "Activity" if sobject in ACTIVITIES else sobject
        made = [n for n, b in self.custom(table).items() if (b.get("Metadata") or {}).get("trackHistory")]
        return frozenset((*own, *made))

    # Records

    def new_ids(self, sobject: str, count: int = 1) -> int:
        """Reserve numbers of an object's ids; the first of them."""
        return self.store.next_seq(VENDOR, sobject, count)

    def record(self, sobject: str, id: str) -> Record | None:
        """One record, deleted or not."""
        return self.store.get(VENDOR, sobject, id)

    def user(self, id: str) -> Json:
        """A user's values."""
        found = self.record("User", id)
        return found.values() if found else {}
