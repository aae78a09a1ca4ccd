"""Which simulated world the saas company is, and running it in two processes."""

import json
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from sales_consultant.demo.company import DemoError, Progress
from sales_consultant.demo.saas.leadforge_run import Raw, read


@dataclass(frozen=True)
class Recipe:
    """One world of leadforge and how its month of leads is staged over a year.

    `looks` are the days at which a shorter run of the same world is looked at to date stages. A lead belongs to one of
    `cohorts` and moves by `cohort_days` times its number; the clock stands `clock_days` after the world's first day.
    Another seed is another world with other drivers of success: never mix two.

    The numbers are judgements: enough records for a model, few enough for a demo of some minutes; looks lie close
    together in the first quarter, when most stages change. Twelve cohorts of 30 days fill a year, and the clock stands
    in the last of them, so that there are open records of every age. The label's window is leadforge's own.
    """

    seed: int = 7
    difficulty: str = "intro"
    n_accounts: int = 900
    n_contacts: int = 4000
    n_leads: int = 3000
    horizon_days: int = 360
    label_window_days: int = 90
    looks: tuple[int, ...] = (14, 28, 42, 56, 70, 84, 90, 120, 150, 180, 210, 240)
    cohorts: int = 12
    cohort_days: int = 30
    clock_days: int = 345


SAAS = Recipe()


@dataclass(frozen=True)
class Runs:
    """What the runs showed: the long run's tables, and by look (in days) each lead's stage."""

    tables: Raw
    seen: dict[int, dict[str, str]]


def run(recipe: Recipe, scratch: Path, *, progress: Progress) -> Runs:
    """Simulate the recipe's world once for its whole horizon and once for each look, two runs at a time.

    Raises:
        DemoError: leadforge is not installed, or a run failed (with its last words).
    """
    horizons = sorted({*recipe.looks, recipe.horizon_days}, reverse=True)
    text = json.dumps(asdict(recipe))
    workers = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "sales_consultant.demo.saas.leadforge_run",
                text,
                str(scratch),
                *map(str, share),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        for share in (horizons[::2], horizons[1::2])
        if share
    ]
    done: list[str] = []

    def follow(worker: "subprocess.Popen[str]") -> None:
        assert worker.stdout is not None
        for line in worker.stdout:
            done.append(line.strip())
            progress(f"{len(done)} of {len(horizons)} simulations", len(done) / len(horizons))

    followers = [threading.Thread(target=follow, args=(worker,)) for worker in workers]
    try:
        for follower in followers:
            follower.start()
        words = [worker.stderr.read() if worker.stderr else "" for worker in workers]
        for follower in followers:
            follower.join()
        codes = [worker.wait() for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
            for pipe in (worker.stdout, worker.stderr):
                if pipe:
                    pipe.close()
    for code, said in zip(codes, words, strict=True):
        if code:
            raise DemoError(failure(said))
    seen = {
        look: {row["lead_id"]: row["stage"] for row in read(scratch, f"day{look}")["stages"]}
        for look in recipe.looks
    }
    return Runs(read(scratch, "long"), seen)


def failure(said: str) -> str:
    """What to tell of a run that ended with these words, and what to do."""
    if "No module named 'leadforge'" in said:
        return (
            "The saas demo company is simulated by leadforge, which is not installed. "
            "Install it with pip install 'sales-consultant[demo]', or use --data shop."
        )
    last = said.strip().splitlines()[-1:] or ["it said nothing"]
    return f"Simulating the saas demo company failed: {last[0]}. Use --data shop, or report this with the message."
