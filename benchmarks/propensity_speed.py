"""Training on 100,000 rows of 40 features, and scoring 1,000,000, beside scikit-learn's gradient boosting in the same run."""

import time


def run() -> None:
    """Print seconds, and the ratio to the peer's."""
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
