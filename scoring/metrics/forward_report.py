"""The report of a forward test: how good the probabilities were on rows the model had not seen."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sales_consultant.scoring.core import Finding
from sales_consultant.scoring.metrics import metrics

Verdict = Literal["better than base rate", "no better than base rate", "too little data"]

# Of 400 draws one end of 95 % is the twentieth, known well enough; more cost time. Ten records of either outcome are
# the least of which an AUC says anything (its interval is then about .2 either way): judgements.
RESAMPLES = 400
CONFIDENCE = 0.95
_MIN_CLASS = 10


@dataclass(frozen=True, slots=True)
class ForwardTest:
    """Figures over all open records of the test's cut-offs.

    The interval of the AUC is 95 %, by drawing companies with replacement. The verdict is one-sided at 95 %: in at
    least that share of the draws the mean log-loss is below that of the training rows' base rate, and the AUC above
    one half (a mere shift of the rate is no ranking). Figures are None where there was too little to test on.
    `unseen` has n, auc, log_loss and base_log_loss of the rows whose company is in no training row, None where these
    hold fewer than 10 of either class. `contest` holds the test's log-loss of each tier where two were tried.
    `isotonic_gain` is a diagnosis of the calibration (see `metrics.isotonic_gain`), `grades` what the rows of each
    grade did (see `bands.Band`). `moments`, `without_seller`, `without_undated` and `exposure` are parts of the
    test (see `slices`).
    `cut_offs` counts the test's cut-offs; `warnings` are sentences for whoever publishes the model, and block
    nothing.
    """

    verdict: Verdict
    n: int
    positives: int
    base_rate: float | None
    train_n: int
    train_positives: int
    train_records: int
    auc: float | None = None
    auc_low: float | None = None
    auc_high: float | None = None
    log_loss: float | None = None
    base_log_loss: float | None = None
    gain_low: float | None = None
    brier: float | None = None
    ece: float | None = None
    lift_at_10: float | None = None
    accuracy: float | None = None
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    test_from: int | None = None
    test_until: int | None = None
    companies: int = 0
    cut_offs: int = 0
    unseen: dict[str, float] | None = None
    contest: dict[str, float] | None = None
    isotonic_gain: float | None = None
    moments: dict[str, dict[str, float] | None] | None = None
    without_seller: dict[str, float] | None = None
    without_undated: dict[str, float] | None = None
    exposure: dict[str, dict[str, float] | None] | None = None
    grades: tuple[dict[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()
    leaks: tuple[Finding, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """A form that JSON can hold; times are milliseconds, `leaks` the columns that are not used and why."""
        return {
            **asdict(self),
            "leaks": [f.as_dict() for f in self.leaks],
            "warnings": list(self.warnings),
            "grades": list(self.grades),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ForwardTest:
        """The inverse of `as_dict`."""
        leaks = tuple(Finding(**f) for f in data["leaks"])
        lists = {k: tuple(data.get(k, ())) for k in ("warnings", "grades")}
        return cls(**{**data, **lists, "leaks": leaks})


def judge(
    y: NDArray[np.float64],
    p: NDArray[np.float64],
    groups: NDArray[Any],
    *,
    base: float,
    train: tuple[int, int, int],
    random_state: int = 0,
    cuts: NDArray[np.int64] | None = None,
    unseen: NDArray[np.bool_] | None = None,
) -> ForwardTest:
    """Judge probabilities on unseen rows.

    `y`, `p`, `groups` are one value a row; `base` is the training rows' weighted rate; `train` holds rows,
    positives and records of the training rows; `cuts` are the rows' cut-offs, `unseen` marks the rows whose group
    the training rows do not have.
    """
    n, positives = len(y), int(y.sum())
    common: dict[str, Any] = {
        "n": n,
        "positives": positives,
        "base_rate": float(y.mean()) if n else None,
        "train_n": train[0],
        "train_positives": train[1],
        "train_records": train[2],
        "test_from": int(cuts.min()) if cuts is not None and n else None,
        "test_until": int(cuts.max()) if cuts is not None and n else None,
        "cut_offs": len(np.unique(cuts)) if cuts is not None else 0,
    }
    if min(positives, n - positives) < _MIN_CLASS:
        return ForwardTest(verdict="too little data", **common)
    rng = np.random.default_rng(random_state)
    weights = metrics.group_weights(groups, RESAMPLES, rng)
    drawn = metrics.aucs(y, p, weights)
    low, ranks, high = np.nanquantile(drawn, [0.025, 1 - CONFIDENCE, 0.975])
    own, flat = metrics.losses(y, p), metrics.losses(y, np.full(n, base))
    gain = weights @ (flat - own) / np.maximum(weights.sum(axis=1), 1)
    gain_low = float(np.quantile(gain, 1 - CONFIDENCE))
    return ForwardTest(
        verdict="better than base rate" if gain_low > 0 and ranks > 0.5 else "no better than base rate",
        auc=metrics.auc(y, p),
        auc_low=float(low),
        auc_high=float(high),
        log_loss=float(own.mean()),
        base_log_loss=float(flat.mean()),
        gain_low=gain_low,
        brier=float(((p - y) ** 2).mean()),
        ece=metrics.expected_calibration_error(y, p),
        isotonic_gain=metrics.isotonic_gain(y, p, groups),
        lift_at_10=metrics.lift(y, p),
        **_at_even_odds(y, p),
        companies=len(np.unique(groups)),
        unseen=part(y, p, base, unseen) if unseen is not None else None,
        **common,
    )


def _at_even_odds(y: NDArray[np.float64], p: NDArray[np.float64]) -> dict[str, Any]:
    """Accuracy, precision, recall and F1 where all from 0.5 on are called events: figures that people ask for."""
    hit = p >= 0.5
    right, called = float((hit & (y == 1)).sum()), float(hit.sum())
    precision, recall = right / called if called else 0.0, right / int(y.sum())
    return {
        "accuracy": float((hit == (y == 1)).mean()),
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall) if right else 0.0,
    }


def part(
    y: NDArray[np.float64], p: NDArray[np.float64], base: float, chosen: NDArray[np.bool_]
) -> dict[str, float] | None:
    """n, auc, log_loss and base_log_loss of the chosen rows, None where they hold fewer than 10 of either class."""
    y, p = y[chosen], p[chosen]
    if min(y.sum(), len(y) - y.sum()) < _MIN_CLASS:
        return None
    return {
        "n": len(y),
        "auc": metrics.auc(y, p),
        "log_loss": float(metrics.losses(y, p).mean()),
        "base_log_loss": float(metrics.losses(y, np.full(len(y), base)).mean()),
    }
