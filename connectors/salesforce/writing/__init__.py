"""Writing to Salesforce by collections or Bulk, an outcome for each record."""

from sales_consultant.connectors.salesforce.writing.push import (
    BULK_FROM,
    BULK_ROWS,
    COLLECTION,
    JOB_CALLS,
    Pusher,
)

__all__ = ["BULK_FROM", "BULK_ROWS", "COLLECTION", "JOB_CALLS", "Pusher"]
