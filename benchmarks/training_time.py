"""CPU seconds of a training: a CRM of 15,000 and of 78,000 deals, and a plain frame of 100,000 rows of 40 columns.

Each size is a process of its own, and its figures hold the seconds of its child processes, which learn bags of tables. The deals
go through the use case of `train`, from the neutral tables of a warehouse in a file. `TRAINING_DEALS` ("15000,78000") and
`TRAINING_ROWS` ("100000") in the environment set other sizes, "" none. By hand, `python -m benchmarks.training_time deals 15000
profile` also says in which functions the time goes.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

DEALS, ROWS = "15000,78000", "100000"
BUDGET = {15_000: 120, 78_000: 400}
"""CPU seconds that a training of so many deals may take."""
FRAME_SECONDS = 600
# Whose time a profile tells, in the order of a training.
_TOLD = (
    "build_table", "filled_at_outcome", "counted_later", "find_hindsight", "judge_fields", "audit", "single_fields",
    "find_label_determining_columns", "find_leaks_by_ablation", "find_suspects", "orientation", "determined", "pairs",
    "weight", "power", "logistic", "quick_trees", "encode", "linear_margins", "promising", "boosted_margins", "best_sizes",
    "fit_tables", "shift_to_come", "linear_forms", "fit_competing_risks", "fit_hazards", "judge", "figures", "finish",
    "settle", "fit_customers", "forward_test",
)  # fmt: skip


def cpu() -> float:
    """Seconds of this process and of its children; those that wait for more work are ended, for only then they count."""
    if "joblib" in sys.modules:
        from joblib.externals.loky import get_reusable_executor

        get_reusable_executor().shutdown(wait=True)
    used = (resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(u.ru_utime + u.ru_stime for u in used)


def _peaks() -> str:
    mine, theirs = (
        resource.getrusage(w).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)
        for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return f"peak {mine:,.0f} MB" + (f", {theirs:,.0f} MB in a child process" if theirs else "")


class _Clock:
    """CPU seconds a step."""

    def __init__(self) -> None:
        self.began, self.wall, self.last = cpu(), time.perf_counter(), cpu()
        self.step, self.steps = "", dict[str, float]()

    def begin(self, step: str) -> None:
        """A step begins, and the one before it is over."""
        now = cpu()
        if self.step:
            self.steps[self.step] = self.steps.get(self.step, 0.0) + now - self.last
        self.step, self.last = step, now

    def told(self) -> str:
        """All of them, and the total."""
        self.begin("")
        parts = ", ".join(f"{s} {v:.1f}" for s, v in self.steps.items())
        return f"{self.last - self.began:.1f} CPU s, {time.perf_counter() - self.wall:.0f} s wall, {_peaks()} ({parts})"

    @property
    def seconds(self) -> float:
        """CPU seconds until the last step ended."""
        return self.last - self.began


def deals(count: int) -> None:
    """Train the deals' population of a company of so many deals as `train` does."""
    from sales_consultant.config.settings import Settings
    from sales_consultant.engine.materialised import materialised
    from sales_consultant.sync.models import training
    from sales_consultant.sync.stores import State, Warehouse

    from .crm_company import NOW, fill

    with tempfile.TemporaryDirectory() as folder:
        warehouse, state = Warehouse(Path(folder) / "warehouse.duckdb"), State(None)
        made = fill(warehouse.engine, count)
        settings = Settings.model_validate({"populations": {"deals": {"object": "deals", "event": "won"}}})
        clock = _Clock()

        def progress(what: str, _number: int, _of: int, _share: float) -> None:
            clock.begin(what.partition(": ")[2].partition(",")[0])

        with materialised(warehouse.engine):
            (found,) = training.train(
                warehouse.engine,
                state,
                Path(folder) / "models",
                settings,
                as_of=NOW,
                now=NOW,
                say=lambda _: None,
                only=["deals"],
                progress=progress,
            )
        told, seconds = clock.told(), clock.seconds
        warehouse.close()
    report = found.report
    budget = BUDGET.get(count)
    print(
        f"training_time: {count:,} deals ({made['activities']:,} activities), {report['train_n']:,} rows learnt and "
        f"{report['n']:,} judged: {told}; AUC {report['auc']:.4f}, log-loss {report['log_loss']:.5f} "
        f"(base rate {report['base_log_loss']:.5f}; {_contest(report)}), {found.verdict}, {len(report['leaks'])} columns left out"
        + (f"; {seconds / budget:.2f} of the {budget} CPU s allowed" if budget else ""),
        flush=True,
    )


def _contest(report: dict[str, Any]) -> str:
    return "of each form " + ", ".join(f"{k} {v:.5f}" for k, v in (report["contest"] or {}).items())


def frame(rows: int, columns: int = 40) -> None:
    """Train the estimator on a plain frame of numbers and texts."""
    import numpy as np
    import pandas as pd

    from sales_consultant.scoring.metrics import losses
    from sales_consultant.scoring.propensity import PropensityModel

    rng = np.random.default_rng(7)

    def table(n: int) -> tuple[Any, Any]:
        X = pd.DataFrame(rng.normal(size=(n, columns - 4)), columns=[f"x{i}" for i in range(columns - 4)])
        margin = -1.5 + X["x0"] + 0.8 * X["x1"] * X["x2"] - 0.7 * (X["x3"] > 0.5) + 0.5 * np.sin(2 * X["x4"])
        for i in range(4):
            X[f"level{i}"] = rng.choice([f"l{k}" for k in range(8)], n)
        margin += 0.4 * (X["level0"] == "l3")
        X = X.mask(pd.DataFrame(rng.random(X.shape) < 0.03, columns=X.columns))
        return X, (rng.random(n) < 1 / (1 + np.exp(-margin))).astype(int)

    (X, y), (later, truth) = table(rows), table(min(rows, 50_000))
    clock = _Clock()
    clock.begin("fit")
    model = PropensityModel().fit(X, y)
    told = clock.told()
    p = model.predict_proba(later)[:, 1]
    loss = losses(truth.astype(float), p).mean()
    print(
        f"training_time: {rows:,} rows of {columns} columns (tier {model.tier_}): {told}; log-loss {loss:.5f}; "
        f"{FRAME_SECONDS} s wall allowed for 100,000 of 40",
        flush=True,
    )


def _profiled(text: bool) -> Any:
    if not text:
        return nullcontext()
    import cProfile

    return cProfile.Profile()


def _tell(profile: Any) -> None:
    """Cumulated seconds of what is named, and the twenty-five functions with the most time of their own."""
    import pstats

    stats: Any = pstats.Stats(profile)
    ours = {k: v for k, v in stats.stats.items() if "scoring" in k[0] and k[2] in _TOLD}
    for (file, _, name), (_, calls, _, whole, _) in sorted(ours.items(), key=lambda kv: -kv[1][3]):
        print(f"  {whole:8.2f} s in {calls:6,} calls of {Path(file).stem}.{name}")
    stats.sort_stats("tottime").print_stats(25)


def run() -> None:
    """Print the figures of each size, measured in a process of its own."""
    for kind, sizes in (
        ("deals", os.environ.get("TRAINING_DEALS", DEALS)),
        ("frame", os.environ.get("TRAINING_ROWS", ROWS)),
    ):
        for size in filter(None, sizes.split(",")):
            command = [sys.executable, "-m", "benchmarks.training_time", kind, size]
            done = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8")
            print(done.stdout.strip(), flush=True)


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore")
    with _profiled("profile" in sys.argv[3:]) as profile:
        {"deals": deals, "frame": frame}[sys.argv[1]](int(sys.argv[2]))
    if profile is not None:
        _tell(profile)
