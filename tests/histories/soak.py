"""Histories without end: `python tests/histories/soak.py [N]`, or for an hour. A difference prints what repeats it.

`SEED=n` begins at that seed; every seed is played on both CRMs.
"""

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from histories.play import WORLDS, history, play, shortest

HOUR = 3600.0
FLOOD_EVERY = 50


def main(count: int | None) -> int:
    """Play them; how many showed a difference."""
    begun, seed = time.monotonic(), int(os.environ.get("SEED", "0"))
    played = different = 0
    while played < count if count is not None else time.monotonic() - begun < HOUR:
        for crm in WORLDS:
            if count is not None and played >= count:
                break
            # More than ten thousand rows in one second, now and then.
            flood = seed % FLOOD_EVERY == FLOOD_EVERY - 1
            steps = history(crm, seed)
            found = play(crm, steps, flood=flood)
            played += 1
            if found:
                different += 1
                print(f"{crm}, seed {seed}: {found[0]}")
                print(f"  play({crm!r}, {shortest(crm, steps, flood=flood)!r}, flood={flood})", flush=True)
        seed += 1
        if seed % 50 == 0:
            print(f"{played} histories, {different} differences so far", flush=True)
    print(f"{played} histories, {different} differences")
    return different


if __name__ == "__main__":
    sys.exit(1 if main(int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1] else None) else 0)
