"""The report of a forward test: how good the probabilities were on rows the model had not seen."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from sales_consultant.scoring.core import Finding
from sales_consultant.scoring.metrics import metrics
from sales_consultant.scoring.metrics.evidence import (
    LEAST_GAIN,
    auc_influence,
    estimate,
    gain_within,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Verdict = Literal["better than base rate", "no better than base rate", "too little data"]
BETTER: Verdict = "better than base rate"

# Ten records of either outcome are the least of which an AUC says anything (its interval is then about .2 either way): a
# judgement.
_MIN_CLASS = 10


@dataclass(frozen=True, slots=True)
class ForwardTest:
    """Figures over all open records of the test's cut-offs.

    The interval of the AUC is 95 %, rows of a company together. The verdict is one-sided at 95 %, rows of a month of
    creation together too, and nothing in it is drawn by lot: the AUC is above one half, and the mean log-loss below that
    of the training rows' base rate by half a percent or more; and both hold where rows are held only against those of
    their own cut-off and month of creation, in which the base rate may have shifted: to follow a shift is no ranking.
    `gain_low` is the lower end of the gain in log-loss over the base rate, `lacks` what a model that is no better falls
    short of. Figures are None where there was too little to test on.
    `unseen` has n, auc, log_loss and base_log_loss of the rows whose company is in no training row, None where these
    hold fewer than 10 of either class. `contest` holds the test's log-loss of each tier where two were tried; of tables
    that no calibration could have made win, with the best one.
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
    lacks: str | None = None
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
    cuts: NDArray[np.int64] | None = None,
    unseen: NDArray[np.bool_] | None = None,
    periods: Mapping[str, NDArray[Any]] | None = None,
    born: NDArray[Any] | None = None,
    twins: NDArray[Any] | None = None,
) -> ForwardTest:
    """Judge probabilities on unseen rows.

    `y`, `p`, `groups` are one value a row; `base` is the training rows' weighted rate; `train` holds rows,
    positives and records of the training rows; `cuts` are the rows' cut-offs, `unseen` marks the rows whose group
    the training rows do not have. `periods` are labels of the rows by name ("month of creation") within which the base
    rate may have shifted; `born` labels the rows by when their records were made, `twins` those that are alike in all
    columns: like the rows of a group these go together.
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
    alike = [groups, *([twins] if twins is not None else [])]
    own, flat = metrics.losses(y, p), metrics.losses(y, np.full(n, base))
    gain, area = estimate(flat - own, alike), estimate(auc_influence(y, p), alike)
    ways = [*alike, *([born] if born is not None else [])]
    lacks = _lacks(y, p, ways, gain.mean / float(flat.mean()), periods or {})
    low, high = area.interval()
    return ForwardTest(
        verdict="no better than base rate" if lacks else BETTER,
        lacks=lacks,
        auc=metrics.auc(y, p),
        auc_low=low,
        auc_high=high,
        log_loss=float(own.mean()),
        base_log_loss=float(flat.mean()),
        gain_low=gain.low,
        brier=float(((p - y) ** 2).mean()),
        ece=metrics.expected_calibration_error(y, p),
        isotonic_gain=metrics.isotonic_gain(y, p, groups),
        lift_at_10=metrics.lift(y, p),
        **_at_even_odds(y, p),
        companies=len(np.unique(groups)),
        unseen=part(y, p, base, unseen) if unseen is not None else None,
        **common,
    )


def _lacks(
    y: NDArray[np.float64],
    p: NDArray[np.float64],
    ways: Sequence[NDArray[Any]],
    gain: float,
    periods: Mapping[str, NDArray[Any]],
) -> str | None:
    """What the probabilities fall short of to be better than the base rate, None where they are better.

    Chance is held off by the ranking, which knows of no rate: to ask the gain in log-loss for more than its size as well
    found far fewer of the scores of a modest signal (docs/decisions/scoring-better-than-base.md).
    """
    if gain < LEAST_GAIN:
        return f"a gain in log-loss over the base rate of {LEAST_GAIN:.1%}"
    for name, period in {"": np.zeros(len(y)), **periods}.items():
        of_it = f" within each {name}" if name else ""
        if not estimate(auc_influence(y, p, period), ways).low > 0.5:
            return f"a ranking{of_it} that is more than chance"
        saved, flat = gain_within(y, p, period)
        if saved.mean() < LEAST_GAIN * flat:
            return f"a gain in log-loss of {LEAST_GAIN:.1%} over a base rate that may shift{of_it}"
    return None


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
