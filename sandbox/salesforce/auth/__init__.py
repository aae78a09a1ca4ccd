"""Ways to sign in to the org."""

from sales_consultant.sandbox.salesforce.auth.auth import base

__all__ = ["base"]
