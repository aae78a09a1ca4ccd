"""From the neutral tables to a model of a population with its card."""

from sales_consultant.scoring.training.parent_model import Lender, borrow, bring
from sales_consultant.scoring.training.training import Trained, fields_of_today

__all__ = ["Lender", "Trained", "borrow", "bring", "fields_of_today"]
