"""What decides whether a model may be published: the forward test and what is read from it."""

from sales_consultant.scoring.validation.baselines import compare, tested_rows
from sales_consultant.scoring.validation.data_quality import look
from sales_consultant.scoring.validation.forward_test import (
    Outcome,
    fit,
    forward_test,
    month_of_creation,
    untested,
)
from sales_consultant.scoring.validation.grade_bands import settle
from sales_consultant.scoring.validation.no_change import nothing_ended
from sales_consultant.scoring.validation.plausibility import warnings
from sales_consultant.scoring.validation.publish_gate import GateComparison, shares, unseen
from sales_consultant.scoring.validation.readiness import event_share, lending, readiness

__all__ = [
    "GateComparison",
    "Outcome",
    "compare",
    "event_share",
    "fit",
    "forward_test",
    "lending",
    "look",
    "month_of_creation",
    "nothing_ended",
    "readiness",
    "settle",
    "shares",
    "tested_rows",
    "unseen",
    "untested",
    "warnings",
]
