"""Additive models: encoding of columns, the linear and the boosted form, competing outcomes, cross-validation."""

from sales_consultant.scoring.additive.competing_risks import (
    LOST,
    WON,
    CompetingRisks,
    Spans,
    fit_hazards,
    spans,
)
from sales_consultant.scoring.additive.cross_validation import (
    FOLDS,
    History,
    Rows,
    best_sizes,
    boosted_margins,
    calibrated_across,
    clearly_less,
    dense,
    folds,
    linear_margins,
    promising,
    quick_trees,
    several,
    shift_to_come,
    some_groups,
    tables_win,
)
from sales_consultant.scoring.additive.ebm import Tables, fit_tables
from sales_consultant.scoring.additive.encoding import Encoder, NumberCode, is_number, levels_of, numbers
from sales_consultant.scoring.additive.linear import Linear, logistic, screen
from sales_consultant.scoring.additive.monotone import Meaning, linear_forms

__all__ = [
    "FOLDS",
    "LOST",
    "WON",
    "CompetingRisks",
    "Encoder",
    "History",
    "Linear",
    "Meaning",
    "NumberCode",
    "Rows",
    "Spans",
    "Tables",
    "best_sizes",
    "boosted_margins",
    "calibrated_across",
    "clearly_less",
    "dense",
    "fit_hazards",
    "fit_tables",
    "folds",
    "is_number",
    "levels_of",
    "linear_forms",
    "linear_margins",
    "logistic",
    "numbers",
    "promising",
    "quick_trees",
    "screen",
    "several",
    "shift_to_come",
    "some_groups",
    "spans",
    "tables_win",
]
