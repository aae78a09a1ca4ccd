"""docs/reference/fields.md: every field that is written into the CRM, from the catalogue."""

from pathlib import Path

from support.markdown import table

from sales_consultant.config.fields.catalogue import FIELDS, Field
from sales_consultant.config.fields.naming import Naming

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "fields.md"
_INTRODUCTION = """# Fields

These are the only fields of your CRM that Sales Consultant ever writes. `sales-consultant provision` makes them.
`[write] set` chooses how many: `minimal`, `standard` (minimal and more) or `all`. Prefix, names and labels can be changed
under [`[write]`](settings.md#write).

On HubSpot they are in the property group "Sales Consultant". On Salesforce two permission sets give access to them."""
_NOTES = """## What the columns say

- **set**: the smallest set that holds the field.
- **type**: `percent` is a fraction from 0 to 1 on HubSpot and a percentage on Salesforce. `money` is in the record's
  currency.
- **written with**: a field that "goes along" never causes a write alone. It is written together with a change of score,
  grade or next step, so that a night in which nothing happened writes nothing. A field of "people" is filled in by people
  and never written, neither by a run nor by a rollback."""


def _kind(field: Field) -> str:
    if field.options:
        return f"{field.type}: {', '.join(f'`{o}`' for o in field.options)}"
    return f"{field.type}, at most {field.length} characters" if "text" in field.type else field.type


def _written(field: Field) -> str:
    if field.people_write:
        return "people"
    return "goes along" if field.rides else "a change of its own"


def page() -> str:
    """The page as Markdown."""
    naming = Naming()
    names = [
        (f.label, f"`{naming.hubspot(f.key)}`", f"`{naming.salesforce(f.key)}`", ", ".join(f.on), f.set)
        for f in FIELDS
    ]
    meanings = [(f.label, f.help, _kind(f), _written(f)) for f in FIELDS]
    parts = [
        _INTRODUCTION,
        "## Names",
        table(("label", "HubSpot", "Salesforce", "on", "set"), names),
        "## Meaning",
        table(("label", "meaning", "type", "written with"), meanings),
        _NOTES,
    ]
    return "\n\n".join(parts) + "\n"
