"""What an admin does to the CRM: signing in, checking, making our fields and taking them away."""

from sales_consultant.sync.setup.check import refuse_without_master

__all__ = ["refuse_without_master"]
