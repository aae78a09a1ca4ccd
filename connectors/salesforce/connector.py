"""Salesforce behind the protocol of `connectors.base`."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pyarrow as pa

from sales_consultant.config.conditions import Condition
from sales_consultant.config.errors import AccessError, CrmUnavailableError
from sales_consultant.config.fields.canon import CanonError, Canonical, canon
from sales_consultant.config.fields.catalogue import FIELDS, Field, by_key
from sales_consultant.config.fields.naming import Naming
from sales_consultant.config.neutral import Account, CustomField, TableMapping, field_column, quote
from sales_consultant.connectors.base import (
    TASK_ID,
    Budget,
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
    without_text,
)
from sales_consultant.connectors.filters import checked
from sales_consultant.connectors.salesforce.api import (
    Prefetcher,
    Question,
    SalesforceApi,
    SalesforceRefusalError,
    moment,
    quoted,
)
from sales_consultant.connectors.salesforce.reading import (
    Described,
    Puller,
    Sizes,
    estimate,
    find,
    invisible,
    quotas,
    rows,
    schema,
    small_tables,
    text,
    views,
)
from sales_consultant.connectors.salesforce.setup import (
    Extras,
    Fields,
    Permissions,
    SalesforceAdmin,
    TaskField,
)
from sales_consultant.connectors.salesforce.tasks import SalesforceTasks
from sales_consultant.connectors.salesforce.writing import BULK_FROM, BULK_ROWS, COLLECTION, JOB_CALLS, Pusher

_KEYS = (*(f.key for f in FIELDS), TASK_ID)
# Ids of a query that reads back. A judgement: as many as a collection writes; with 27 letters each they fit into an
# address.
READ_BACK = 200


class SalesforceConnector(SalesforceAdmin, Connector):
    """One Salesforce org."""

    crm = "salesforce"

    def __init__(
        self,
        api: SalesforceApi,
        *,
        naming: Naming = Naming(),
        sizes: Sizes = Sizes(),
        sleep: Callable[[float], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        texts: TextReader | None = None,
    ) -> None:
        self.api = api
        self._texts = texts
        # A wait for a job ends when told to stop, as any other.
        sleep = sleep or api.transport.sleep
        self.calls = api.calls
        self.naming = naming
        self.ahead = Prefetcher(api)
        self.described = Described(api, self.ahead, lambda: self._own, text=texts is not None)
        self._identity: Identity | None = None
        self._user: dict[str, Any] | None = None
        self._covered: tuple[int, int | None] = (0, None)
        self._expected = False
        self._puller = Puller(
            api, self.described.selection, ahead=self.ahead, sizes=sizes, sleep=sleep, clock=clock
        )
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
        task_field = TaskField(api, naming, self.fields, self.permissions)
        self.tasks = SalesforceTasks(api, task_field, lambda: self.covered(self.now()), self.latest)
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
            org, currency = small_tables.organization(self.ahead)
            if not isinstance(org["Id"], str) or not isinstance(org["IsSandbox"], bool):
                # Which org this is must be sure: the stores are bound to it.
                raise CrmUnavailableError(
                    "Salesforce's answer about the org cannot be read: its Id, or whether it is a sandbox.",
                    action="Run the command again later.",
                )
            self._identity = Identity(
                "salesforce",
                str(org["Id"]),
                "sandbox" if org["IsSandbox"] else "production",
                str(org["Name"]),
                currency,
                str(org.get("TimeZoneSidKey") or "UTC"),
            )
        return self._identity

    def now(self) -> int:
        """Salesforce's clock: the end of the second that its header names, so that what was just saved counts.

        The call that tells the time also tells which org it is, or since when a transaction is open.
        """
        end, covered = 0, None
        if self._identity is None:
            self.identity()
        else:
            path, end = _timing(self.latest())
            try:
                covered = _date_covered(self.api.call(path))
            except (SalesforceRefusalError, AccessError):
                covered = None
        if not self.latest():
            raise CrmUnavailableError(
                "Salesforce's answer has no Date header.", action="Check the proxy in between."
            )
        until = self.latest() + 999
        # Where much time has passed since the answer before, what was asked for ended too early.
        self._covered = (until if until < end else 0, covered)
        return until

    def covered(self, until: int) -> int | None:
        """The start of the oldest transaction that is still open: what it did will show with stamps from then on.

        `updated` tells it for any object alike; None where this user or org may not ask.
        """
        if self._covered[0] != until:
            try:
                self._covered = (until, _date_covered(self.api.call(_timing(until)[0])))
            except (SalesforceRefusalError, AccessError):
                self._covered = (until, None)
        return self._covered[1]

    def latest(self) -> int:
        """Salesforce's clock as of the last answer."""
        return self.api.transport.server_ms or 0

    def forget(self) -> None:
        """Describe anew: fields or rights may have changed."""
        self.described.forget()

    def _name(self, object: str, key: str) -> str:
        return self.naming.salesforce(key)

    def field_name(self, object: str, field: Field) -> str:
        """The API name of a field of ours, as SC_Score__c."""
        return self._name(object, field.key)

    @property
    def _own(self) -> frozenset[str]:
        return frozenset(self._name("", k) for k in _KEYS)

    def describe(self, object: str) -> list[FieldInfo]:
        """The fields of an object (ours or Salesforce's name) that this user can see; none where it may not see it."""
        return self.described.fields(schema.WRITTEN.get(object, object))

    def streams(self) -> Sequence[Stream]:
        """What is pulled."""
        return schema.streams(text=self._texts is not None)

    def definition(self, stream: str) -> str:
        """A hash of the selected fields; the small tables have none to change. AccessError for what cannot be seen."""
        if stream.endswith(schema.SLOW):
            return ",".join(self.described.selection(stream.removesuffix(schema.SLOW)).calculated)
        if stream not in schema.STANDARD:
            return "1"
        selection = self.described.selection(stream)
        if not selection.fields:
            raise invisible(stream)
        return selection.digest

    # -- pull ----------------------------------------------------------------------------------------------------

    def prefetch(self, windows: Mapping[str, tuple[str | None, int | None]], until: int) -> None:
        """All objects are described in one call, and the first pages of five streams read in one."""
        self.identity()
        objects = [n.removesuffix(schema.SLOW) for n in windows]
        names = list(dict.fromkeys(n for n in objects if n in schema.STANDARD))
        names += [quotas.OBJECT] if "goals" in windows else []
        asking = () if self._covered[0] == until else (_timing(until)[0],)
        for status, body in self.described.describe_all(names, *asking):
            if status == 200:
                self._covered = (until, _date_covered(body))
        self._expected = True
        questions: list[Question] = []
        for name, (definition, since) in windows.items():
            questions += small_tables.QUERIES.get(name, ())
            questions += quotas.questions(self.described) if name == "goals" else ()
            if since is not None and name in schema.STANDARD:
                selection = self.described.selection(name)
                if selection.fields and selection.digest == definition:
                    questions += self._puller.questions(name, selection, since, until)
        self.ahead.prefetch(questions)

    def pull(
        self, stream: str, *, since: int | None, until: int, resume: str | None, known: Known
    ) -> Iterator[Page]:
        """Pages of a stream."""
        if stream == "fields":
            if not self._expected:
                self.forget()
            self._expected = False
            yield small_tables.fields(self.described, self._own, self.latest())
        elif stream == "stages":
            yield small_tables.stages(self.ahead, self.latest())
        elif stream == "currencies":
            yield small_tables.currencies(self.ahead, self.latest())
        elif stream == "goals":
            yield quotas.read(self.ahead, self.described, self.latest())
        elif stream.endswith(schema.SLOW):
            yield from self._puller.computed(stream.removesuffix(schema.SLOW))
        else:
            pages = self._puller.records(stream, since=since, until=until, resume=resume)
            yield from without_text(pages, schema.TEXTS.get(stream, ()), self._texts)

    def estimate(self, stream: str, *, since: int | None, rows: Mapping[str, int], known: Known) -> Estimate:
        """Calls of a stream, from a count."""
        if stream not in schema.STANDARD:
            return Estimate(stream, 0, {"query": 2} if stream == "stages" else {})
        return estimate.records(
            self.api, stream, self.described.selection(stream), self._puller.sizes, since=since
        )

    def inventory(self, stream: str) -> Iterator[pa.Table]:
        """Every row of an object, deleted and archived ones too."""
        yield from self._puller.inventory(stream)

    def reread(self, stream: str, ids: Sequence[str]) -> Iterator[Page]:
        """Rows by id."""
        pages = self._puller.reread(stream, ids)
        yield from without_text(pages, schema.TEXTS.get(stream, ()), self._texts)

    def find(
        self, stream: str, where: Sequence[Condition], *, since: int | None, until: int, after: str
    ) -> Iterator[tuple[Sequence[str], int]]:
        """Ids by SOQL."""
        wanted = checked(stream, self.described.fields(stream), where)
        cursor = self.described.selection(stream).cursor
        yield from find(self.api, stream, cursor, wanted, since=since, until=until, after=after)

    def mapping(
        self, columns: Mapping[str, Sequence[str]], fields: Sequence[CustomField], account: Account
    ) -> TableMapping:
        """The rows of the neutral tables."""
        own = {k: self._name("", k) for k in _KEYS}
        return views.mapping(columns, fields, own, account)

    def raw(self, object: str) -> tuple[str, str]:
        """The raw table; a converted lead can hardly be written and is left alone."""
        table = f"raw_{schema.WRITTEN[object]}"
        return (
            table,
            f"NOT _archived AND coalesce({quote(field_column('IsConverted'))}, 'false') <> 'true'"
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

    def read_back(
        self, object: str, record_ids: Sequence[str], fields: Sequence[Field]
    ) -> Iterator[ReadBack]:
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
                    yield ReadBack(object, record_id, {}, found=False)
                else:
                    yield ReadBack(
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


def _timing(until: int) -> tuple[str, int]:
    """Where it is told since when a transaction is open, and the end of the span that is asked for."""
    # Seconds are ignored and a span below a minute is refused (REST API Developer Guide, sObject Get Updated).
    start, end = until - 2 * 60_000, until + 2 * 60_000 - until % 60_000
    query = urlencode({"start": moment(start - start % 60_000), "end": moment(end)})
    return f"sobjects/Account/updated?{query}", end


def _date_covered(answer: Mapping[str, Any]) -> int | None:
    at: int | None = rows.to_ms([answer.get("latestDateCovered")])[0].as_py()
    return at
