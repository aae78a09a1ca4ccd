"""HubSpot's endpoints for records, batches, associations and lists."""

from sales_consultant.sandbox.hubspot.objects.batches import not_found

__all__ = ["not_found"]
