"""What the CRM holds of our fields: as pulled, with what we wrote since laid over it."""

from collections.abc import Mapping, Sequence

from sales_consultant.config.fields.canon import Canonical
from sales_consultant.config.fields.catalogue import Field
from sales_consultant.config.neutral import field_column
from sales_consultant.config.records import RecordRef
from sales_consultant.connectors.base import Reader
from sales_consultant.engine.reads import records
from sales_consultant.engine.reads.rows import MANY
from sales_consultant.sync.journal import last_written, written_since
from sales_consultant.sync.plan.plan import CurrentValues, Values
from sales_consultant.sync.stores import State, Warehouse


def read(
    connector: Reader,
    warehouse: Warehouse,
    state: State,
    fields: Mapping[str, Sequence[Field]],
    *,
    overlay: bool = True,
) -> CurrentValues:
    """Our fields' values by record, for every live record of the written objects; without `overlay` only as pulled.

    A search index lags behind the records: a row read before our own write was acknowledged is older than the write.
    """
    values: dict[RecordRef, Values] = {}
    seen: dict[RecordRef, int] = {}
    # Most records hold the same few values, read in the same few moments: each is kept once.
    moments: dict[int, int] = {}
    for obj, chosen in fields.items():
        table, condition = connector.raw(obj)
        columns = warehouse.columns(table)
        if not columns:
            continue
        names = [(f, field_column(connector.field_name(obj, f))) for f in chosen]
        present = [(f, n) for f, n in names if n in columns]
        parsed = [_Parsed(connector, f) for f, _ in present]
        for record_id, at, *texts in records.rows_where(
            warehouse.engine, table, [n for _, n in present], condition
        ):
            key = RecordRef(obj, record_id)
            values[key] = {p.key: p[text] for p, text in zip(parsed, texts, strict=True) if text is not None}
            seen[key] = moments.setdefault(at, at)
    oldest = min(seen.values(), default=0)
    for key, fresh in (written_since(state, oldest) if overlay else {}).items():
        for name, (value, at) in fresh.items():
            if key in values and at >= seen[key]:
                values[key][name] = value
    return CurrentValues(values, last_written(state, values))


class _Parsed(dict[str, Canonical]):
    """The canonical value of each text of a field, found out once, as long as there are not too many of them."""

    def __init__(self, connector: Reader, field: Field) -> None:
        super().__init__()
        self.key = field.key
        self._connector = connector
        self._field = field

    def __missing__(self, text: str) -> Canonical:
        found = self._connector.parse(self._field, text)
        if len(self) < MANY:
            self[text] = found
        return found


def shown(held: CurrentValues, field: str) -> dict[RecordRef, str]:
    """The value of a field that each record shows now, by object and id: two objects may have the same id."""
    return {key: str(v[field]) for key, v in held.values.items() if v.get(field)}
