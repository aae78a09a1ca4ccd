"""Histories without end: `python tests/histories/soak.py [N]`, or for an hour. A difference prints what repeats it.

`SEED=n` begins at that seed; every seed is played on both CRMs. As many are played at once as there are cores.
"""

import itertools
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from histories.play import WORLDS, history, play, shortest

HOUR = 3600.0
FLOOD_EVERY = 50
# Every so many histories end with whole syncs; `WRITES=1` ends each with them.
WRITE_EVERY = int(os.environ.get("WRITES", "12"))
SAID_EVERY = 100
# So many are handed out at once: when time is up the rest of them is still played.
TURN = 20


def one(crm: str, seed: int) -> str:
    """Play the history of a seed; what differed and how to repeat it, or nothing."""
    # More than ten thousand rows in one second, now and then.
    flood = seed % FLOOD_EVERY == FLOOD_EVERY - 1
    steps = history(crm, seed)
    write = seed if seed % WRITE_EVERY == 0 and not flood else None
    found = play(crm, steps, flood=flood, write=write)
    if not found:
        return ""
    short = shortest(crm, steps, flood=flood, write=write)
    return f"{crm}, seed {seed}: {found[0]}\n  play({crm!r}, {short!r}, flood={flood}, write={write})"


def asked(count: int | None) -> Iterator[list[tuple[str, int]]]:
    """What to play, a turn at a time: `count` histories, or for an hour."""
    begun, first = time.monotonic(), int(os.environ.get("SEED", "0"))
    all_: Iterator[tuple[str, int]] = ((crm, seed) for seed in itertools.count(first) for crm in WORLDS)
    if count is not None:
        all_ = itertools.islice(all_, count)
    while count is not None or time.monotonic() - begun < HOUR:
        turn = list(itertools.islice(all_, TURN))
        if not turn:
            return
        yield turn


def main(count: int | None) -> int:
    """Play them; how many showed a difference."""
    played = different = 0
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count() or 1, mp_context=spawn) as pool:
        for turn in asked(count):
            for found in pool.map(one, *zip(*turn, strict=True)):
                played += 1
                if found:
                    different += 1
                    print(found, flush=True)
                if played % SAID_EVERY == 0:
                    print(f"{played} histories, {different} differences so far", flush=True)
    print(f"{played} histories, {different} differences")
    return different


if __name__ == "__main__":
    sys.exit(1 if main(int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1] else None) else 0)
