"""Planted leaks of many kinds in tables of known truth: which the audit finds, and whether it drops anything honest.

Four tables (ordinary, weak, without signal, strongly separable) of 600 and 4,000 rows, and fourteen leaks under a name that tells
nothing. What is quiet in a strong table (the last) is missed: beside columns that order 95 of 100 pairs, one that orders a few
more is no wonder.
"""


def run() -> None:
    """Print a line a table: found, missed, and honest columns that were dropped."""
    import warnings

    import numpy as np
    import pandas as pd

    from sales_consultant.scoring.propensity.propensity import PropensityModel

    warnings.simplefilter("ignore")

    def table(kind: str, n: int, rng: np.random.Generator) -> "tuple[pd.DataFrame, np.ndarray]":
        width = {"ordinary": 8, "weak": 20, "noise": 10, "strong": 12}[kind]
        X = pd.DataFrame(rng.normal(size=(n, width)), columns=[f"x{i}" for i in range(width)])
        margin = {
            "ordinary": -1 + X["x0"] - 0.6 * X["x1"],
            "weak": -2 + 0.3 * X["x0"] - 0.2 * X["x1"],
            "noise": -1 + 0 * X["x0"],
            "strong": -0.5 + 2 * X["x0"] - 1.5 * X["x1"] + X["x2"] + (X["x3"] > 0) * X["x4"],
        }[kind]
        X["source"] = rng.choice(list("abcde"), n)
        return X, (rng.random(n) < 1 / (1 + np.exp(-margin))).astype(int).to_numpy()

    for kind in ("ordinary", "weak", "noise", "strong"):
        for n in (600, 4000):
            rng = np.random.default_rng(5)
            X, y = table(kind, n, rng)
            won = y == 1
            as_of = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 365, n), unit="D")
            days = rng.integers(1, 60, n)
            leaks: dict[str, dict[str, object]] = {
                "a copy": {"f": y.astype(float)},
                "a copy with noise .3": {"f": y + rng.normal(0, 0.3, n)},
                "a copy with noise .5": {"f": y + rng.normal(0, 0.5, n)},
                "5 % flipped": {"f": np.where(rng.random(n) < 0.05, 1 - y, y).astype(float)},
                "10 % flipped, as text": {"f": np.where(rng.random(n) < 0.1, 1 - y, y).astype(str)},
                "a count of later events": {"f": rng.poisson(3 + 4 * y)},
                "filled on 60 % of the won": {"f": np.where(won & (rng.random(n) < 0.6), "set", None)},
                "filled on 90 and 10 %": {
                    "f": np.where(rng.random(n) < np.where(won, 0.9, 0.1), rng.normal(size=n), np.nan)
                },
                "filled on 95 and 30 %": {
                    "f": np.where(rng.random(n) < np.where(won, 0.95, 0.3), rng.normal(size=n), np.nan)
                },
                "a date after its row": {"f": as_of + pd.to_timedelta(np.where(won, days, -days), unit="D")},
                "such a date on 70 %": {
                    "f": as_of + pd.to_timedelta(np.where(won & (rng.random(n) < 0.7), days, -days), unit="D")
                },
                "today's stage": {
                    "f": np.where(
                        won,
                        rng.choice(["done", "handover"], n),
                        rng.choice(["open", "gone", "handover"], n, p=[0.6, 0.3, 0.1]),
                    )
                },
                "two halves of a parity": {},
                "two flipped copies": {
                    "f": np.where(rng.random(n) < 0.1, 1 - y, y).astype(float),
                    "g": np.where(rng.random(n) < 0.1, 1 - y, y).astype(float),
                },
            }
            bit = rng.integers(0, 2, n)
            leaks["two halves of a parity"] = {"f": bit.astype(float), "g": (bit ^ y).astype(float)}
            missed, honest = [], set()
            for name, planted in leaks.items():
                model = PropensityModel(tables=False).fit(X.assign(**planted), y, as_of=as_of)
                found = {f.column for f in model.leaks_}
                honest |= found - set(planted)
                if not set(planted) <= found:
                    missed.append(name)
            honest |= {f.column for f in PropensityModel(tables=False).fit(X, y, as_of=as_of).leaks_}
            print(
                f"planted_leaks: {kind}, {n:,} rows, rate {y.mean():.2f}: {len(leaks) - len(missed)} of {len(leaks)} found"
                f"{', missed ' + ', '.join(missed) if missed else ''}; honest columns dropped: {len(honest)}",
                flush=True,
            )
