"""The leak audit: columns that know the outcome before it has happened."""

from sales_consultant.scoring.leakage.audit import Audit, audit
from sales_consultant.scoring.leakage.hindsight import Comparison, Hindsight
from sales_consultant.scoring.leakage.policy import POLICY, LeakPolicy
from sales_consultant.scoring.leakage.suspects import left_out
from sales_consultant.scoring.leakage.univariate import fill_gaps

__all__ = ["POLICY", "Audit", "Comparison", "Hindsight", "LeakPolicy", "audit", "fill_gaps", "left_out"]
