"""The figure of the sales-return model, played: planted coefficients inside their bootstrap interval.

python tests/support/figures_response.py 500
"""

import sys
from typing import Any

import numpy as np
import pandas as pd

from sales_consultant.insight.response import Shape, respond

PLANTED = {
    ("revenue", "leads"): 0.6,
    ("revenue", "quality"): 1.5,
    ("revenue", "channel:search"): 0.4,
    ("revenue", "channel:fairs"): 0.15,
    ("leads", "channel:search"): 0.5,
    ("leads", "channel:fairs"): 0.0,
}
SHAPES = {"search": Shape(0.3, "log", 1000.0), "fairs": Shape(0.6, "hill", 500.0)}
WHOLE = {"search": 0.4 + 0.6 * 0.5, "fairs": 0.15}


def company(seed: int, months: int = 48, correlation: float = 0.0, heavy: bool = False) -> pd.DataFrame:
    """Monthly figures of a company whose coefficients are known; spend of both channels moves together."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=months)
    search = 1000 * np.exp(0.5 * (0.6 * common + 0.8 * rng.normal(size=months)))
    fairs = np.where(rng.random(months) < 0.6, 500 * np.exp(0.5 * common), 0.0)
    quality = 0.3 + 0.05 * rng.normal(size=months)
    curves = {c: SHAPES[c].apply(s) for c, s in (("search", search), ("fairs", fairs))}

    def errors(size: float) -> np.ndarray:
        fresh = rng.standard_t(5, months) / np.sqrt(5 / 3) if heavy else rng.normal(size=months)
        out = np.empty(months)
        out[0] = fresh[0]
        for t in range(1, months):
            out[t] = correlation * out[t - 1] + np.sqrt(1 - correlation**2) * fresh[t]
        return out * size

    trend = 0.05 * np.arange(months) / 12
    leads = np.exp(4 + 0.5 * curves["search"] + trend + errors(0.15))
    revenue = np.exp(
        8
        + 0.6 * np.log(leads)
        + 1.5 * quality
        + 0.4 * curves["search"]
        + 0.15 * curves["fairs"]
        + trend
        + errors(0.15)
    )
    when = pd.period_range("2021-01", periods=months, freq="M").strftime("%Y-%m")
    return pd.DataFrame(
        {
            "month": when,
            "revenue": revenue,
            "leads": leads,
            "quality": quality,
            "search": search,
            "fairs": fairs,
        }
    )


def coverage(
    number: int,
    first: int = 0,
    *,
    months: int = 48,
    correlation: float = 0.0,
    heavy: bool = False,
    known: bool = True,
) -> dict[str, float]:
    """How often the planted value lies inside the 95 % interval, by coefficient, and of all."""
    inside: dict[str, list[bool]] = {}
    for s in range(first, first + number):
        monthly = company(s, months, correlation, heavy)
        found = respond(
            monthly, ["search", "fairs"], np.random.default_rng(s), shapes=SHAPES if known else None
        )
        assert not found.reason
        if known:
            rows: Any = found.coefficients.set_index(["equation", "term"])
            for key, value in PLANTED.items():
                inside.setdefault(" ".join(key), []).append(
                    bool(rows.loc[key, "low"] <= value <= rows.loc[key, "high"])
                )
        told: Any = found.channels.set_index("channel")
        for channel, value in WHOLE.items():
            # Curves differ in kind: what is compared is the contribution of the present spend.
            planted = value * SHAPES[channel].of_steady(told.loc[channel, "spend"])
            low, high = told.loc[channel, ["contribution_low", "contribution_high"]]
            inside.setdefault(f"whole contribution {channel}", []).append(bool(low <= planted <= high))
            planted = (
                value
                * SHAPES[channel].slope(told.loc[channel, "spend"])
                * float(monthly["revenue"].tail(12).mean())
            )
            low, high = told.loc[channel, ["marginal_low", "marginal_high"]]
            inside.setdefault(f"marginal return {channel}", []).append(bool(low <= planted <= high))
    out = {k: float(np.mean(v)) for k, v in inside.items()}
    return out | {"all": float(np.mean([x for v in inside.values() for x in v]))}


def main(number: int, only: str) -> None:
    """Print coverages, of all or of one kind."""
    kinds: tuple[tuple[str, dict[str, Any]], ...] = (
        ("48 months", {}),
        ("48 months, correlated errors (0.4)", {"correlation": 0.4}),
        ("48 months, heavy tails", {"heavy": True}),
        ("28 months", {"months": 28}),
        ("48 months, curves chosen", {"known": False}),
    )
    for title, how in kinds:
        if only and only not in title:
            continue
        print(title)
        for name, value in coverage(number, **how).items():
            print(f"  {name}: {value:.3f}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500, sys.argv[2] if len(sys.argv) > 2 else "")
