"""The figures of the sequential test, played: false alarms, power of the promised minimum, the wait with CUPED.

python tests/support/figures_experiments.py 2000 alarms
"""

import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.insight.experiments.design import Setting, minimum_effect
from sales_consultant.insight.experiments.draw import assign
from sales_consultant.insight.experiments.sequential import Plan, first_alarm, looks, planned_clock
from sales_consultant.insight.experiments.trial import Trial, trial

HORIZON = 60


@dataclass(frozen=True)
class World:
    """A company whose outcomes are known: units at the start and by day, base rate within the horizon, effect."""

    at_start: int = 1500
    per_day: int = 5
    days: int = 120
    base: float = 0.1
    share: float = 0.2
    relative: float = 0.0
    spread: float = 0.0  # of the logit of the rate by score
    owners: int = 0
    owner_spread: float = 0.0


def play(world: World, seed: int, *, shown_before: int = 0, amounts: bool = False) -> Trial:
    """One experiment. `shown_before`: days for which all were shown (share 0) before it started."""
    rng = np.random.default_rng(seed)
    begin = shown_before
    n = world.at_start + world.per_day * (world.days + begin)
    born = np.concatenate(
        [np.zeros(world.at_start), np.repeat(np.arange(world.days + begin), world.per_day) + 0.5]
    )
    score = rng.normal(size=n)
    owner = rng.integers(0, world.owners, n) if world.owners else np.arange(n)
    shift = rng.normal(size=max(world.owners, 1)) * world.owner_spread
    logit = (
        np.log(world.base / (1 - world.base)) + world.spread * score + (shift[owner] if world.owners else 0.0)
    )
    chance = 1 / (1 + np.exp(-logit))
    units = pd.DataFrame({"unit": [f"c{i}" for i in range(n)], "cluster": owner})
    drawn = assign(units, salt=f"s{seed}", share=world.share, clustered=bool(world.owners))
    treated = (drawn["group"] == "treated").to_numpy()
    assigned = np.maximum(born, begin)
    # Who was shown before has events from then: they are no outcomes of the experiment.
    early = rng.random(n) < np.where(born < begin, chance * 1.5, 0.0)
    hit = rng.random(n) < chance * np.where(treated, 1 + world.relative, 1.0)
    amount = rng.lognormal(0.0, 1.0, n) if amounts else np.ones(n)
    at = assigned + rng.random(n) * HORIZON
    events = pd.DataFrame(
        {
            "unit": np.concatenate([units["unit"][hit], units["unit"][early]]),
            "at": (
                np.concatenate([at[hit], born[early] + rng.random(int(early.sum())) * begin]) * DAY_MS
            ).astype("int64"),
            "amount": np.concatenate([amount[hit], amount[early]]),
        }
    )
    rows = units.assign(
        experiment="e1",
        group=drawn["group"],
        assigned_at=(assigned * DAY_MS).astype("int64"),
        covariate=chance,
    )
    if not world.owners:
        rows = rows.drop(columns="cluster")
    return trial(
        rows, events, experiment="e1", start=begin * DAY_MS, as_of=(begin + world.days) * DAY_MS, horizon=HORIZON,
        first_only=not amounts,
    )  # fmt: skip


def plan_of(
    world: World, *, amounts: bool = False, clustered: bool = False, complete: bool = False, r2: float = 0.0
) -> Plan:
    n = world.at_start + world.per_day * (world.days - (HORIZON if complete else 0))
    sd = (world.base * (1 - world.base) * (1 - r2)) ** 0.5
    if amounts:
        sd = (world.base * np.exp(2.0)) ** 0.5
    clock = planned_clock(n, world.share, float(sd), None if amounts else world.base)
    return Plan(
        clock, proportion=not amounts, cap=10.0 if amounts else None, covariate=world.spread > 0, clustered=clustered,
        complete=complete,
    )  # fmt: skip


def false_alarms(
    number: int, first: int = 0, only: tuple[str, ...] = (), say: bool = False
) -> dict[str, float]:
    """The share of experiments without an effect that ever alarm, by kind."""
    kinds = {
        "start at once": (World(), 0, False, False),
        "share 0 for 60 days, then 20 %": (World(), 60, False, False),
        "CUPED": (World(spread=1.5), 60, False, False),
        "rare outcome": (World(at_start=1500, base=0.02), 60, False, False),
        "frequent outcome, half control": (World(base=0.6, share=0.5, spread=1.0), 0, False, False),
        "amounts": (World(), 60, True, False),
        "30 owners": (World(1000, 5, owners=30, owner_spread=0.5), 60, False, True),
        "12 owners": (World(1000, 5, owners=12, owner_spread=0.5, share=0.5), 60, False, True),
    }
    out = {}
    for name, (world, before, amounts, clustered) in kinds.items():
        if only and name not in only:
            continue
        plan = plan_of(world, amounts=amounts, clustered=clustered)
        alarms = [
            first_alarm(looks(play(world, first + s, shown_before=before, amounts=amounts), plan)) is not None
            for s in range(number)
        ]
        out[name] = float(np.mean(alarms))
        if say:
            print(f"  {name}: {out[name]:.4f}", flush=True)
    return out


def powers(number: int, first: int = 0) -> dict[str, float]:
    """The share of experiments that alarm by the planned end, with the true effect that the design promised."""
    out = {}
    for name, world in {
        "start at once": World(3000, 0, 61),
        "inflow": World(at_start=1000, per_day=40, days=120),
    }.items():
        age = np.minimum(np.arange(world.days) + 0.5, HORIZON) / HORIZON
        units = world.at_start + world.per_day * world.days
        part = (world.at_start * 1.0 + world.per_day * age.sum()) / units
        base = world.base * part
        promised = minimum_effect(Setting(base, units, world.share)).relative
        assert promised is not None
        true = World(world.at_start, world.per_day, world.days, world.base, world.share, promised)
        plan = Plan(planned_clock(units, world.share, (base * (1 - base)) ** 0.5, base), covariate=False)
        alarms = [first_alarm(looks(play(true, first + s), plan)) is not None for s in range(number)]
        out[name] = float(np.mean(alarms))
    return out


def wait_with_cuped(number: int, first: int = 0) -> dict[str, float]:
    """Mean units until the alarm with CUPED over without, against 1 - rho^2 as it is in these worlds.

    Units enter evenly and are compared once their window is complete: information is in proportion to units.
    """
    world = World(at_start=0, per_day=40, days=460, base=0.25, share=0.5, relative=0.25, spread=2.0)
    waits: list[tuple[float, float]] = []
    rho = []
    for s in range(number):
        made = play(world, first + s)
        y = np.bincount(made.events["position"], minlength=len(made.units)).astype("float64")
        t = made.units["treated"].to_numpy()
        x = made.units["covariate"].to_numpy()
        full = (made.units["entry"] + HORIZON < made.days).to_numpy()
        left = [np.corrcoef(x[full & g], y[full & g])[0, 1] ** 2 for g in (t, ~t)]
        rho.append(float(np.mean(left)))
        clock = planned_clock(4000, world.share, 0.45, 0.3)
        days = [
            first_alarm(looks(made, Plan(clock * f, covariate=c, complete=True)))
            for c, f in ((True, 1 - rho[-1]), (False, 1.0))
        ]
        waits.append(tuple(float(world.days if d is None else d) - HORIZON for d in days))  # type: ignore[arg-type]
    a, b = np.array(waits).T
    return {
        "ratio of waits": float(a.mean() / b.mean()),
        "1 - rho^2": 1 - float(np.mean(rho)),
        "never": float((b + HORIZON >= world.days).mean()),
    }


def main(number: int, what: tuple[str, ...]) -> None:
    """Print the figures: all, or of alarms, power, wait."""
    for title, played, times in (
        ("alarms", false_alarms, number),
        ("power", powers, number),
        ("wait", wait_with_cuped, number // 2),
    ):
        if what and title not in what:
            continue
        print(title, flush=True)
        if title == "alarms":
            false_alarms(number, say=True)
            continue
        for name, value in played(times).items():
            print(f"  {name}: {value:.4f}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000, tuple(sys.argv[2:]))
