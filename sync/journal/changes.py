"""The changes of one record, as planned and as journalled."""

from dataclasses import dataclass

from sales_consultant.config.fields.canon import Canonical
from sales_consultant.connectors.base import Change


@dataclass(frozen=True)
class Entry:
    """The changes of one record: by field, what the CRM holds and what it shall hold."""

    object: str
    record_id: str
    name: str
    why: str
    fields: tuple[tuple[str, Canonical, Canonical], ...]

    def change(self) -> Change:
        """What a connector is asked to do."""
        return Change(self.object, self.record_id, {k: new for k, _, new in self.fields})
