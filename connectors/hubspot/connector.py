"""HubSpot behind the protocol of `connectors.base`."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from sales_consultant.config.conditions import Condition
from sales_consultant.config.errors import CrmUnavailableError
from sales_consultant.config.fields.canon import CanonError, Canonical, canon
from sales_consultant.config.fields.catalogue import FIELDS, Field
from sales_consultant.config.fields.naming import Naming
from sales_consultant.config.neutral import OVER_OURS, Account, CustomField, TableMapping
from sales_consultant.connectors.base import (
    TASK_ID,
    Budget,
    Calls,
    Change,
    Connector,
    Estimate,
    FieldInfo,
    Identity,
    Known,
    Outcome,
    Page,
    ReadBack,
    Stream,
    TextReader,
    distinct,
    without_text,
)
from sales_consultant.connectors.filters import checked
from sales_consultant.connectors.hubspot.api import HubSpotApi, HubSpotRefusalError, Paths, batches, following
from sales_consultant.connectors.hubspot.push import BATCH, Pusher
from sales_consultant.connectors.hubspot.reading import (
    LIST_LIMIT,
    Puller,
    Sizes,
    estimate,
    exchange_rates,
    find,
    goals,
    rows,
    schema,
    views,
)
from sales_consultant.connectors.hubspot.setup import HubSpotAdmin, Provisioner
from sales_consultant.connectors.hubspot.tasks import HubSpotTasks
from sales_consultant.connectors.tables import number, text

_KEYS = (*(f.key for f in FIELDS), TASK_ID)
_OWNER_COLUMNS = ("id", "email", "firstName", "lastName", "archived", "userId")
_FIELD_COLUMNS = ("object", "column_name", "name", "label", "type", "custom", "calculated", "known", "ours")
_TYPES = {
    "number": "number", "bool": "bool", "datetime": "datetime", "date": "datetime", "enumeration": "enumeration",
}  # fmt: skip


class HubSpotConnector(HubSpotAdmin, Connector):
    """One HubSpot portal."""

    crm = "hubspot"

    def __init__(
        self,
        api: HubSpotApi,
        *,
        read: str,
        write: str,
        naming: Naming = Naming(),
        sizes: Sizes = Sizes(),
        texts: TextReader | None = None,
    ) -> None:
        self.api = api
        self._texts = texts
        self.calls: Calls = api.calls
        self.reading, self.writing = Paths(read), Paths(write)
        self.naming = naming
        self._described: dict[str, list[FieldInfo]] = {}
        self._identity: Identity | None = None
        self._puller = Puller(api, self.reading, self._selection, sizes)
        self._pusher = Pusher(api, Paths(write), self._name)
        self.provisioner = Provisioner(api, Paths(write), naming)
        both, zone = (self.reading, self.writing), lambda: self.identity().time_zone
        self.tasks = HubSpotTasks(api, both, self.provisioner, self.describe, zone)

    # -- who and what --------------------------------------------------------------------------------------------

    def identity(self) -> Identity:
        """The portal; also the first thing that a wrong token fails at."""
        if self._identity is None:
            d = self.api.get(self.reading.account())
            self._identity = Identity(
                "hubspot",
                str(d["portalId"]),
                str(d.get("accountType", "STANDARD")).lower(),
                str(d.get("uiDomain", "")),
                str(d.get("companyCurrency") or ""),
                str(d.get("timeZone") or "UTC"),
            )
            self.api.budget.zone = self._identity.time_zone
        return self._identity

    def now(self) -> int:
        """HubSpot's clock: the end of the second that its header names, so that what was just saved counts."""
        self.api.get(self.reading.account())
        if self.api.transport.server_ms is None:
            raise CrmUnavailableError(
                "HubSpot's answer has no Date header.", action="Check the proxy in between."
            )
        return self.api.transport.server_ms + 999

    def latest(self) -> int:
        """HubSpot's clock as of the last answer."""
        return self.api.transport.server_ms or 0

    def forget(self) -> None:
        """Describe anew: properties may have changed."""
        self._described.clear()

    def _name(self, key: str) -> str:
        return self.naming.hubspot(key)

    def field_name(self, object: str, field: Field) -> str:
        """HubSpot's property of a field of ours."""
        return self._name(field.key)

    @property
    def _own(self) -> frozenset[str]:
        return frozenset(self._name(k) for k in _KEYS)

    def describe(self, object: str) -> list[FieldInfo]:
        """The properties of an object, custom or HubSpot's."""
        object_type = "contacts" if object == "leads" else object
        if object_type not in self._described:
            found = self.api.call(
                "GET", self.reading.properties(schema.api_type(object_type)), kind="definition"
            )[1]["results"]
            self._described[object_type] = distinct(_info(p) for p in found)
        return self._described[object_type]

    def _selection(self, object_type: str) -> schema.Selection:
        return schema.select(object_type, self.describe(object_type), self._own, text=bool(self._texts))

    def streams(self) -> Sequence[Stream]:
        """What is pulled."""
        return schema.streams(text=bool(self._texts))

    def definition(self, stream: str) -> str:
        """A hash of the selected properties; a link or small table has none to change."""
        if stream.endswith(schema.SLOW):
            return ",".join(self._selection(stream.removesuffix(schema.SLOW)).calculated)
        return self._selection(stream).digest if stream in schema.OBJECTS else "1"

    # -- pull ----------------------------------------------------------------------------------------------------

    def pull(
        self, stream: str, *, since: int | None, until: int, resume: str | None, known: Known
    ) -> Iterator[Page]:
        """Pages of a stream."""
        if stream in schema.OBJECTS:
            pages = self._puller.records(stream, since=since, until=until, resume=resume)
            yield from without_text(pages, schema.TEXTS.get(stream, ()), self._texts)
        elif stream.startswith("link_"):
            yield from self._puller.links(stream, since=since, until=until, resume=resume, known=known)
        elif stream.endswith(schema.SLOW):
            yield from self._puller.computed(stream.removesuffix(schema.SLOW))
        elif stream == "campaigns":
            yield self._puller.campaigns()
        elif stream == "currencies":
            yield exchange_rates.currencies(self.api, self.reading, self.identity().currency, self.latest)
        else:
            whole: dict[str, Callable[[], Page]] = {
                "fields": self._fields,
                "owners": self._owners,
                "stages": self._stages,
                "goals": lambda: goals.read(self.api, self.reading, self.latest),
            }
            yield whole[stream]()

    def _fields(self) -> Page:
        self._described.clear()
        fields = []
        over_ours = self._own | schema.from_tasks(self.describe, self._name(TASK_ID))
        for object_type in schema.CORE:
            selection = self._selection(object_type)
            for f in self.describe(object_type):
                if f.name not in selection.properties:
                    continue
                fields.append(
                    {
                        "object": object_type,
                        "column_name": f"c_{f.name}" if f.custom else _NEUTRAL_NAMES.get(f.name, f.name),
                        "name": f.name,
                        "label": f.label,
                        "type": f.type,
                        "custom": f.custom,
                        "calculated": f.calculated,
                        "known": OVER_OURS
                        if f.mentions(over_ours)
                        else schema.known(object_type, f.name, selection),
                        "ours": f.name in self._own,
                    }
                )
        return Page("fields", rows.texts(fields, _FIELD_COLUMNS, seen=self.latest()), None, "", None)

    def _owners(self) -> Page:
        owners: list[dict[str, Any]] = []
        for archived in (False, True):
            after = None
            while after != "end":
                answer = self.api.get(self.reading.owners(), limit=LIST_LIMIT, archived=archived, after=after)
                owners += answer["results"]
                after = following(answer) or "end"
        owners = [{**o, "userId": o.get("userId") or o.get("userIdIncludingInactive")} for o in owners]
        return Page("owners", rows.texts(owners, _OWNER_COLUMNS, seen=self.latest()), None, "", None)

    def _stages(self) -> Page:
        odd: rows.Odd = Counter()
        stages = []
        for p in self.api.get(self.reading.pipelines("deals"))["results"]:
            for s in p["stages"]:
                metadata = s.get("metadata") if isinstance(s.get("metadata"), dict) else {}
                closed, won = _ending(metadata)
                odd["isClosed"] += closed is None
                odd["probability"] += number(metadata.get("probability")) is None
                stages.append(
                    {
                        "object": "deals",
                        "pipeline": p["id"],
                        "pipeline_label": p.get("label"),
                        "stage": s["id"],
                        "label": s.get("label"),
                        "display_order": s.get("displayOrder"),
                        "probability": metadata.get("probability"),
                        "closed": closed,
                        "won": won,
                    }
                )
        names = (
            "object", "pipeline", "pipeline_label", "stage", "label", "display_order", "probability", "closed", "won",
        )  # fmt: skip
        table = rows.texts(stages, names, seen=self.latest())
        return Page("stages", table, None, "", None, kinds={"display_order": "number"}, odd=odd)

    def estimate(self, stream: str, *, since: int | None, rows: Mapping[str, int], known: Known) -> Estimate:
        """Calls of a stream: counted for objects, reckoned for links, one or two for small tables."""
        p = self._puller
        if stream in schema.OBJECTS:
            chosen = self._selection(stream)
            return estimate.records(self.api, self.reading, stream, chosen, p.sizes, since=since, known=known)
        if stream.startswith("link_"):
            from_type = next(a for a, b in schema.LINKS if schema.link_table(a, b) == stream)
            return estimate.links(
                stream, from_type, p.sizes, since=since, rows=rows.get(from_type, 0), known=known
            )
        return Estimate(stream, 0, {"definition": 3} if stream == "fields" else {"read": 2})

    def inventory(self, stream: str) -> "Iterator[pa.Table]":
        """Every record of an object, archived ones too."""
        yield from self._puller.inventory(stream)

    def reread(self, stream: str, ids: Sequence[str]) -> Iterator[Page]:
        """Records by id."""
        yield from without_text(self._puller.reread(stream, ids), schema.TEXTS.get(stream, ()), self._texts)

    def find(
        self, stream: str, where: Sequence[Condition], *, since: int | None, until: int, after: str
    ) -> Iterator[tuple[Sequence[str], int]]:
        """Ids by search."""
        wanted = checked(stream, self.describe(stream), where)
        yield from find(self.api, self.reading, stream, wanted, since=since, until=until, after=after)

    def mapping(
        self, columns: Mapping[str, Sequence[str]], fields: Sequence[CustomField], account: Account
    ) -> TableMapping:
        """The rows of the neutral tables."""
        return views.mapping(columns, fields, {k: self._name(k) for k in _KEYS}, account)

    def raw(self, object: str) -> tuple[str, str]:
        """HubSpot knows no lead apart from its contact."""
        object_type = "contacts" if object == "leads" else object
        # A record that was merged away leaves no archived row.
        merged = f"SELECT old_id FROM merges WHERE object = '{object_type}'"
        return f"raw_{object_type}", f"NOT _archived AND id NOT IN ({merged})"

    # -- write ---------------------------------------------------------------------------------------------------

    def parse(self, field: Field, text: str | None) -> Canonical:
        """HubSpot gives all values as text; what a field of ours cannot hold stands for itself, as a foreign edit."""
        try:
            return canon(field, text)
        except CanonError:
            return text

    def batch_size(self, changes: int) -> int:
        """100 records a call."""
        return BATCH

    def push(self, changes: Sequence[Change], *, remember: Callable[[str], None]) -> Iterator[Outcome]:
        """Batches of 100; HubSpot has no jobs to remember."""
        yield from self._pusher.push(changes)

    def resume(self, job: str, changes: Sequence[Change]) -> Iterator[Outcome]:
        """HubSpot has no jobs."""
        yield from ()

    def read_back(
        self, object: str, record_ids: Sequence[str], fields: Sequence[Field]
    ) -> Iterator[ReadBack]:
        """Read by id, which does not depend on the search index."""
        object_type = "contacts" if object == "leads" else object
        names = {f.key: (f, self._name(f.key)) for f in fields}
        for start in range(0, len(record_ids), BATCH):
            part = list(record_ids[start : start + BATCH])
            answered = batches.read(
                self.api,
                self.reading.batch(object_type, "read"),
                [{"id": i} for i in part],
                id_of=lambda r: str(r["id"]),
                properties=[n for _, n in names.values()],
            )
            found = {str(r["id"]): r for r in answered}
            for record_id in part:
                held = found.get(record_id)
                if held is None or held.get("archived"):
                    yield ReadBack(object, record_id, {}, found=False)
                    continue
                values = {k: self.parse(f, held["properties"].get(n)) for k, (f, n) in names.items()}
                yield ReadBack(object, record_id, values)

    # -- limits and permissions ----------------------------------------------------------------------------------

    def budget(self) -> Budget:
        """Calls since midnight in the account's time zone."""
        return self.api.budget.standing()

    def seconds_for(self, calls: Mapping[str, int]) -> float:
        """Searches at 5 a second, all else at 190 in 10 seconds (the limits of Professional, as HubSpot documents them)."""
        searches = calls.get("search", 0)
        return searches / 5.0 + (sum(calls.values()) - searches) / 19.0

    def seconds_at_limits(self) -> float:
        """The calls made so far, at those limits."""
        return self.seconds_for(self.calls.by_kind)

    def close(self) -> None:
        """Close the connections, give back what was taken of the day's calls and not used."""
        self.api.budget.close()
        self.api.transport.close()


_NEUTRAL_NAMES = {
    "hs_analytics_source": "lead_source",
    "jobtitle": "title",
    "lifecyclestage": "lifecycle_stage",
    "hs_lead_status": "status",
    "hubspot_owner_id": "owner_id",
    "dealstage": "stage",
    "dealtype": "type",
    "closedate": "close_date",
    "dealname": "name",
}


def _ending(metadata: Mapping[str, Any]) -> tuple[bool | None, bool | None]:
    """Whether a stage is closed, and won; None where HubSpot does not tell it: then its deals' own flags count.

    A closed stage is won when HubSpot gives it certainty; there is no flag for it.
    """
    closed = {"true": True, "false": False}.get(str(metadata.get("isClosed")).lower())
    chance = number(metadata.get("probability"))
    return closed, False if closed is False else None if closed is None or chance is None else chance >= 1


def _info(p: Mapping[str, Any]) -> FieldInfo:
    """A property as HubSpot defines it; what of it cannot be read counts as not said."""
    name = text(p.get("name")) or ""
    meta = p.get("modificationMetadata")
    read_only = isinstance(meta, dict) and meta.get("readOnlyValue") is True
    options = p.get("options")
    return FieldInfo(
        name,
        text(p.get("label")) or name,
        _TYPES.get(text(p.get("type")) or "", "string"),
        p.get("hubspotDefined") is not True and not name.startswith("hs_"),
        not read_only,
        p.get("calculated") is True,
        tuple(
            text(o["value"]) or ""
            for o in (options if isinstance(options, list) else ())
            if isinstance(o, dict) and "value" in o
        ),
        text(p.get("groupName")) or "",
        text(p.get("calculationFormula")) or "",
    )


__all__ = ["HubSpotConnector", "HubSpotRefusalError"]
