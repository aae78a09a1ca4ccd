"""What a standard object is, and the lines that many of them share."""

from collections.abc import Mapping
from dataclasses import dataclass

from sales_consultant.sandbox.salesforce.org.fields import Field, field

MADE = "CreatedDate datetime ro\nCreatedById reference(User) ro"
KEPT = (
    f"{MADE}\nLastModifiedDate datetime ro\nLastModifiedById reference(User) ro\nSystemModstamp datetime ro"
)
GONE = "IsDeleted boolean ro"
OWNED = "OwnerId reference(User) req"
STAMP = "SystemModstamp datetime ro"


@dataclass(frozen=True)
class Sobject:
    """A standard object. `setup`: only who has View Setup may read it; `tooling`: only the Tooling API shows it."""

    name: str
    label: str
    plural: str
    fields: Mapping[str, Field]
    writable: bool = True
    setup: bool = False
    tooling: bool = False
    deletable: bool = True


def make(
    name: str,
    label: str,
    lines: str,
    *,
    plural: str = "",
    writable: bool = True,
    setup: bool = False,
    tooling: bool = False,
    deletable: bool = True,
) -> Sobject:
    """An object of its fields' lines; every object has an Id."""
    listed = [field("Id id ro"), *(field(x) for x in lines.strip().splitlines())]
    return Sobject(
        name, label, plural or f"{label}s", {f.name: f for f in listed}, writable, setup, tooling, deletable
    )
