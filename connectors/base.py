"""The protocol that every CRM's connector fulfils, and what crosses it.

A connector turns a CRM's API into Arrow pages of raw rows, turns changes into calls with one outcome a record, and
says by SQL how its raw tables map onto the neutral ones. It knows no store and decides nothing.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import pyarrow as pa

from sales_consultant.config.canon import Canonical
from sales_consultant.config.catalogue import Field
from sales_consultant.config.conditions import Condition
from sales_consultant.config.neutral import TableMapping

OutcomeState = Literal["done", "retry", "wait", "left", "dead", "unknown"]
# "next": nothing is refused, and there is a step to do, as making the fields.
FindingState = Literal["ok", "next", "warning", "missing"]
StepState = Literal[
    "exists",
    "created",
    "would create",
    "changed",
    "would change",
    "removed",
    "would remove",
    "left",
    "refused",
]


@dataclass(frozen=True)
class Identity:
    """Which org or portal answers; stores are bound to `crm`, `id` and `kind`."""

    crm: str
    id: str
    kind: str
    name: str = ""
    currency: str = ""
    time_zone: str = "UTC"

    def __str__(self) -> str:
        return f"{self.crm} {self.id} ({self.kind})"


@dataclass(frozen=True)
class Stream:
    """A raw table of the warehouse and how it is pulled.

    `mode`: "delta" has its own watermark; "links" is re-read for the records that were read since, for open deals and
    for recent activities; "full" is read whole each time because the CRM offers nothing better, and it is small; "slow"
    is read whole at a slower cadence (`of` is the stream whose columns it brings up to date): what a CRM computes
    changes without moving any stamp.
    `object` is what a user calls it; `key` are the columns that identify a row. `first_seen`: the CRM does not say when
    a row was made, so the warehouse keeps when it first saw it (`_first_seen`, empty for rows of the first pull).
    `optional`: without permission for it the pull goes on and says so. `keeps`: a row that the CRM does not list any more
    stays, marked `_gone`, as long as no row with the same values in these columns is listed: a deal may still stand in a
    stage that was deleted, and what is not found is not "no".
    """

    name: str
    object: str
    mode: Literal["delta", "links", "full", "slow"]
    key: tuple[str, ...] = ("id",)
    first_seen: bool = False
    optional: bool = False
    of: str = ""
    keeps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """Rows of one stream, to be committed together with the place to resume from.

    All columns are text as the CRM gave it, but those that start with an underscore: `_created`, `_modified`, `_seen`
    (milliseconds UTC, int64) and `_archived` (bool). `resume` None leaves the place as it is. `scope_column` and `scope` say which earlier rows these replace:
    all whose column has one of the values; `scope` None with `scope_column` "" replaces the whole table. `patch`: the
    rows bring some columns of rows that are held already, by `id`, and leave all else as it is. `kinds`: which columns the
    CRM says are a "number", "bool" or "datetime". `odd`: how many values of a field could not be taken as they came.
    """

    stream: str
    rows: "pa.Table"
    resume: str | None
    scope_column: str = "id"
    scope: "pa.Array[Any] | None" = None
    total: int | None = None
    patch: bool = False
    kinds: Mapping[str, str] = field(default_factory=dict)
    odd: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class FieldInfo:
    """A field as the CRM describes it to this connection."""

    name: str
    label: str
    type: str
    custom: bool
    writable: bool
    calculated: bool
    options: tuple[str, ...] = ()
    group: str = ""
    formula: str = ""

    def mentions(self, names: Collection[str]) -> bool:
        """Whether its formula reads one of some fields, however it quotes them."""
        return bool({n.lower() for n in names} & set(re.findall(r"\w+", self.formula.lower())))


def distinct(found: Iterable[FieldInfo]) -> list[FieldInfo]:
    """The fields that a table can hold side by side: of names that differ only by case the first, no unprintable name.

    No CRM documents such names, and its answer is not believed for that.

    >>> [f.name for f in distinct(FieldInfo(n, n, "string", True, True, False) for n in ("a", "B", "b", "", "c\\n"))]
    ['a', 'B']
    """
    kept: dict[str, FieldInfo] = {}
    for f in found:
        if f.name and f.name.isprintable():
            kept.setdefault(f.name.lower(), f)
    return list(kept.values())


@dataclass(frozen=True)
class Finding:
    """One line of `check`: what was looked at, how it stands, and where to click when it is missing."""

    subject: str
    state: FindingState
    text: str
    action: str = ""


@dataclass(frozen=True)
class Assumption:
    """A guess about the vendor's API and how it stood on a live account; words of types, names and states, never a value.

    `held` is None where it could not be seen.
    """

    name: str
    expected: str
    seen: str
    held: bool | None


@dataclass(frozen=True)
class ProvisionStep:
    """One thing that provisioning does, or would do: a group, a field, a permission, or taking one away.

    "left": not ours to take away, or nothing to do about it here; `text` says why.
    """

    kind: str
    object: str
    name: str
    state: StepState
    text: str = ""


@dataclass(frozen=True)
class Use:
    """Something of the customer's that uses a field of ours, and would miss it."""

    object: str
    field: str
    kind: str
    name: str


@dataclass(frozen=True)
class Change:
    """New canonical values, by field key, of one record."""

    object: str
    record_id: str
    values: Mapping[str, Canonical]


@dataclass(frozen=True)
class Outcome:
    """What the CRM itself said of one record's change.

    "done": it holds the values now. "dead": it refuses them and says why. "retry": it may take them at once or in the next
    run. "wait": somebody must let go of the record first (an approval), so it is tried again after growing pauses and
    is no failure. "left": the record needs no write any more, as a converted lead. "unknown": no answer reached us, the
    record must be read back.
    """

    object: str
    record_id: str
    state: OutcomeState
    message: str = ""
    code: str = ""


@dataclass(frozen=True)
class Held:
    """What the CRM holds of our fields on one record; `found` is False where the record is gone."""

    object: str
    record_id: str
    values: Mapping[str, Canonical]
    found: bool = True


@dataclass(frozen=True)
class Budget:
    """Calls of the CRM's daily allowance; None where the CRM does not say.

    `used` and `limit` are the whole org's; `ours` what this connection made, all its commands together, `allowed` what it
    may; `resets_at` (ms) is when calls come free.
    """

    used: int | None
    limit: int | None
    ours: int | None = None
    allowed: int | None = None
    resets_at: int | None = None


@dataclass
class Calls:
    """Calls made, by kind; the connector counts, anyone may read."""

    by_kind: dict[str, int] = field(default_factory=dict)

    def count(self, kind: str) -> None:
        """Add one call of that kind."""
        self.by_kind[kind] = self.by_kind.get(kind, 0) + 1

    @property
    def total(self) -> int:
        """All calls, retries too."""
        return sum(self.by_kind.values())


@dataclass(frozen=True)
class Estimate:
    """What reading a stream would take: its rows, and calls by kind."""

    stream: str
    rows: int
    calls: Mapping[str, int]


class Known(Protocol):
    """What the warehouse already knows, for streams that are re-read by record."""

    def ids(
        self, stream: str, *, read_since: int | None = None, changed_since: int | None = None
    ) -> Sequence[str]:
        """Ids of the stream's live rows: all, or those that we read, or that were modified, since a moment (ms)."""
        ...

    def open_deals(self) -> Sequence[str]:
        """Ids of the deals that are open."""
        ...

    def archived(self, stream: str) -> int:
        """How many of the stream's rows are archived, as far as is known."""
        ...

    def dangling_links(self, stream: str, object: str) -> Sequence[str]:
        """Ids of the records whose links of a stream lead to records of that object that were merged away."""
        ...


class Connector(Protocol):
    """A CRM."""

    crm: str
    calls: Calls

    def identity(self) -> Identity:
        """Who answers. Raises AccessError, CrmUnavailableError."""
        ...

    def now(self) -> int:
        """The CRM's own clock (ms UTC), from its Date header: upper bound of a pull and as-of of a run."""
        ...

    def covered(self, until: int) -> int | None:
        """Up to when (ms) the CRM says that all is seen, as no transaction from before is open; None where it cannot say."""
        ...

    def latest(self) -> int:
        """The CRM's clock as of the last answer, without a call; 0 before the first."""
        ...

    def check(self, fields: Mapping[str, Sequence[Field]]) -> list[Finding]:
        """What works and what is missing, with the exact scope or permission. Raises nothing for what is missing."""
        ...

    def describe(self, object: str) -> list[FieldInfo]:
        """The fields of an object that this connection can see."""
        ...

    def streams(self) -> Sequence[Stream]:
        """What is pulled, in order."""
        ...

    def definition(self, stream: str) -> str:
        """A hash of what would be selected: when it changes, the stream is read whole again."""
        ...

    def expect(self, windows: Mapping[str, tuple[str | None, int | None]], until: int) -> None:
        """Told which streams are pulled next, in their order, each with its definition of last time and what it is read
        from (ms; None: whole): what can be asked together may be asked together."""
        ...

    def pull(
        self, stream: str, *, since: int | None, until: int, resume: str | None, known: Known
    ) -> Iterator[Page]:
        """The stream's rows modified in [since, until], or all; continues after `resume`."""
        ...

    def estimate(self, stream: str, *, since: int | None, rows: Mapping[str, int], known: Known) -> Estimate:
        """What `pull` of the stream would cost; `rows` are those of the streams before it, as estimated."""
        ...

    def inventory(self, stream: str) -> "Iterator[pa.Table]":
        """Every row that a delta stream has in the CRM, without its fields: `id`, `_modified` (ms), `_archived`."""
        ...

    def reread(self, stream: str, ids: Sequence[str]) -> Iterator[Page]:
        """Those rows of a delta stream as they are now, whenever they changed; one that is gone is left out."""
        ...

    def find(
        self, stream: str, where: Sequence[Condition], *, since: int | None, until: int, after: str
    ) -> Iterator[tuple[Sequence[str], int]]:
        """Ids of a delta stream's live rows that fulfil all conditions and were modified in [since, until].

        In pages by order of id, above `after` ("" for all), each with how many are left, itself included. A row without
        a value is one that is not equal. UsageError for a field that describe does not show, or a value it cannot have.
        """
        ...

    def mapping(
        self, columns: Mapping[str, Sequence[str]], fields: Sequence[tuple[str, str, str]]
    ) -> TableMapping:
        """How the raw tables, with the columns they have, map onto the neutral tables.

        `fields` are (object, name, type) of the custom fields, as the stream "fields" gave them.
        """
        ...

    def raw(self, object: str) -> tuple[str, str]:
        """The raw table of a written object and the condition of its rows in it."""
        ...

    def field_name(self, object: str, field: Field) -> str:
        """What the CRM calls a field of ours."""
        ...

    def parse(self, field: Field, text: str | None) -> Canonical:
        """The canonical value of what the CRM gave for a field of ours; unreadable text counts as its own value."""
        ...

    def provision(self, fields: Mapping[str, Sequence[Field]], *, dry: bool) -> list[ProvisionStep]:
        """Make the fields with their permissions; only ever adds, refuses a field of another type."""
        ...

    def note(self, object: str, field: Field, text: str) -> str:
        """Put a note into the description of a field of ours, in place of the one before; what it says then.

        A description that somebody else wrote is left as it is. Raises AccessError where this user may not.
        """
        ...

    def extras(self, fields: Mapping[str, Sequence[Field]], *, dry: bool) -> list[ProvisionStep]:
        """What is made on request: list views and reports of the records to work, where the CRM's API has them."""
        ...

    def assign(self, people: Sequence[str], *, dry: bool) -> list[ProvisionStep]:
        """Let people (user names or e-mail addresses) see our fields, where the CRM needs that to be said."""
        ...

    def guide(self) -> list[str]:
        """What no API can do, as steps for an admin's hands."""
        ...

    def uses(self, fields: Mapping[str, Sequence[Field]]) -> tuple[list[Use], str]:
        """What uses our fields as far as the CRM's API tells, and what it does not tell."""
        ...

    def remove(self, fields: Mapping[str, Sequence[Field]], *, dry: bool) -> list[ProvisionStep]:
        """Take away all that provisioning made; never what somebody else made. Values in the fields are lost."""
        ...

    def unwritable(self, object: str, fields: Sequence[Field]) -> dict[str, str]:
        """Field keys this connection may not write, each with what is missing."""
        ...

    def batch_size(self, changes: int) -> int:
        """Records the CRM takes in one call when so many are changed."""
        ...

    def write_calls(self, changes: int) -> int:
        """The least calls that so many changes of one object take, when none is refused."""
        ...

    def push(self, changes: Sequence[Change], *, remember: Callable[[str], None]) -> Iterator[Outcome]:
        """Write; exactly one outcome a change. Only existing records by id, never a create.

        Changes come sorted by parent and keep that order: vendors lock the parent while a child is written. A job that
        goes on at the CRM without us is told to `remember` before it is made and again before anything is uploaded to it;
        the last word counts.
        """
        ...

    def resume(self, job: str, changes: Sequence[Change]) -> Iterator[Outcome]:
        """What became of a remembered job: an outcome for each of its changes that can be told, after its end.

        Whatever its state was, it changes nothing any more when this is done: one that works is waited for, one without
        data is aborted. A change without an outcome is to be read back.
        """
        ...

    def other_sync(self) -> list[str]:
        """Signs that HubSpot and Salesforce are synced with each other by HubSpot's own integration; empty for none."""
        ...

    def assumptions(self) -> list[Assumption]:
        """Which guesses about the vendor's API hold here; changes nothing, and tells no value of the account."""
        ...

    def hidden_rows(self) -> Mapping[str, str]:
        """Objects of which this user may not see every record, each with the reason; empty where all rows are seen."""
        ...

    def read_back(self, object: str, record_ids: Sequence[str], fields: Sequence[Field]) -> Iterator[Held]:
        """What the CRM holds now, by the surest read it has."""
        ...

    def budget(self) -> Budget:
        """The daily allowance as last seen."""
        ...

    def seconds_for(self, calls: Mapping[str, int]) -> float:
        """The least time that so many calls of each kind take under the vendor's published limits."""
        ...

    def seconds_at_limits(self) -> float:
        """The least time that the calls made so far take under the vendor's published limits."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


def field_findings(
    object: str, lacking: Mapping[str, str], unmade: Collection[str], *, make: str, mend: str
) -> list[Finding]:
    """One line a field that cannot be written, or one for many: those that provisioning makes are a next step, those that
    are there and refused are missing."""
    found: list[Finding] = []
    still: dict[FindingState, dict[str, str]] = {
        "missing": {k: why for k, why in lacking.items() if k not in unmade},
        "next": {k: why for k, why in lacking.items() if k in unmade},
    }
    for state, fields in still.items():
        action, words = (mend, "may not be written") if state == "missing" else (make, "are still to be made")
        if len(fields) > 3:
            subject = f"fields on {object}"
            found.append(
                Finding(subject, state, f"{len(fields)} fields {words}: {', '.join(fields)}", action)
            )
        else:
            found += [Finding(f"field {k} on {object}", state, why, action) for k, why in fields.items()]
    return found


def unique(changes: Iterable[Change]) -> list[Change]:
    """The changes as given; ValueError where a record appears twice, for vendors refuse or misread such a batch."""
    seen: set[tuple[str, str]] = set()
    found = list(changes)
    for change in found:
        key = (change.object, change.record_id)
        if key in seen:
            raise ValueError(f"{change.object} {change.record_id} is changed twice in one plan")
        seen.add(key)
    return found
