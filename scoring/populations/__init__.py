"""Who is in a population at a cut-off, since when, and with which label."""

from sales_consultant.scoring.populations.exclusions import for_testing, reasons
from sales_consultant.scoring.populations.false_labels import FalseLabels, stale_days
from sales_consultant.scoring.populations.members import Membership
from sales_consultant.scoring.populations.record_timelines import is_renewal, record_timelines
from sales_consultant.scoring.populations.training_rows import (
    MIN_CUTS,
    classes,
    cut_offs,
    horizon_days,
    labelled,
    split,
    under_way,
    weighted,
)
from sales_consultant.scoring.populations.undecided import undecided

__all__ = [
    "MIN_CUTS",
    "FalseLabels",
    "Membership",
    "classes",
    "cut_offs",
    "for_testing",
    "horizon_days",
    "is_renewal",
    "labelled",
    "reasons",
    "record_timelines",
    "split",
    "stale_days",
    "undecided",
    "under_way",
    "weighted",
]
