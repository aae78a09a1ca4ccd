"""How good probabilities are: figures, calibration, and the report of a forward test."""

from sales_consultant.scoring.metrics.calibration import (
    calibrate,
    clipped_rate,
    mean_loss,
    older,
    recent_shift,
    sigmoid,
)
from sales_consultant.scoring.metrics.evidence import spans, twins
from sales_consultant.scoring.metrics.forward_report import BETTER, ForwardTest, judge, part
from sales_consultant.scoring.metrics.metrics import auc, group_weights, losses

__all__ = [
    "BETTER",
    "ForwardTest",
    "auc",
    "calibrate",
    "clipped_rate",
    "group_weights",
    "judge",
    "losses",
    "mean_loss",
    "older",
    "part",
    "recent_shift",
    "sigmoid",
    "spans",
    "twins",
]
