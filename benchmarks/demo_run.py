"""The demo as a whole process: wall time, memory, calls, and the second sync."""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path


def run() -> None:
    """Print the figures of `demo --json` for both companies."""
    started = time.perf_counter()
    command = [str(Path(sys.executable).with_name("sales-consultant")), "demo", "--json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8")
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / (
        1024 if sys.platform != "darwin" else 1024**2
    )
    result = json.loads(done.stdout)
    second = result["second_sync"]
    print(
        f"demo_run: {seconds:.0f} s wall of 120, largest process {peak:,.0f} MB of 1,500; {result['written']:,} records "
        f"written with {result['api_calls']} calls; second sync {second['written']} written"
    )
