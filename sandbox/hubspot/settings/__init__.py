"""HubSpot's endpoints for account, tokens, currencies, properties and pipelines."""

from sales_consultant.sandbox.hubspot.settings.currencies import put_rate
from sales_consultant.sandbox.hubspot.settings.pipelines import (
    DEFAULT_STAGES,
    ensure_default,
    pipeline,
    stage,
)

__all__ = ["DEFAULT_STAGES", "ensure_default", "pipeline", "put_rate", "stage"]
