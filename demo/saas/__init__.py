"""The demo company that sells software: a simulated world, staged as a year in a CRM."""

from sales_consultant.demo.saas.deals import STAGES

__all__ = ["STAGES"]
