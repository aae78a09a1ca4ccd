"""The random tests on other seeds: `python tests/support/seeds.py FIRST COUNT FOLDER...` (`make seeds`).

Random is what hypothesis draws; `--hypothesis-seed` is its seed, and HISTORIES_SEED that of the histories, which have one
of their own. A failure is repeated with the seed that is named: `pytest --hypothesis-seed=N the/test.py`.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

TESTS = Path(__file__).parents[1]
FOLDERS = ("scoring", "config", "sync", "sandbox", "connectors")
_RANDOM = re.compile(r"^from hypothesis import|^import hypothesis", re.MULTILINE)


def random_files(folders: Iterable[str]) -> list[str]:
    """Files with tests that draw."""
    return [
        str(path)
        for folder in folders
        for path in sorted((TESTS / folder).glob("test_*.py"))
        if _RANDOM.search(path.read_text(encoding="utf-8"))
    ]


def main(words: Sequence[str]) -> int:
    """Run each seed; 1 where any failed."""
    first, count = (int(w) for w in words[:2])
    files = random_files(words[2:] or FOLDERS)
    failed = []
    for seed in range(first, first + count):
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", f"--hypothesis-seed={seed}", *files],
            env={**os.environ, "HISTORIES_SEED": str(seed)},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        summary = [
            line for line in done.stdout.splitlines() if re.match(r"FAILED|ERROR|\d+ (passed|failed)", line)
        ]
        print(f"seed {seed}: {'; '.join(summary)}", flush=True)
        if done.returncode:
            failed.append(seed)
            print(done.stdout[-6000:], flush=True)
    print(f"{len(files)} files on {count} seeds from {first}: {len(failed)} failed {failed or ''}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
