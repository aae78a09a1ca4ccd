"""HubSpot's endpoints for records, batches, associations and lists."""
