"""BG/NBD of a million simulated customers beside `lifetimes`, in one run; that package needs an environment of its own."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CUSTOMERS = 1_000_000
# Unmaintained since 2020: it works with these only.
PEER = ("lifetimes==0.11.3", "pandas<3", "numpy<2.5", "scipy<1.18", "autograd", "dill")
THEIRS = """
import json, sys, time
import numpy as np
from lifetimes import BetaGeoFitter
x, t, T = np.load(sys.argv[1])
began = time.perf_counter()
model = BetaGeoFitter().fit(x, t, T)
seconds = time.perf_counter() - began
print(json.dumps({"seconds": seconds, "params": dict(model.params_)}))
"""


def simulate(n: int, seed: int = 7) -> "tuple[object, object, object]":
    """Frequency, recency and T (weeks) of customers drawn from the model itself."""
    import numpy as np

    rng = np.random.default_rng(seed)
    rate, leave, T = rng.gamma(0.25, 1 / 4.4, n), rng.beta(0.8, 2.4, n), rng.uniform(26, 52, n)
    t, x, last, alive = np.zeros(n), np.zeros(n), np.zeros(n), np.arange(n)
    while alive.size:
        t[alive] += rng.exponential(1, alive.size) / rate[alive]
        alive = alive[t[alive] <= T[alive]]
        x[alive] += 1
        last[alive] = t[alive]
        alive = alive[~(rng.random(alive.size) < leave[alive])]
    return x, last, T


def peer(folder: Path) -> Path:
    """Python of an environment with lifetimes; made once, below the build folder."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PEER], check=True)
    return python


def run() -> None:
    """Print seconds, their ratio and how far the log-likelihoods are apart, both by our formula."""
    import numpy as np

    from sales_consultant.scoring.customers.beta_geo_nbd import BetaGeoModel, History, likelihood

    x, t, T = (np.asarray(v, dtype=float) for v in simulate(CUSTOMERS))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "customers.npy"
        np.save(file, np.stack([x, t, T]))
        python = peer(Path(__file__).parents[1] / "build" / "lifetimes")
        told = subprocess.run(
            [str(python), "-W", "ignore", "-c", THEIRS, str(file)], check=True, capture_output=True
        )
    theirs = json.loads(told.stdout.splitlines()[-1])
    began = time.perf_counter()
    ours = BetaGeoModel().fit(x, t, T)
    seconds = time.perf_counter() - began
    params = np.array([theirs["params"][k] for k in ("r", "alpha", "a", "b")])
    value, _ = likelihood(params, History.of(x, t, T))
    print(
        f"lifetimes_peer: {CUSTOMERS:,} customers in {seconds:.1f} s, lifetimes {theirs['seconds']:.1f} s: "
        f"{theirs['seconds'] / seconds:.1f} x faster; log-likelihood {ours.log_likelihood_:.3f}, theirs {value:.3f}"
    )
