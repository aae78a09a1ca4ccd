"""The API versions in use and the day each one ends (as the vendors publish them, in one table)."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class ApiVersion:
    """A version of a vendor's API; `ends` is None where no end is announced."""

    crm: str
    name: str
    ends: date | None


VERSIONS: tuple[ApiVersion, ...] = (
    # HubSpot promises at least 18 months for a dated version.
    ApiVersion("hubspot", "2026-03", date(2027, 9, 30)),
    ApiVersion("hubspot", "2026-09", date(2028, 3, 8)),
    ApiVersion("salesforce", "62.0", None),
    ApiVersion("salesforce", "67.0", None),
)
# From 2026-09 on HubSpot checks an admin's validation rules on writes by API too: a score could then be refused because
# another property of the record is empty.
HUBSPOT_DEFAULT = "2026-03"
# Above the newest that what we use needs: 61.0 to make list views by the UI API, 58.0 for `resultPages` of Bulk jobs.
SALESFORCE_DEFAULT = "62.0"


def ending(crm: str, name: str) -> date | None:
    """The last day of a version; None where none is announced, KeyError where we do not know the version."""
    for version in VERSIONS:
        if (version.crm, version.name) == (crm, name):
            return version.ends
    raise KeyError(f"{crm} {name}")
