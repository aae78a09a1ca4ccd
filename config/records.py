"""What names a record, wherever one is spoken of."""

from typing import NamedTuple


class RecordRef(NamedTuple):
    """A record of the CRM: its object ("contacts", "leads", "companies" or "deals") and its id there."""

    object: str
    record_id: str

    def __str__(self) -> str:
        return f"{self.object}/{self.record_id}"
