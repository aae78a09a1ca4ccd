"""The leak audit: columns that know the outcome before it has happened."""

from sales_consultant.scoring.leakage.ablation import (
    HoldoutProbe,
    find_leaks_by_ablation,
    leaking,
    separable,
)
from sales_consultant.scoring.leakage.hindsight import Comparison, Hindsight
from sales_consultant.scoring.leakage.policy import POLICY, LeakPolicy
from sales_consultant.scoring.leakage.univariate import (
    fill_gaps,
    find_label_determining_columns,
    single_fields,
)

__all__ = [
    "POLICY",
    "Comparison",
    "Hindsight",
    "HoldoutProbe",
    "LeakPolicy",
    "fill_gaps",
    "find_label_determining_columns",
    "find_leaks_by_ablation",
    "leaking",
    "separable",
    "single_fields",
]
