"""Writing to a CRM: changes become calls, with one outcome a record."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence

from sales_consultant.config.fields.catalogue import Field
from sales_consultant.connectors.base.records import (
    Calls,
    Change,
    FieldInfo,
    Outcome,
)


class Writer(ABC):
    """What is written: existing records by id, and only our own fields."""

    calls: Calls

    @abstractmethod
    def describe(self, object: str) -> list[FieldInfo]:
        """The fields of an object that this connection can see."""

    @abstractmethod
    def field_name(self, object: str, field: Field) -> str:
        """What the CRM calls a field of ours."""

    @abstractmethod
    def batch_size(self, changes: int) -> int:
        """Records the CRM takes in one call when so many are changed."""

    @abstractmethod
    def push(self, changes: Sequence[Change], *, remember: Callable[[str], None]) -> Iterator[Outcome]:
        """Write; exactly one outcome a change. Only existing records by id, never a create.

        Changes come sorted by parent and keep that order: vendors lock the parent while a child is written. A job that
        goes on at the CRM without us is told to `remember` before it is made and again before anything is uploaded to it;
        the last word counts.
        """

    def write_calls(self, changes: int) -> int:
        """The least calls that so many changes of one object take, when none is refused."""
        return -(-changes // max(1, self.batch_size(changes)))

    def unwritable(self, object: str, fields: Sequence[Field]) -> dict[str, str]:
        """Field keys this connection may not write, each with what is missing."""
        held = {f.name: f for f in self.describe(object)}
        reasons = {}
        for field in fields:
            info = held.get(self.field_name(object, field))
            if info is None:
                reasons[field.key] = "it is not there"
            elif not info.writable:
                reasons[field.key] = "this user may not edit it"
        return reasons

    def resume(self, job: str, changes: Sequence[Change]) -> Iterator[Outcome]:
        """What became of a remembered job: an outcome for each of its changes that can be told, after its end.

        Whatever its state was, it changes nothing any more when this is done: one that works is waited for, one without
        data is aborted. A change without an outcome is to be read back.
        """
        yield from ()


def unique(changes: Iterable[Change]) -> list[Change]:
    """The changes as given; ValueError where a record appears twice, for vendors refuse or misread such a batch."""
    seen: set[tuple[str, str]] = set()
    listed = list(changes)
    for change in listed:
        key = (change.object, change.record_id)
        if key in seen:
            raise ValueError(f"{change.object} {change.record_id} is changed twice in one plan")
        seen.add(key)
    return listed
