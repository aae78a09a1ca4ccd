"""Reading a CRM: streams of raw rows as Arrow pages, and how they map onto the neutral tables."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import pyarrow as pa

from sales_consultant.config.conditions import Condition
from sales_consultant.config.fields.canon import Canonical
from sales_consultant.config.fields.catalogue import Field
from sales_consultant.config.neutral import Account, CustomField, TableMapping
from sales_consultant.connectors.base import slow
from sales_consultant.connectors.base.records import (
    Calls,
    Estimate,
    FieldInfo,
    Identity,
    Page,
    ReadBack,
    Stream,
)


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


class Reader(ABC):
    """What is read of a CRM. It knows no store and decides nothing.

    Where a method has a body here, the body is correct for every CRM and may be slow: a connector replaces it where the
    CRM's API offers something better.
    """

    calls: Calls

    @abstractmethod
    def identity(self) -> Identity:
        """Who answers. Raises AccessError, CrmUnavailableError."""

    @abstractmethod
    def now(self) -> int:
        """The CRM's own clock (ms UTC), from its Date header: upper bound of a pull and as-of of a run."""

    @abstractmethod
    def describe(self, object: str) -> list[FieldInfo]:
        """The fields of an object that this connection can see."""

    @abstractmethod
    def streams(self) -> Sequence[Stream]:
        """What is pulled, in order."""

    @abstractmethod
    def definition(self, stream: str) -> str:
        """A hash of what would be selected: when it changes, the stream is read whole again."""

    @abstractmethod
    def pull(
        self, stream: str, *, since: int | None, until: int, resume: str | None, known: Known
    ) -> Iterator[Page]:
        """The stream's rows modified in [since, until], or all; continues after `resume`."""

    @abstractmethod
    def mapping(
        self, columns: Mapping[str, Sequence[str]], fields: Sequence[CustomField], account: Account
    ) -> TableMapping:
        """How the raw tables, with the columns they have, map onto the neutral tables. Makes no call: what was pulled can be
        read where the CRM cannot be reached.

        `fields` are the fields that the customer added, as the stream "fields" gave them; `account` is what was known of the
        account when the rows were read.
        """

    @abstractmethod
    def raw(self, object: str) -> tuple[str, str]:
        """The raw table of a written object and the condition of its rows in it."""

    @abstractmethod
    def field_name(self, object: str, field: Field) -> str:
        """What the CRM calls a field of ours."""

    @abstractmethod
    def parse(self, field: Field, text: str | None) -> Canonical:
        """The canonical value of what the CRM gave for a field of ours; unreadable text counts as its own value."""

    @abstractmethod
    def read_back(
        self, object: str, record_ids: Sequence[str], fields: Sequence[Field]
    ) -> Iterator[ReadBack]:
        """What the CRM holds now, by the surest read it has."""

    def covered(self, until: int) -> int | None:
        """Up to when (ms) the CRM says that all is seen, as no transaction from before is open; None where it cannot say."""
        return None

    def latest(self) -> int:
        """The CRM's clock as of the last answer, without a call; 0 before the first."""
        return self.now()

    def prefetch(self, windows: Mapping[str, tuple[str | None, int | None]], until: int) -> None:
        """Told which streams are pulled next, in their order, each with its definition of last time and what it is read
        from (ms; None: whole): what can be asked together may be asked together."""
        return

    def inventory(self, stream: str) -> "Iterator[pa.Table]":
        """Every row that a delta stream has in the CRM, without its fields: `id`, `_modified` (ms), `_archived`."""
        yield from slow.inventory(self, stream)

    def reread(self, stream: str, ids: Sequence[str]) -> Iterator[Page]:
        """Those rows of a delta stream as they are now, whenever they changed; one that is gone is left out."""
        yield from slow.reread(self, stream, ids)

    def find(
        self, stream: str, where: Sequence[Condition], *, since: int | None, until: int, after: str
    ) -> Iterator[tuple[Sequence[str], int]]:
        """Ids of a delta stream's live rows that fulfil all conditions and were modified in [since, until].

        In pages by order of id, above `after` ("" for all), each with how many are left, itself included. A row without
        a value is one that is not equal. UsageError for a field that describe does not show, or a value it cannot have.
        """
        yield from slow.find(self, stream, where, since=since, until=until, after=after)

    def estimate(self, stream: str, *, since: int | None, rows: Mapping[str, int], known: Known) -> Estimate:
        """What `pull` of the stream would cost; `rows` are those of the streams before it, as estimated."""
        return slow.estimate(self, stream)

    def hidden_rows(self) -> Mapping[str, str]:
        """Objects of which this user may not see every record, each with the reason; empty where all rows are seen."""
        return {}

    def close(self) -> None:
        """Let go of connections."""
        return
