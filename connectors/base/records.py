"""What crosses the line between a connector and the rest: pages, changes, outcomes, findings."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow as pa

from sales_consultant.config.fields.canon import Canonical

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
    is read whole at longer intervals (`of` is the stream whose columns it brings up to date): what a CRM computes
    changes without moving any stamp.
    `object` is what a user calls it; `key` are the columns that identify a row. `first_seen`: the CRM does not say when
    a row was made, so the warehouse keeps when it first saw it (`_first_seen`, empty for rows of the first pull).
    `optional`: without permission for it the pull goes on and says so. `keeps`: a row that the CRM does not list any more
    stays, marked `_gone`, as long as no row with the same values in these columns is listed: a deal may still stand in a
    stage that was deleted, and what is not found is not "no". `texts`: the CRM's fields that hold what people wrote, the
    subject first; they are selected only where text is on.
    """

    name: str
    object: str
    mode: Literal["delta", "links", "full", "slow"]
    key: tuple[str, ...] = ("id",)
    first_seen: bool = False
    optional: bool = False
    of: str = ""
    keeps: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """Rows of one stream, to be committed together with the place to resume from.

    All columns are text as the CRM gave it, but those that start with an underscore: `_created`, `_modified`, `_seen`
    (milliseconds UTC, int64) and `_archived` (bool). `resume` None leaves the place as it is. `scope_column` and
    `scope` say which earlier rows these replace: all whose column has one of the values; `scope` None with
    `scope_column` "" replaces the whole table. `patch`: the rows bring some columns of rows that are held already, by
    `id`, and leave all else as it is. `kinds`: which columns the CRM says are a "number", "bool" or "datetime".
    `odd`: how many values of a field could not be taken as they came. `total`: how many rows this call of `pull` brings in
    all, from where it resumes, and of links of how many records they are; None where no answer that is read anyway says.
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
class ReadBack:
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
