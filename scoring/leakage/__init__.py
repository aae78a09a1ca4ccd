"""The leak audit: columns that know the outcome before it has happened."""

from sales_consultant.scoring.leakage.ablation import SEPARABLE, Probe, leaking, lifts, separable
from sales_consultant.scoring.leakage.univariate import decided, fill_gaps, single_fields

__all__ = ["SEPARABLE", "Probe", "decided", "fill_gaps", "leaking", "lifts", "separable", "single_fields"]
