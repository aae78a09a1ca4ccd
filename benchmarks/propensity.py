"""The propensity model beside scikit-learn's on the same folds: log-loss, calibration, cost of reasons.

Tables of known truth (linear, with interactions, with gaps and levels, without any signal) and leadforge's three
difficulties. A ratio above 1.01 is a miss, unless the test has under 1,500 rows and the difference is within one
paired standard error. The peers are scikit-learn's logistic regression (one-hot texts from 10 rows on, C .1) and
HistGradientBoosting (texts as ordinals), set up here and fitted in the same run. Texts have 5 and 30 levels, one of them without
an effect: tables whose texts have hundreds of levels with an effect are not among these.
"""

import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Table:
    """One data set, split."""

    name: str
    train: Any
    test: Any
    y: Any
    y_test: Any
    groups: Any = None


def made(kind: str, rows: int, seed: int = 7) -> Table:
    """A table with known truth: 20 numbers, 2 texts, gaps; `kind` is linear, curved or noise."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(seed)
    n = rows + 6000
    X = rng.normal(size=(n, 20))
    text = rng.choice(["north", "south", "east", "west", "abroad"], n, p=[0.4, 0.25, 0.2, 0.1, 0.05])
    small = rng.choice([f"segment {i}" for i in range(30)], n)
    margin = np.full(n, -1.1)
    if kind != "noise":
        margin += 0.8 * X[:, 0] - 0.5 * X[:, 1] + 0.5 * (text == "west") - 0.4 * (text == "abroad")
    if kind == "curved":
        margin += (
            0.8 * np.sin(2 * X[:, 2]) + 0.7 * X[:, 3] * X[:, 4] + 0.6 * (X[:, 5] > 1) + 0.4 * np.abs(X[:, 6])
        )
    y = (rng.random(n) < 1 / (1 + np.exp(-margin))).astype(int)
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(20)])
    frame["region"], frame["segment"] = text, small
    frame = frame.mask(pd.DataFrame(rng.random(frame.shape) < 0.05, columns=frame.columns))
    return Table(f"{kind} {rows:,}", frame[:rows], frame[rows:], y[:rows], y[rows:])


PLANTED = ("current_stage", "is_sql", "total_touches_all")
"""leadforge's leaks: the stage at the end is loud; the other two count what came after the snapshot, and are quiet."""


def leadforge(difficulty: str, folder: str, *, leaks: bool = False) -> Table:
    """leadforge's own task tables, with or without the planted leaks (`leadforge_leaks` judges the audit)."""
    import subprocess
    import sys
    from pathlib import Path

    import pandas as pd

    out = Path(folder) / difficulty
    command = f"generate --recipe b2b_saas_procurement_v1 --seed 7 --mode research_instructor --difficulty {difficulty}"
    leadforge = str(Path(sys.executable).with_name("leadforge"))
    subprocess.run([leadforge, *command.split(), "--out", str(out)], check=True, capture_output=True)
    task = out / "tasks" / "converted_within_90_days"
    parts = [pd.read_parquet(task / f"{p}.parquet") for p in ("train", "valid", "test")]
    train, test = pd.concat(parts[:2], ignore_index=True), parts[2]
    label = "converted_within_90_days"
    names = [
        c
        for c in train.columns
        if c != label and (leaks or c not in PLANTED) and not c.endswith(("_id", "_at"))
    ]
    y, y_test = train[label].astype(int).to_numpy(), test[label].astype(int).to_numpy()
    return Table(f"leadforge {difficulty}", train[names], test[names], y, y_test, train["account_id"])


def tables(folder: str) -> Iterator[Table]:
    """All data sets."""
    for kind in ("linear", "curved", "noise"):
        for rows in (1500, 6000, 20000):
            yield made(kind, rows)
    for difficulty in ("intro", "intermediate", "advanced"):
        yield leadforge(difficulty, folder)


def peers(table: Table) -> dict[str, Any]:
    """P(event) of the test rows by scikit-learn's two, as a data scientist would set them up."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

    words, rest = (
        make_column_selector(dtype_include=[object, "string", "str"]),
        make_column_selector(dtype_include="number"),
    )
    linear = make_pipeline(
        make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore", min_frequency=10), words),
            (make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), rest),
        ),
        LogisticRegression(C=0.1, max_iter=2000),
    )
    trees = make_pipeline(
        make_column_transformer(
            (
                OrdinalEncoder(
                    handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-1
                ),
                words,
            ),
            remainder="passthrough",
        ),
        HistGradientBoostingClassifier(learning_rate=0.06, max_iter=250, early_stopping=True, random_state=0),
    )
    found = {}
    for name, model in (("logistic", linear), ("hgb", trees)):
        train, test = _plain(table.train), _plain(table.test)
        found[name] = model.fit(train, table.y).predict_proba(test)[:, 1]
    return found


def _plain(frame: Any) -> Any:
    """Flags as numbers: scikit-learn's imputer takes none."""
    frame = frame.copy()
    for name in frame.columns:
        if (
            frame[name].dtype == bool
            or str(frame[name].dtype) == "boolean"
            or str(frame[name].dtype).lower().startswith(("float", "int"))
        ):
            frame[name] = frame[name].astype(float)
        else:
            frame[name] = frame[name].astype(object).where(frame[name].notna(), None)
    return frame


def run() -> None:
    """Print one line a data set."""
    import tempfile

    import numpy as np

    from sales_consultant.scoring import metrics
    from sales_consultant.scoring.propensity import PropensityModel

    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        for t in tables(folder):
            began = time.perf_counter()
            model = PropensityModel().fit(t.train, t.y, groups=t.groups)
            seconds = time.perf_counter() - began
            ours = model.predict_proba(t.test)[:, 1]
            loss = metrics.losses(t.y_test.astype(float), ours)
            others = {k: metrics.losses(t.y_test.astype(float), p) for k, p in peers(t).items()}
            best = min(others, key=lambda k: float(others[k].mean()))
            gap = loss - others[best]
            error = float(gap.std() / np.sqrt(len(gap)))
            ratio = float(loss.mean() / others[best].mean())
            held = ratio <= 1.01 or (len(gap) < 1500 and float(gap.mean()) <= error)
            began = time.perf_counter()
            model.predict_proba(t.test)
            once = time.perf_counter() - began
            began = time.perf_counter()
            sums = model.contributions(t.test).sum(axis=1) + model.base_value_
            cost = (time.perf_counter() - began) / once
            off = float(np.abs(sums - model.decision_function(t.test)).max())
            print(
                f"propensity: {t.name} ({len(gap):,} test rows): tier {model.tier_}, log-loss {loss.mean():.4f} = "
                f"{ratio:.4f} x {best}'s ({'held' if held else 'MISSED'}), "
                f"AUC {metrics.auc(t.y_test.astype(float), ours):.3f}, "
                f"ECE {metrics.expected_calibration_error(t.y_test.astype(float), ours):.4f}, {model.report_.verdict}, "
                f"leaks {[f.column for f in model.leaks_]}; fit {seconds:.1f} s, reasons {cost:.1f} x a prediction, "
                f"additive to {off:.0e}",
                flush=True,
            )
