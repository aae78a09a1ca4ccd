"""How long `--help` takes, against a Python that does nothing."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 7


def _median(command: list[str]) -> float:
    taken = []
    for _ in range(RUNS + 1):
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken[1:])


def run() -> None:
    """Print both medians and the ratio."""
    ours = _median([str(Path(sys.executable).with_name("sales-consultant")), "--help"])
    bare = _median([sys.executable, "-c", "pass"])
    print(f"start_up: --help in {ours:.2f} s, {ours / bare:.1f} x a Python that does nothing ({bare:.3f} s)")
