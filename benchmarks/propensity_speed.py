"""Training on 100,000 rows of 40 features, and scoring 1,000,000, beside scikit-learn's gradient boosting in the same run.

Before it scoring with reasons, and a training of 2,000 rows of 600 columns, of which the budget is 20 CPU seconds.
"""

import time
from typing import Any


def population(rows: int, seed: int = 1) -> tuple[Any, Any]:
    """A model of deals on the features of the catalogue, and columns of as many rows."""
    import numpy as np
    import pandas as pd

    from sales_consultant.config.populations import Population
    from sales_consultant.scoring.features import standard
    from sales_consultant.scoring.propensity import PopulationModel, PropensityModel

    rng = np.random.default_rng(seed)
    groups, features = standard("deals", seller=True)
    kinds = {g.name: g.words.kind for g in groups}

    def column(name: str, kind: str) -> Any:
        if kind == "category":
            return rng.choice(["a", "b", "c", "d"], rows).astype(object)
        if kind == "count":
            return rng.poisson(1.2, rows).astype(float)
        values = rng.gamma(1.5, 40.0, rows)
        return np.where(rng.random(rows) < 0.2, np.nan, values)

    X = pd.DataFrame({f.name: column(f.name, kinds[f.group]) for f in features})
    some = X.iloc[:3000]
    numbers = some.select_dtypes("number").fillna(0)
    margin = ((numbers - numbers.mean()) / numbers.std().replace(0, 1)).to_numpy() @ rng.normal(
        0, 0.25, numbers.shape[1]
    )
    y = (rng.random(len(some)) < 1 / (1 + np.exp(1 - margin))).astype(float)
    learnt = PropensityModel(tier="full", audit=[], tables=False).fit(some, y)
    model = PopulationModel(
        "deals", Population(object="deals", event="won"), "deal won", 90, 0, features, groups, learnt, None, learnt.base_odds,
        {"A": 65, "B": 57, "C": 50}, [],
    )  # fmt: skip
    return model, X


def scoring_with_reasons(rows: int = 100_000) -> None:
    """Rows a CPU second, with reasons and without."""
    from sales_consultant.scoring.propensity import reasons

    model, X = population(rows)
    began = time.process_time()
    lines, _ = reasons(model, X)
    seconds = time.process_time() - began
    began = time.process_time()
    model.probability(X)
    alone = time.process_time() - began
    print(
        f"propensity_speed: {rows:,} rows of {X.shape[1]} features with {sum(map(len, lines)) / rows:.1f} reasons each: "
        f"{rows / seconds:,.0f} rows a CPU second (probabilities alone {rows / alone:,.0f})",
        flush=True,
    )


def wide(rows: int = 2_000, columns: int = 600) -> None:
    """CPU seconds of a training of more columns than most CRMs have."""
    import warnings

    import numpy as np
    import pandas as pd

    from sales_consultant.scoring.propensity import PropensityModel

    warnings.simplefilter("ignore")
    rng = np.random.default_rng(1)
    X = pd.DataFrame(rng.normal(size=(rows, columns)), columns=[f"x{j}" for j in range(columns)])
    margin = X.iloc[:, :10].to_numpy() @ rng.normal(0, 0.4, 10) - 1
    y = (rng.random(rows) < 1 / (1 + np.exp(-margin))).astype(float)
    began = time.process_time()
    PropensityModel(tables=False).fit(X, y)
    seconds = time.process_time() - began
    print(
        f"propensity_speed: {rows:,} rows of {columns} columns learnt in {seconds:.1f} CPU s of 20",
        flush=True,
    )


def run() -> None:
    """Print seconds, and the ratio to the peer's."""
    scoring_with_reasons()
    wide()
    import numpy as np
    import pandas as pd
    from sklearn.ensemble import HistGradientBoostingClassifier

    from sales_consultant.scoring.metrics import metrics
    from sales_consultant.scoring.propensity.propensity import PropensityModel

    rng = np.random.default_rng(7)

    def table(n: int) -> "tuple[pd.DataFrame, np.ndarray]":
        X = rng.normal(size=(n, 36))
        margin = -1.5 + X[:, 0] + 0.8 * X[:, 1] * X[:, 2] - 0.7 * (X[:, 3] > 0.5) + 0.5 * np.sin(2 * X[:, 4])
        frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(36)])
        for i in range(4):
            frame[f"level{i}"] = rng.choice([f"l{k}" for k in range(8)], n)
        margin += 0.4 * (frame["level0"] == "l3").to_numpy()
        frame = frame.mask(pd.DataFrame(rng.random(frame.shape) < 0.03, columns=frame.columns))
        return frame, (rng.random(n) < 1 / (1 + np.exp(-margin))).astype(int)

    X, y = table(100_000)
    began = time.perf_counter()
    model = PropensityModel().fit(X, y)
    seconds = time.perf_counter() - began
    many, truth = table(1_000_000)
    began = time.perf_counter()
    p = model.predict_proba(many)[:, 1]
    scoring = time.perf_counter() - began
    numbers = many.drop(columns=[c for c in many if c.startswith("level")])
    began = time.perf_counter()
    peer = HistGradientBoostingClassifier(max_iter=200).fit(X[numbers.columns], y)
    theirs = time.perf_counter() - began
    began = time.perf_counter()
    q = peer.predict_proba(numbers)[:, 1]
    peer_scoring = time.perf_counter() - began
    loss, peer_loss = (metrics.losses(truth.astype(float), v).mean() for v in (p, q))
    print(
        f"propensity_speed: training 100,000 x 40 in {seconds:.0f} s (tier {model.tier_}; gradient boosting of 200 trees "
        f"{theirs:.0f} s); scoring 1,000,000 in {scoring:.1f} s ({scoring / peer_scoring:.1f} x the peer's "
        f"{peer_scoring:.1f} s); log-loss {loss:.4f}, the peer's {peer_loss:.4f}"
    )
