"""The schedule, the service that runs it, and what watches the service."""
