"""Names, companies and owners of all records: what messages, pilots and the control group need."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sales_consultant.config.records import RecordRef
from sales_consultant.engine import DuckEngine
from sales_consultant.engine.reads import records


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """What people call a record, and the ids of its company and its owner, "" for none.

    `key` is the record's own: whoever needs it takes this one and makes no second, for there may be a million.
    """

    name: str
    company: str
    owner: str
    key: RecordRef


def read(engine: DuckEngine, keys: Iterable[RecordRef]) -> Iterator[tuple[DirectoryEntry, bool]]:
    """Each record's entry, and whether the record is not to be scored.

    `keys` are those of records that are held already: an entry takes them over.
    """
    # Many records share these words: each is kept once.
    known: dict[str, str] = {}
    same = {k: k for k in keys}
    for obj, record_id, name, company, owner, leave in records.directory(engine):
        key = RecordRef(known.setdefault(obj, obj), record_id)
        company, owner = (known.setdefault(w, w) if w else "" for w in (company, owner))
        yield DirectoryEntry(name, company, owner, same.get(key, key)), bool(leave)
