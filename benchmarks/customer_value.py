"""BG/NBD and gamma-gamma on the published CDNOW sample: parameters and log-likelihood beside the published ones."""

import csv
import time
from importlib.metadata import distribution

FILE = "lifetimes/datasets/cdnow_customers_summary_with_transactions.csv"
PUBLISHED = {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}


def run() -> None:
    """Print the parameters, the likelihood and the largest difference."""
    import numpy as np

    from sales_consultant.scoring.customers.value import BetaGeoModel, GammaGammaModel

    with open(str(distribution("lifetimes").locate_file(FILE)), encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    frequency, recency, age, money = (
        np.array([float(r[n]) for r in rows]) for n in ("x", "t_x", "T", "zbar")
    )
    started = time.perf_counter()
    bought = BetaGeoModel().fit(frequency, recency, age)
    again = frequency > 0
    spent = GammaGammaModel().fit(frequency[again], money[again])
    seconds = time.perf_counter() - started
    worst = max(abs(bought.params_[k] / v - 1) for k, v in PUBLISHED.items())
    print(
        f"customer_value: BG/NBD {', '.join(f'{k} {v:.4f}' for k, v in bought.params_.items())}, "
        f"log-likelihood {bought.log_likelihood_:.2f} (published -9582.43), at most {worst:.2%} from the published; "
        f"gamma-gamma {', '.join(f'{k} {v:.3f}' for k, v in spent.params_.items())}; {seconds * 1000:.0f} ms"
    )
