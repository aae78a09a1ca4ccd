"""leadforge's planted leaks at each difficulty: found by name, by value, and by the probe in time with their names hidden.

The tables of dated events run to the end of each lead's horizon, the task table is of day 30: the probe in time is asked
for all columns of it, nameless, with the events of touches, sessions, activities and deals. Then the task table is trained
and judged: the AUC of what is left beside a logistic regression of ours without the leaks on the same rows, fitted in the
same run, and its band of two standard errors of an AUC on so many rows (Hanley and McNeil 1982, equation 2). It is not a band
that leadforge publishes, and it is wide (about .07 either way): being within it says only that nothing is badly wrong.

`PIPELINE=1` also writes leadforge's tables into neutral tables and trains the product's whole way on them: leads with the
event of being converted within 60 days of a cut-off (`leadforge_pipeline`).
"""

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

DIFFICULTIES = ("intro", "intermediate", "advanced")


def error(auc: float, positives: int, negatives: int) -> float:
    """The standard error of an AUC.

    >>> round(error(0.7, 58, 692), 3)
    0.039
    """
    one, two = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = auc * (1 - auc) + (positives - 1) * (one - auc**2) + (negatives - 1) * (two - auc**2)
    return float((spread / (positives * negatives)) ** 0.5)


def dated(tables: Path) -> Any:
    """leadforge's dated tables as one of events: record_id, at (ms), kind."""
    import pandas as pd

    parts = []
    for table, time, kind, by in (
        ("touches", "touch_timestamp", "touches", "touch_direction"),
        ("sessions", "session_timestamp", "sessions", "session_type"),
        ("sales_activities", "activity_timestamp", "activities", "activity_type"),
        ("opportunities", "created_at", "deals", None),
        ("opportunities", "closed_at", "deals", "close_outcome"),
    ):
        rows = pd.read_parquet(tables / f"{table}.parquet")
        rows = rows[rows[time].notna()]
        words = rows[by].astype(str) if by else "opened"
        at = pd.to_datetime(rows[time]).dt.as_unit("ms").astype("int64").astype("float64")
        parts.append(
            pd.DataFrame({"record_id": rows["lead_id"].astype(object), "at": at, "kind": kind + "/" + words})
        )
    return pd.concat(parts, ignore_index=True)


def in_time(folder: Path) -> tuple[list[str], int]:
    """The columns that the probe in time finds with all names hidden, and of how many."""
    import pandas as pd

    from sales_consultant.scoring.leakage.future_events import find_future_leakage

    task = folder / "tasks" / "converted_within_90_days"
    rows = pd.concat([pd.read_parquet(task / f"{p}.parquet") for p in ("train", "valid", "test")])
    rows = rows.reset_index(drop=True)
    names = [c for c in rows if c != "converted_within_90_days" and not str(c).endswith("_id")]
    day_30 = pd.to_datetime(rows["lead_created_at"]) + pd.Timedelta(days=30)
    hidden = rows[names].set_axis([f"field_{k}" for k in range(len(names))], axis=1)
    cut = day_30.dt.as_unit("ms").astype("int64").to_numpy(dtype=float)
    groups = rows["account_id"].to_numpy()
    found = find_future_leakage(hidden, rows["lead_id"].astype(object), cut, dated(folder / "tables"), groups)
    return [str(names[int(f.column.removeprefix("field_"))]) for f in found], len(names)


def run() -> None:
    """Print two lines a difficulty."""
    from benchmarks.propensity import PLANTED, leadforge, peers
    from sales_consultant.scoring.metrics import metrics
    from sales_consultant.scoring.propensity.propensity import PropensityModel

    with tempfile.TemporaryDirectory() as folder:
        for difficulty in DIFFICULTIES:
            table = leadforge(difficulty, folder, leaks=True)
            found, of = in_time(Path(folder) / difficulty)
            extra = [c for c in found if c not in PLANTED]
            print(
                f"leadforge_leaks: {difficulty}: {sum(c in found for c in PLANTED)} of {len(PLANTED)} planted leaks found by the "
                f"probe in time with all names hidden, and {len(extra)} of {of - len(PLANTED)} honest columns"
                f"{''.join(f' {c}' for c in extra)}: {'held' if set(found) == set(PLANTED) else 'MISSED'}",
                flush=True,
            )
            model = PropensityModel().fit(table.train, table.y, groups=table.groups)
            by_name = [f.column for f in model.leaks_]
            hidden = {c: f"field_{k}" for k, c in enumerate(PLANTED)}
            renamed = PropensityModel(tables=False).fit(
                table.train.rename(columns=hidden), table.y, groups=table.groups
            )
            by_value = sum(f.column in hidden.values() for f in renamed.leaks_)
            y = table.y_test.astype(float)
            auc = metrics.auc(y, model.predict_proba(table.test)[:, 1])
            kept = [c for c in table.train if c not in PLANTED]
            clean = replace(table, train=table.train[kept], test=table.test[kept])
            reference = metrics.auc(y, peers(clean)["logistic"])
            band = 2 * error(reference, int(y.sum()), int(len(y) - y.sum()))
            print(
                f"leadforge_leaks: {difficulty}: {sum(c in by_name for c in PLANTED)} of {len(PLANTED)} dropped by name, {by_value} by "
                f"value alone where their names are hidden"
                f"{''.join(f', {c} too' for c in by_name if c not in PLANTED)}; AUC {auc:.3f} on {len(y)} rows, logistic "
                f"regression (ours) without them {reference:.3f}, two standard errors {reference - band:.3f} to {reference + band:.3f}: "
                f"{'within' if abs(auc - reference) <= band else 'OUTSIDE'}",
                flush=True,
            )
            if os.environ.get("PIPELINE"):
                from benchmarks.leadforge_pipeline import pipeline

                print(f"leadforge_leaks: {difficulty}: {pipeline(Path(folder) / difficulty)}", flush=True)
