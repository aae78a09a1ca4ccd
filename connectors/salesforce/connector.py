"""Salesforce behind the protocol of `connectors.base`."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from sales_consultant.config.canon import CanonError, Canonical, canon
from sales_consultant.config.catalogue import FIELDS, Field, by_key
from sales_consultant.config.errors import AccessError, CrmUnavailableError
from sales_consultant.config.naming import Naming
from sales_consultant.connectors.base import (
    Budget,
    Change,
    Estimate,
    FieldInfo,
    Held,
    Identity,
    Known,
    Outcome,
    Page,
    Stream,
)
from sales_consultant.connectors.salesforce import estimate, rows, schema, small, views
from sales_consultant.connectors.salesforce.admin import SalesforceAdmin
from sales_consultant.connectors.salesforce.client import (
    SalesforceApi,
    SalesforceRefusalError,
    moment,
    quoted,
)
from sales_consultant.connectors.salesforce.extras import Extras
from sales_consultant.connectors.salesforce.permissions import Permissions
from sales_consultant.connectors.salesforce.provision import Fields
from sales_consultant.connectors.salesforce.pull import Puller, Sizes, invisible
from sales_consultant.connectors.salesforce.push import BULK_FROM, BULK_ROWS, COLLECTION, JOB_CALLS, Pusher
from sales_consultant.connectors.salesforce.rows import text

READ_BACK = 200
_FIELD_COLUMNS = ("object", "column_name", "name", "label", "type", "custom", "calculated", "known", "ours")
_STAGE_COLUMNS = (
    "object",
    "pipeline",
    "pipeline_label",
    "stage",
    "label",
    "display_order",
    "probability",
    "closed",
    "won",
)


class SalesforceConnector(SalesforceAdmin):
    """One Salesforce org."""

    crm = "salesforce"

    def __init__(
        self,
        api: SalesforceApi,
        *,
        naming: Naming = Naming(),
        sizes: Sizes = Sizes(),
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.api = api
        self.calls = api.calls
        self.naming = naming
        self._described: dict[str, list[FieldInfo]] = {}
        self._types: dict[str, dict[str, str]] = {}
        self._identity: Identity | None = None
        self._user: dict[str, Any] | None = None
        self._puller = Puller(api, self._selection, sizes=sizes, sleep=sleep, clock=clock)
        self.pusher = Pusher(
            api,
            self._name,
            schema.WRITTEN,
            self._spell,
            by_key,
            user=lambda: str(self.user()["user_id"]),
            sleep=sleep,
            clock=clock,
        )
        self.fields = Fields(api, naming)
        self.permissions = Permissions(api, naming, lambda: str(self.user()["user_id"]))
        self.lists = Extras(api, naming, lambda o: {f.name for f in self.describe(o)})

    # -- who and what --------------------------------------------------------------------------------------------

    def user(self) -> dict[str, Any]:
        """Who this connection runs as: user_id, preferred_username, organization_id."""
        if self._user is None:
            self._user = dict(self.api.call("/services/oauth2/userinfo"))
        return self._user

    def identity(self) -> Identity:
        """The org: its id, and whether it is a sandbox."""
        if self._identity is None:
            rows = self.api.query(
                "SELECT Id, Name, IsSandbox, OrganizationType, TimeZoneSidKey FROM Organization"
            )
            org = rows[0]
            kind = "sandbox" if org["IsSandbox"] else "production"
            self._identity = Identity(
                "salesforce",
                str(org["Id"]),
                kind,
                str(org["Name"]),
                self._currency(),
                str(org.get("TimeZoneSidKey") or "UTC"),
            )
        return self._identity

    def _currency(self) -> str:
        """The corporate currency where the org has several; else what the org does not say by API."""
        try:
            rows = self.api.query("SELECT IsoCode FROM CurrencyType WHERE IsCorporate = true")
        except (SalesforceRefusalError, AccessError):
            return ""
        return str(rows[0]["IsoCode"]) if rows else ""

    def now(self) -> int:
        """Salesforce's clock: the end of the second that its header names, so that what was just saved counts."""
        self.api.call("limits")
        if not self.latest():
            raise CrmUnavailableError(
                "Salesforce's answer has no Date header.", action="Check the proxy in between."
            )
        return self.latest() + 999

    def covered(self, until: int) -> int | None:
        """The start of the oldest transaction that is still open: what it did will show with stamps from then on.

        `updated` tells it for any object alike; None where this user or org may not ask.
        """
        start = until - 2 * 60_000
        params = {"start": moment(start - start % 60_000), "end": moment(until + 60_000 - until % 60_000)}
        try:
            answer = self.api.call("sobjects/Account/updated", params=params)
            at: int | None = rows.to_ms([answer["latestDateCovered"]])[0].as_py()
            return at
        except (SalesforceRefusalError, AccessError, KeyError):
            return None

    def latest(self) -> int:
        """Salesforce's clock as of the last answer."""
        return self.api.transport.server_ms or 0

    def forget(self) -> None:
        """Describe anew: fields or rights may have changed."""
        self._described.clear()

    def _name(self, object: str, key: str) -> str:
        return self.naming.salesforce(key)

    def field_name(self, object: str, field: Field) -> str:
        """The API name of a field of ours, as SC_Score__c."""
        return self._name(object, field.key)

    @property
    def _own(self) -> frozenset[str]:
        return frozenset(self._name("", f.key) for f in FIELDS)

    def describe(self, object: str) -> list[FieldInfo]:
        """The fields of an object (ours or Salesforce's name) that this user can see; none where it may not see it."""
        name = schema.WRITTEN.get(object, object)
        if name not in self._described:
            try:
                found = self.api.call(f"sobjects/{name}/describe")["fields"]
            except SalesforceRefusalError as e:
                if e.status != 404:
                    raise
                found = []
            self._described[name] = [_info(f) for f in found]
            self._types[name] = {f["name"]: f["type"] for f in found}
        return self._described[name]

    def _selection(self, name: str) -> schema.Selection:
        return schema.select(name, self.describe(name), self._types.get(name, {}), self._own)

    def streams(self) -> Sequence[Stream]:
        """What is pulled."""
        return schema.streams()

    def definition(self, stream: str) -> str:
        """A hash of the selected fields; the small tables have none to change. AccessError for what cannot be seen."""
        if stream.endswith(schema.SLOW):
            return ",".join(self._selection(stream.removesuffix(schema.SLOW)).calculated)
        if stream not in schema.STANDARD:
            return "1"
        selection = self._selection(stream)
        if not selection.fields:
            raise invisible(stream)
        return selection.digest

    # -- pull ----------------------------------------------------------------------------------------------------

    def pull(
        self, stream: str, *, since: int | None, until: int, resume: str | None, known: Known
    ) -> Iterator[Page]:
        """Pages of a stream."""
        if stream == "fields":
            yield self._fields()
        elif stream == "stages":
            yield self._stages()
        elif stream == "currencies":
            yield _small(stream, small.currencies(self.api), small.CURRENCY_COLUMNS, self.latest())
        elif stream.endswith(schema.SLOW):
            yield from self._puller.computed(stream.removesuffix(schema.SLOW))
        else:
            yield from self._puller.records(stream, since=since, until=until, resume=resume)

    def _fields(self) -> Page:
        self._described.clear()
        found = []
        for name, neutral in schema.NEUTRAL.items():
            chosen = self._selection(name).fields
            for f in self.describe(name):
                if f.name not in chosen:
                    continue
                found.append(
                    {
                        "object": neutral,
                        "column_name": f"c_{f.name.removesuffix('__c').lower()}"
                        if f.custom
                        else schema.COLUMN.get(f.name, f.name),
                        "name": f.name,
                        "label": f.label,
                        "type": f.type,
                        "custom": f.custom,
                        "calculated": f.calculated,
                        "known": "fixed" if f.name in schema.FIXED else "current",
                        "ours": f.name in self._own,
                    }
                )
        # A field that both leads and contacts have is one column of the neutral contacts.
        unique = {(f["object"], f["column_name"]): f for f in found}
        return _small("fields", list(unique.values()), _FIELD_COLUMNS, self.latest())

    def _stages(self) -> Page:
        rows = self.api.query(
            "SELECT ApiName, MasterLabel, SortOrder, DefaultProbability, IsClosed, IsWon FROM OpportunityStage "
            "WHERE IsActive = true ORDER BY SortOrder"
        )
        pipelines = {"default": "Opportunities"}
        try:
            types = self.api.query("SELECT Id, Name FROM RecordType WHERE SobjectType = 'Opportunity'")
            pipelines |= {str(t["Id"]): str(t["Name"]) for t in types}
        except SalesforceRefusalError:
            pass
        found = [
            {
                "object": "deals",
                "pipeline": pipeline,
                "pipeline_label": label,
                "stage": r["ApiName"],
                "label": r["MasterLabel"],
                "display_order": r["SortOrder"],
                "probability": (r["DefaultProbability"] or 0) / 100,
                "closed": r["IsClosed"],
                "won": r["IsWon"],
            }
            for pipeline, label in pipelines.items()
            for r in rows
        ]
        return _small("stages", found, _STAGE_COLUMNS, self.latest())

    def estimate(self, stream: str, *, since: int | None, rows: Mapping[str, int], known: Known) -> Estimate:
        """Calls of a stream, from a count."""
        if stream not in schema.STANDARD:
            return Estimate(stream, 0, {"query": 2} if stream == "stages" else {})
        return estimate.records(self.api, stream, self._selection(stream), self._puller.sizes, since=since)

    def inventory(self, stream: str) -> Iterator[pa.Table]:
        """Every row of an object, deleted and archived ones too."""
        yield from self._puller.inventory(stream)

    def reread(self, stream: str, ids: Sequence[str]) -> Iterator[Page]:
        """Rows by id."""
        yield from self._puller.reread(stream, ids)

    def views(
        self, columns: Mapping[str, Sequence[str]], fields: Sequence[tuple[str, str, str]]
    ) -> list[str]:
        """The neutral views."""
        who = self.identity()
        own = {f.key: self._name("", f.key) for f in FIELDS}
        return views.statements(columns, fields, own, (who.currency, who.time_zone))

    def raw(self, object: str) -> tuple[str, str]:
        """The raw table; a converted lead can hardly be written and is left alone."""
        table = f"raw_{schema.WRITTEN[object]}"
        return (
            table,
            "NOT _archived AND coalesce(IsConverted, 'false') <> 'true'"
            if object == "leads"
            else "NOT _archived",
        )

    # -- write ---------------------------------------------------------------------------------------------------

    def _spell(self, field: Field, value: Canonical) -> str | None:
        """A canonical value as Salesforce takes it: percents times 100; None empties."""
        if value is None:
            return None
        if field.type == "percent":
            return format((Decimal(value) * 100).normalize(), "f")
        return value

    def parse(self, field: Field, text: str | None) -> Canonical:
        """The canonical value of what Salesforce gave; what a field of ours cannot hold stands for itself."""
        try:
            if field.type == "percent" and text:
                return canon(field, Decimal(text) / 100)
            if field.type == "datetime" and text:
                return canon(field, text.replace(".000+0000", "Z").replace("+0000", "Z"))
            if field.type == "bool" and text == "false":
                return None
            return canon(field, text)
        except (CanonError, ArithmeticError):
            return text

    def batch_size(self, changes: int) -> int:
        """200 a call below 2,000 records of an object, above one job for all."""
        return COLLECTION if changes < BULK_FROM else BULK_ROWS

    def write_calls(self, changes: int) -> int:
        """A call a collection; a job is made, filled, set to work, asked for its end and for its three lists."""
        if changes < BULK_FROM:
            return -(-changes // COLLECTION)
        return JOB_CALLS * -(-changes // BULK_ROWS)

    def push(self, changes: Sequence[Change], *, remember: Callable[[str], None]) -> Iterator[Outcome]:
        """Collections or one Bulk job."""
        yield from self.pusher.push(changes, remember=remember)

    def resume(self, job: str, changes: Sequence[Change]) -> Iterator[Outcome]:
        """The end of remembered Bulk jobs, whatever state they were in."""
        yield from self.pusher.resume(job, changes)

    def read_back(self, object: str, record_ids: Sequence[str], fields: Sequence[Field]) -> Iterator[Held]:
        """Query by ids; deleted rows are not in `query`."""
        names = {f.key: (f, self._name(object, f.key)) for f in fields}
        selected = ", ".join(["Id", *(n for _, n in names.values())])
        for start in range(0, len(record_ids), READ_BACK):
            part = list(record_ids[start : start + READ_BACK])
            listed = ", ".join(quoted(i) for i in part)
            rows = self.api.query(f"SELECT {selected} FROM {schema.WRITTEN[object]} WHERE Id IN ({listed})")
            found = {str(r["Id"]): r for r in rows}
            for record_id in part:
                row = found.get(record_id)
                if row is None:
                    yield Held(object, record_id, {}, found=False)
                else:
                    yield Held(
                        object, record_id, {k: self.parse(f, text(row.get(n))) for k, (f, n) in names.items()}
                    )

    # -- limits and permissions ----------------------------------------------------------------------------------

    def budget(self) -> Budget:
        """Calls of the last 24 hours."""
        return self.api.budget.standing()

    def seconds_for(self, calls: Mapping[str, int]) -> float:
        """Salesforce limits calls a day, not a second: with 25 at once and .2 s each, some 100 a second."""
        return sum(calls.values()) / 100.0

    def seconds_at_limits(self) -> float:
        """The calls made so far, at that pace."""
        return self.seconds_for(self.calls.by_kind)

    def close(self) -> None:
        """Close the connections, give back what was taken of the day's calls and not used."""
        self.api.budget.close()
        self.api.session.inner.close()


def _small(name: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str], seen: int) -> Page:
    made: dict[str, Any] = {c: pa.array([text(r.get(c)) for r in rows], pa.string()) for c in columns}
    made["_seen"] = pa.array([seen] * len(rows), pa.int64())
    return Page(name, pa.table(made), None, "", None)


def _info(f: Mapping[str, Any]) -> FieldInfo:
    options = tuple(p["value"] for p in f.get("picklistValues") or () if p.get("active", True))
    return FieldInfo(
        f["name"],
        f.get("label") or f["name"],
        schema.neutral_type(f["type"]),
        bool(f.get("custom")),
        bool(f.get("updateable")),
        bool(f.get("calculated")) or f["type"] in ("address", "location"),
        options,
    )
