"""What a user of the org may see and change."""

from sales_consultant.sandbox.salesforce.access.access import (
    ADMIN,
    ALL_RIGHTS,
    MINIMUM,
    PROFILES,
    RIGHTS,
    STANDARD,
    Access,
    grantable,
    unsupported,
)
from sales_consultant.sandbox.salesforce.access.sharing import OWNED

__all__ = [
    "ADMIN",
    "ALL_RIGHTS",
    "MINIMUM",
    "OWNED",
    "PROFILES",
    "RIGHTS",
    "STANDARD",
    "Access",
    "grantable",
    "unsupported",
]
