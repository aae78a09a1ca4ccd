"""The funnel's figures on companies of known truth: python tests/support/figures_funnel.py [SIMULATIONS] [names]."""

import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.funnel_company import DAY, STAGES, Truth, company, stay_rows

from sales_consultant.insight.core import Rates
from sales_consultant.insight.funnel import (
    bottlenecks,
    cycle,
    endings,
    funnel,
    incidence,
    kaplan_meier,
    quantile,
    stays,
    time_in_stage,
    waterfall,
)

EUR = Rates(pd.DataFrame(columns=["code", "rate", "start_at", "end_at"]), "EUR", "EUR")
AS_OF = 365 * DAY


def intervals(n: int, seed: int = 1) -> dict[str, float]:
    """How often each 95 % interval holds the truth: open deals and a window, a history that begins late, all at an end."""
    truth, hits, asked = Truth(), Counter[str](), Counter[str]()

    def told(name: str, low: float, value: float, high: float) -> None:
        asked[name] += 1
        hits[name] += low <= value <= high

    for i in range(n):
        rng = np.random.default_rng([seed, i])
        windows = {
            "all": (company(rng, 800), None),
            "since": (company(rng, 800), 200 * DAY),
            "late history": (company(rng, 1500, history_from=120), None),
        }
        for kind, (tables, since) in windows.items():
            rows = stays(tables, AS_OF, since)
            for k, stage in enumerate(STAGES):
                part = rows[rows["stage"] == stage]
                share = incidence(part)["advanced"].at(30)
                told(f"share advanced by 30 days, {kind}", share.low, truth.share_advanced(k, 30), share.high)
                curve = time_in_stage(part)
                for q in (0.5, 0.9):
                    days = quantile(curve, q)
                    told(f"time in stage q{q:.1f}, {kind}", days.low, truth.quantile(k, q), days.high)
        done = company(rng, 400, made_days=365, days=100_000)
        table = {str(r["stage"]): r for r in funnel(done, 100_000 * DAY).stages.to_dict("records")}
        for k, stage in enumerate(STAGES):
            row, whole = table[stage], truth.share_advanced(k, np.inf)
            told("conversion, all over (Wilson)", row["conversion_low"], whole, row["conversion_high"])
            told("share advanced, all over", row["share_advanced_low"], whole, row["share_advanced_high"])
        rate = cycle(endings(done, 100_000 * DAY), 100_000 * DAY).win_rate
        told("win rate, all over (Wilson)", rate.low, truth.win_rate(), rate.high)
    return {name: hits[name] / asked[name] for name in asked}


def naive(n: int, seed: int = 2) -> dict[str, float]:
    """How often the intervals hold the truth where as many are lost as advance: one less Kaplan-Meier, Aalen-Johansen."""
    truth, hits = Truth((0.05,) * 3, (0.05,) * 3), Counter[str]()
    for i in range(n):
        rows = stays(company(np.random.default_rng([seed, i]), 400, truth=truth), AS_OF)
        part = rows[rows["stage"] == "a"]
        right, wrong = (
            incidence(part)["advanced"].at(40),
            kaplan_meier(part["days"], part["outcome"] == "advanced").at(40),
        )
        whole = truth.share_advanced(0, 40)
        hits["Aalen-Johansen"] += right.low <= whole <= right.high
        hits["one less Kaplan-Meier"] += 1 - wrong.high <= whole <= 1 - wrong.low
    return {k: hits[k] / n for k in ("Aalen-Johansen", "one less Kaplan-Meier")}


def named(n: int, base: float, planted: bool, seed: int, past: int = 3200, peers: bool = False) -> float:
    """How often a bottleneck is named: the planted one (stage 2 of 5, a fifth fewer), or any where there is none.

    400 entries a stage in the last 90 days, `past` in the 270 before; mean time in stage 10 days, so some are not over. With
    `peers`, four owners have as many, and only the last of them the lower conversion.
    """
    found = 0
    ends = pd.DataFrame({"deal_id": [], "status": [], "value": []})
    usual = (base,) * 5
    now = tuple(c * 0.8 if planted and i == 2 else c for i, c in enumerate(usual))
    for i in range(n):
        rng = np.random.default_rng([seed, i])
        parts = [
            stay_rows(rng, usual, past, 0, 270, until=360),
            stay_rows(rng, now, 400, 270, 360, until=360),
        ]
        groups = None
        if peers:
            parts += [stay_rows(rng, usual, 400, 270, 360, until=360) for _ in range(3)]
            groups = np.repeat(np.array(["0", "0", "1", "2", "3"], dtype=object), [len(p) for p in parts])
        rows = pd.concat(parts, ignore_index=True)
        table = bottlenecks(rows, ends, 270 * DAY, 360 * DAY, groups)
        hit = table[table["named"]]
        found += bool((hit["stage"] == "2").any()) if planted else len(hit) > 0
    return found / n


def balanced(n: int, seed: int = 3) -> float:
    """How often the waterfall of two dates by lot balances (it raises otherwise) and ends at what the next one starts at."""
    good = 0
    for i in range(n):
        rng = np.random.default_rng([seed, i])
        tables = company(rng, 200)
        a, b, c = sorted(int(x) for x in rng.integers(0, AS_OF, 3))
        period = (int(a), int(a) + 90 * DAY) if i % 2 else None
        one, two = waterfall(tables, a, b, EUR, period), waterfall(tables, b, c, EUR, period)
        good += one.end == two.start and one.start + sum(one.totals.values()) == one.end
    return good / n


def main() -> None:
    """Print every figure, or those named: intervals, naive, power, false, waterfall."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    chosen = sys.argv[2:] or ["intervals", "naive", "power", "false", "waterfall"]
    if "intervals" in chosen:
        for name, share in intervals(n).items():
            print(f"{name}: holds the truth in {share:.1%} of {n}")
    if "naive" in chosen:
        for name, share in naive(n).items():
            print(f"competing losses, {name}: holds the truth in {share:.1%} of {n}")
    if "power" in chosen:
        for base in (0.4, 0.5, 0.6, 0.7, 0.8):
            print(
                f"planted bottleneck, {base:.0%} to {base * 0.8:.0%}: named in {named(n, base, True, 4):.1%} of {n}"
            )
        for past in (400, 1200):
            print(
                f"planted bottleneck, 60% to 48%, {past} entries before: named in {named(n, 0.6, True, 4, past):.1%} of {n}"
            )
        print(
            f"planted, 60% to 48%, past and peers: named in {named(n, 0.6, True, 5, peers=True):.1%} of {n}"
        )
    if "false" in chosen:
        for base in (0.1, 0.3, 0.6):
            print(f"no bottleneck, {base:.0%}: any named in {named(n, base, False, 6):.1%} of {n}")
        print(
            f"no bottleneck, 60%, past and peers: any named in {named(n, 0.6, False, 7, peers=True):.1%} of {n}"
        )
    if "waterfall" in chosen:
        print(f"waterfall: balances in {balanced(n):.1%} of {n}")


if __name__ == "__main__":
    main()
