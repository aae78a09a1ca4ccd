"""The leak audit: columns that know the outcome before it has happened."""

from sales_consultant.scoring.leakage.ablation import (
    SEPARABLE,
    HoldoutProbe,
    find_leaks_by_ablation,
    leaking,
    separable,
)
from sales_consultant.scoring.leakage.univariate import (
    fill_gaps,
    find_label_determining_columns,
    single_fields,
)

__all__ = [
    "SEPARABLE",
    "HoldoutProbe",
    "fill_gaps",
    "find_label_determining_columns",
    "find_leaks_by_ablation",
    "leaking",
    "separable",
    "single_fields",
]
