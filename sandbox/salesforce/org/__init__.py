"""The state of a Salesforce org: its objects, fields, ids, errors and limits."""

from sales_consultant.sandbox.salesforce.org.errors import (
    ApiError,
    expired,
    json_response,
    refused,
    unavailable,
)
from sales_consultant.sandbox.salesforce.org.fields import NUMERIC, Field, words
from sales_consultant.sandbox.salesforce.org.meter import (
    BATCH_ROWS,
    BATCHES,
    QUERY_JOBS,
    QUERY_MB,
    REQUESTS,
    Meter,
)
from sales_consultant.sandbox.salesforce.org.org import OPTIONS, VENDOR, Org, stamp
from sales_consultant.sandbox.salesforce.org.sobject import Sobject
from sales_consultant.sandbox.salesforce.org.standard import (
    ACTIVITIES,
    BY_LOWER,
    CUSTOMIZABLE,
    HISTORY_OF,
    OBJECTS,
    QUOTAS,
)

__all__ = [
    "ACTIVITIES",
    "BATCHES",
    "BATCH_ROWS",
    "BY_LOWER",
    "CUSTOMIZABLE",
    "HISTORY_OF",
    "NUMERIC",
    "OBJECTS",
    "OPTIONS",
    "QUERY_JOBS",
    "QUERY_MB",
    "QUOTAS",
    "REQUESTS",
    "VENDOR",
    "ApiError",
    "Field",
    "Meter",
    "Org",
    "Sobject",
    "expired",
    "json_response",
    "refused",
    "stamp",
    "unavailable",
    "words",
]
