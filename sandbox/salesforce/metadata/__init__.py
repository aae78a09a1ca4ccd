"""The Metadata and Tooling APIs."""

from sales_consultant.sandbox.salesforce.metadata.tooling import add_field

__all__ = ["add_field"]
