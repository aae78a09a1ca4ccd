"""Run the benchmarks that are named, or all of them."""

import argparse
import importlib
import inspect
import sys
from pathlib import Path

NAMES = (
    "start_up",
    "hubspot_pull",
    "pull_million",
    "pull_peers",
    "hubspot_push",
    "push_figures",
    "customer_value",
    "lifetimes_peer",
    "propensity",
    "propensity_speed",
    "training_time",
    "no_signal",
    "naive_bayes",
    "demo_run",
    "next_steps",
    "reason_cards",
    "quiet_nights",
    "task_nights",
    "rollback",
    "serve_day",
    "same_night",
    "plan_million",
    "activities_as_of",
    "leadforge_leaks",
    "planted_leaks",
    "process_columns",
    "products",
    "intents",
    "forecast",
    "funnel",
    "report_sections",
    "full_report",
)


def main() -> None:
    """Print one line a figure; the ratio is what counts, seconds depend on the machine."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*", help="which; all without one")
    parser.add_argument(
        "--data", type=Path, default=None, help="folder with public data sets, where one needs it"
    )
    given = parser.parse_args()
    chosen = given.names or list(NAMES)
    unknown = [n for n in chosen if n not in NAMES]
    if unknown:
        sys.exit(f"There is no benchmark {unknown[0]}. Known: {', '.join(NAMES)}.")
    for name in chosen:
        run = importlib.import_module(f"benchmarks.{name}").run
        run(**({"data": given.data} if "data" in inspect.signature(run).parameters else {}))


if __name__ == "__main__":
    main()
