"""What randomly drawn next steps brought, by rule: each was drawn with a known probability."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from sales_consultant.insight.core import sieve
from sales_consultant.insight.experiments.checks import holm

# A probability nearer to 0 or 1 gives a row more than 50 times the usual weight.
NEAREST = 0.02
LEAST_EACH = 30
STEP_COLUMNS = (
    "rule", "n_chosen", "n_other", "effective_chosen", "effective_other", "mean_chosen", "mean_other", "effect", "se",
    "low", "high", "low_all", "high_all", "p", "p_holm", "reason",
)  # fmt: skip


def step_effects(
    drawn: pd.DataFrame, *, level: float = 0.95, least: int = LEAST_EACH
) -> tuple[pd.DataFrame, dict[str, int]]:
    """The effect of each rule's step, against not being chosen.

    drawn
        One row an occasion on which a rule could have been chosen: rule, propensity (the probability with which it was
        to be chosen, known from the draw), chosen (bool), outcome (number; whole horizon over), and, if there, unit (rows
        of one unit depend on each other: errors are clustered by it).
    least
        Rows of each kind below which nothing is told.

    Weights are 1 / propensity of what happened, divided by their sum (Hajek, 1971); the error comes from the influence
    function, w (y - mean) / sum of w (Lunceford and Davidian, 2004, eq. 12). `low`, `high` are of this rule alone,
    `low_all`, `high_all` hold for all rules at once (Bonferroni); `p_holm` is Holm's.

    Returns a row a rule (columns `STEP_COLUMNS`, largest effect first; `reason` is "", "too_few" or "no_spread", with gaps
    where nothing is told) and counts of rows that were left out: no_rule, no_propensity (a gap or not in (0, 1)),
    near_certain (nearer than 0.02 to 0 or 1), not_known (no group or no outcome yet).
    """
    propensity = pd.to_numeric(drawn["propensity"], errors="coerce").astype("float64")
    outcome = pd.to_numeric(drawn["outcome"], errors="coerce").astype("float64")
    reasons = {
        "no_rule": drawn["rule"].isna(),
        "no_propensity": ~((propensity > 0) & (propensity < 1)),
        "near_certain": (propensity < NEAREST) | (propensity > 1 - NEAREST),
        "not_known": drawn["chosen"].isna() | ~np.isfinite(outcome),
    }
    keep, dropped = sieve(drawn.index, reasons)
    frame = pd.DataFrame(
        {
            "rule": drawn["rule"][keep].astype(str),
            "e": propensity[keep],
            "chosen": drawn["chosen"][keep].astype(bool),
            "y": outcome[keep],
        }
    )
    frame["unit"] = drawn["unit"][keep] if "unit" in drawn else pd.NA
    rows = [_rule(str(rule), one, least) for rule, one in frame.groupby("rule", sort=True)]
    return _told(rows, level), dropped


def _rule(rule: str, one: pd.DataFrame, least: int) -> dict[str, object]:
    chosen, y, e = one["chosen"].to_numpy(), one["y"].to_numpy(), one["e"].to_numpy()
    row: dict[str, object] = {"rule": rule, "n_chosen": int(chosen.sum()), "n_other": int((~chosen).sum())}
    if min(int(chosen.sum()), int((~chosen).sum())) < max(least, 2):
        return row | {"reason": "too_few"}
    influence = np.zeros(len(y))
    means = {}
    for name, mine, weight, sign in (
        ("chosen", chosen, 1 / e, 1.0),
        ("other", ~chosen, 1 / (1 - e), -1.0),
    ):
        w = np.where(mine, weight, 0.0)
        means[name] = float(w @ y / w.sum())
        row[f"effective_{name}"] = float(w.sum() ** 2 / (w @ w))
        row[f"mean_{name}"] = means[name]
        # Small groups: as with n - 1 for a variance.
        size = float(w.sum() ** 2 / (w @ w))
        influence += sign * w * (y - means[name]) / w.sum() * math.sqrt(size / (size - 1))
    unit = pd.factorize(one["unit"])[0]
    unit = np.where(unit < 0, unit.max(initial=-1) + 1 + np.arange(len(unit)), unit)
    summed = np.bincount(pd.factorize(unit)[0], weights=influence)
    se = math.sqrt(float(summed @ summed))
    # The same outcome everywhere leaves nothing but rounding.
    spread = se > 1e-12 * max(abs(means["chosen"]), abs(means["other"]))
    row |= {"effect": means["chosen"] - means["other"], "se": se if spread else math.nan}
    return row | {"reason": "" if spread else "no_spread"}


def _told(rows: list[dict[str, object]], level: float) -> pd.DataFrame:
    from scipy.stats import t

    out = pd.DataFrame(rows, columns=list(STEP_COLUMNS))
    numbers = [c for c in STEP_COLUMNS if c not in ("rule", "reason", "n_chosen", "n_other")]
    out[numbers] = out[numbers].astype("float64")
    effect, se = out["effect"].to_numpy(), out["se"].to_numpy()
    freedom = np.maximum(out[["effective_chosen", "effective_other"]].sum(axis=1).to_numpy() - 2, 1)
    told = max(int(np.isfinite(se).sum()), 1)
    for suffix, tail in (("", (1 - level) / 2), ("_all", (1 - level) / 2 / told)):
        half = t.isf(tail, freedom) * se
        out[f"low{suffix}"], out[f"high{suffix}"] = effect - half, effect + half
    out["p"] = 2 * t.sf(np.abs(effect / se), freedom)
    out["p_holm"] = holm(out["p"].to_numpy())
    return out.sort_values(["effect", "rule"], ascending=[False, True], kind="stable", ignore_index=True)


MODEL_COLUMNS = ("rule", "drawn", "expected", "happened", "change", "low", "high")


def against_model(drawn: pd.DataFrame, *, level: float = 0.95, least: int = LEAST_EACH) -> pd.DataFrame:
    """What followed drawn steps beyond what the model had expected, by rule.

    drawn
        One row a drawn step whose time is over: rule, propensity (the chance of its draw, in (0, 1]), probability (the
        model's, before the draw), outcome (0 or 1). Rows with a gap are left out.

    Where only the chosen rule of an occasion is kept, nobody knows whether another could have been drawn there, so
    `step_effects` has nothing to compare with: the model's probability stands in. Weights are 1 / propensity, divided by
    their sum (Hajek, 1971); the error is that of a weighted mean of outcome less probability, with a t interval.

    Returns a row a rule (`MODEL_COLUMNS`, largest change first); change and interval are gaps below `least` rows.
    """
    from scipy.stats import t

    rows = []
    fine = drawn[["rule", "propensity", "probability", "outcome"]].dropna()
    fine = fine[(fine["propensity"] > 0) & (fine["propensity"] <= 1)]
    for rule, one in fine.groupby("rule", sort=True):
        weight = 1 / np.maximum(one["propensity"].to_numpy(dtype="float64"), NEAREST)
        share = weight / weight.sum()
        y, p = (one[c].to_numpy(dtype="float64") for c in ("outcome", "probability"))
        expected, happened = float(share @ p), float(share @ y)
        change = low = high = math.nan
        if len(one) >= max(least, 2):
            change = happened - expected
            effective = float(1 / (share @ share))
            left = y - p - change
            se = math.sqrt(float(share**2 @ left**2) * effective / max(effective - 1, 1.0))
            half = float(t.isf((1 - level) / 2, max(effective - 1, 1.0))) * se
            low, high = change - half, change + half
        rows.append((str(rule), len(one), expected, happened, change, low, high))
    out = pd.DataFrame(rows, columns=list(MODEL_COLUMNS))
    return out.sort_values(["change", "rule"], ascending=[False, True], kind="stable", ignore_index=True)
