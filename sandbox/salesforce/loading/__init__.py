"""Fills the Salesforce org from a data folder."""

from sales_consultant.sandbox.salesforce.loading.loading import EXTERNAL

__all__ = ["EXTERNAL"]
