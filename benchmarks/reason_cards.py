"""The reasons of the demo's deals as a rep reads them: how much of the points the three lines hold, and fifty cards.

Beside it the same model with a reason for each group of features, as before groups had themes.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

CARDS = 50


def run() -> None:
    """Print the figures, then every ninth deal's lines."""
    from dataclasses import replace
    from datetime import datetime

    from sales_consultant.config.populations import Exclusions, FeatureSettings, Population
    from sales_consultant.scoring.features import build
    from sales_consultant.scoring.propensity import reasons, shown
    from sales_consultant.scoring.training import training
    from sales_consultant.sync.stores import Warehouse

    command = [str(Path(sys.executable).with_name("sales-consultant")), "demo", "--data", "saas", "--json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8")
    demo = json.loads(done.stdout)
    as_of = int(datetime.fromisoformat(demo["as_of"]).timestamp() * 1000)
    warehouse = Warehouse(Path(demo["folder"]) / "data" / "demo" / "warehouse.duckdb", threads=1)
    made = training.train(
        warehouse.engine, "deals", Population(object="deals", event="won"), as_of=as_of,
        exclusions=Exclusions(), features=FeatureSettings(),
    )  # fmt: skip
    assert made.today is not None
    X = build(warehouse.engine, "deals", made.model.features, made.today)
    apart = replace(made.model, groups=[replace(g, theme="") for g in made.model.groups])
    for name, model in (("a reason a group", apart), ("by theme", made.model)):
        _figures(name, reasons(model, X)[0], shown)
    lines, scores = reasons(made.model, X)
    step = max(len(X) // CARDS, 1)
    for i in range(0, step * CARDS, step):
        told = "; ".join(r.line() for r in shown(lines[i]))
        print(f"card {i // step + 1}: score {scores[i]}: {told}")
    warehouse.close()


def _figures(name: str, cards: list[Any], shown: Any) -> None:
    """Mean share of the absolute points of all reasons that the shown lines hold, and how often the rest is larger."""
    import numpy as np

    shares, larger = [], []
    for every in cards:
        named = [r for r in every if r.feature not in ("everything_else", "held")]
        told = [r for r in shown(every) if r.feature != "everything_else"]
        rest = sum(r.points for r in shown(every) if r.feature == "everything_else")
        total = sum(abs(r.points) for r in named)
        if total:
            shares.append(sum(abs(r.points) for r in told) / total)
        larger.append(abs(rest) > max((abs(r.points) for r in told), default=0))
    print(
        f"reason_cards: {name}: the lines hold {np.mean(shares):.1%} of the absolute points of {len(cards)} deals; "
        f'"everything else" is larger than every line on {np.mean(larger):.1%}',
        flush=True,
    )
