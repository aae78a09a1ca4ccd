"""What the benchmark of training times measures: a company of made deals, and a plain frame, both small here."""

import sys
from pathlib import Path

import pytest
from support import programs

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "size", "said"), [("deals", 600, "better than base rate"), ("frame", 500, "tier")]
)
def test_small_sizes_are_measured(kind: str, size: int, said: str) -> None:
    command = [sys.executable, "-m", "benchmarks.training_time", kind, str(size)]
    done = programs.run(command, cwd=ROOT, check=True)
    assert done.stdout.startswith(f"training_time: {size:,} ")
    assert said in done.stdout
    assert " CPU s, " in done.stdout
