"""What the loaders of a data folder share: ids of the folder's rows, custom fields, and writing many records."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sales_consultant.sandbox.clock import parse_iso
from sales_consultant.sandbox.data_folder import Folder, Table
from sales_consultant.sandbox.data_folder.tables import CustomField
from sales_consultant.sandbox.salesforce.metadata import add_field
from sales_consultant.sandbox.salesforce.org import VENDOR, Org, ids, stamp, words
from sales_consultant.sandbox.salesforce.records import dumps
from sales_consultant.sandbox.store import Record

Json = dict[str, Any]
Row = dict[str, Any]
SOBJECT = {
    "companies": "Account", "contacts": "Contact", "leads": "Lead", "deals": "Opportunity", "products": "Product2",
    "line_items": "OpportunityLineItem", "campaigns": "Campaign", "campaign_members": "CampaignMember",
}  # fmt: skip
EXTERNAL = "external_id__c"
# Metadata API Developer Guide, CustomField: a Text field holds so much, what is longer is a long text area.
_TEXT = 255


@dataclass
class Draft:
    """A record that is being made; times in milliseconds UTC."""

    external: str
    created: int
    values: Json
    modified: int = 0
    id: str = ""


@dataclass
class Loader:
    """The folder, the org, and what has been loaded so far by table and the folder's own id."""

    folder: Folder
    org: Org
    admin: str = ""
    profiles: dict[str, str] = field(default_factory=dict)
    drafts: dict[str, dict[str, Draft]] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    """The field that each column of a table became."""
    fields: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """The custom fields made, by object: granted to the profiles in the end."""
    stage_names: dict[tuple[str, str], str] = field(default_factory=dict)
    """The API name of a pipeline's stage."""

    def __post_init__(self) -> None:
        self.now = self.org.now()
        self.epoch = self._epoch()

    def _epoch(self) -> int:
        """When rows without a time of their own were made: with the oldest that has one."""
        times: list[int] = [
            row[name]
            for table in self.folder.tables.values()
            for name in ("created_at", "entered_at", "changed_at", "occurred_at")
            if name in table.columns
            for row in table
            if row.get(name) is not None
        ]
        return min([*times, self.now]) // 1000 * 1000

    def id(self, table: str, external: str | None) -> str | None:
        """The id of a row of the folder; None where there is none."""
        found = self.drafts.get(table, {}).get(external or "")
        return found.id if found else None

    def owner(self, row: Row) -> str:
        """The user who owns a row; the administrator where it names nobody."""
        return self.owners.get(row.get("owner_id") or "", self.admin)

    def time(self, value: Any) -> int:
        """A time of the folder in whole seconds; the epoch for none."""
        return self.epoch if value is None else int(value) // 1000 * 1000

    # Custom fields

    def define(self, table: Table, *sobjects: str) -> dict[str, CustomField]:
        """Make custom fields of a table's further columns, and the external id; the columns by field name."""
        found: dict[str, CustomField] = {}
        for sobject in sobjects:
            self.make_field(sobject, CustomField("external_id", "external_id", "string"), external=True)
            for column in table.custom:
                found[self.make_field(sobject, column, values=(r.get(column.column) for r in table))] = column
        self.columns.setdefault(table.name, {}).update({c.column: n for n, c in found.items()})
        return found

    def make_field(
        self, sobject: str, column: CustomField, *, external: bool = False, values: Iterable[Any] = ()
    ) -> str:
        """Make a custom field where there is none of that name; its API name."""
        table = "Activity" if sobject in ("Task", "Event") else sobject
        developer = column.name[:40].rstrip("_")
        while "__" in developer:
            developer = developer.replace("__", "_")
        name = f"{developer}__c"
        if name not in self.org.custom(table):
            longest = max((len(v) for v in values if isinstance(v, str)), default=0)
            meta = _metadata(column, longest) | {"externalId": external, "unique": external}
            add_field(self.org, table, developer, meta, self.epoch)
            self.fields[table].append(name)
        return name

    def custom(self, row: Row, named: Mapping[str, CustomField]) -> Json:
        """The values of a row's custom fields."""
        return {name: plain(c.type, row.get(c.column)) for name, c in named.items()}

    # Writing

    def number(self, sobject: str, drafts: Sequence[Draft]) -> None:
        """Give ids in the order of creation."""
        ordered = sorted(drafts, key=lambda d: d.created)
        first = self.org.new_ids(sobject, len(ordered))
        for n, draft in enumerate(ordered):
            draft.id = ids.make(sobject, first + n)

    def write(self, sobject: str, drafts: Iterable[Draft]) -> None:
        """Store records; a record's last change is never in the org's future, unless the record is."""
        records = []
        for draft in sorted(drafts, key=lambda d: d.id):
            latest = min(max(draft.created, draft.modified), max(self.now, draft.created))
            records.append(
                Record(
                    draft.id, ids.number(draft.id), dumps(draft.values), draft.created, latest // 1000 * 1000
                )
            )
        self.org.store.insert(VENDOR, sobject, records)

    def add(self, sobject: str, made: Iterable[tuple[int, int, Json]]) -> list[str]:
        """Store records of no table of the folder: created, modified, values; their ids in the given order."""
        listed = list(made)
        first = self.org.new_ids(sobject, len(listed))
        found = [ids.make(sobject, first + n) for n in range(len(listed))]
        rows = zip(found, listed, strict=True)
        self.org.store.insert(
            VENDOR,
            sobject,
            (Record(id, first + n, dumps(v), c, max(c, m)) for n, (id, (c, m, v)) in enumerate(rows)),
        )
        return found


def _metadata(column: CustomField, longest: int) -> Json:
    meta: Json = {"label": words(column.name)[:40], "required": False, "trackHistory": False}
    match column.type:
        case "number":
            return meta | {"type": "Number", "precision": 18, "scale": 6}
        case "bool":
            return meta | {"type": "Checkbox", "defaultValue": "false"}
        case "datetime":
            return meta | {"type": "DateTime"}
        case "enumeration":
            values = [{"fullName": o, "label": o, "default": False} for o in column.options]
            value_set = {"restricted": False, "valueSetDefinition": {"sorted": False, "value": values}}
            return meta | {"type": "Picklist", "valueSet": value_set}
    if longest > _TEXT:
        return meta | {"type": "LongTextArea", "length": 131072, "visibleLines": 4}
    return meta | {"type": "Text", "length": _TEXT}


def plain(type: str, value: Any) -> Any:
    """A typed cell as it is kept."""
    if value is None:
        return None
    if type == "datetime":
        return stamp(int(value))
    return float(value) if type == "number" else value


def from_text(kind: str, value: str | None) -> Any:
    """A value of the history file, which is text whatever its field's type is."""
    if value is None:
        return None
    if kind == "datetime":
        return stamp(parse_iso(value))
    if kind == "date":
        return stamp(parse_iso(value))[:10]
    if kind in ("double", "currency", "percent", "int"):
        return float(value)
    return value.lower() in ("true", "1") if kind == "boolean" else value


def day(ms: int) -> str:
    """A time as Salesforce's date."""
    return stamp(ms)[:10]
