"""The endpoints that answer queries and searches."""

from sales_consultant.sandbox.salesforce.query.plan import Plan

__all__ = ["Plan"]
