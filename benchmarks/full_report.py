"""The full report of 200,000 deals with 1,000,000 stage changes, from the warehouse to the page: at most 60 s and 1 GB.

A company of that size stands in the sandbox and is read once, which takes some minutes; then the forecast of the day is made,
as the nightly run does, and `report all` and `report week` are run as an admin runs them, each in a process of its own.
`DEALS=n` for another number.
"""

import os
import random
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

LIMIT_SECONDS, LIMIT_GB = 60, 1.0
OWNERS, STAGES, CHANGES = 40, 6, 5


def tables(deals: int, seed: int = 7) -> dict[str, list[dict[str, Any]]]:
    """A company whose deals change their stage five times each on average, with an activity a deal."""
    from support import tiny

    draw = random.Random(seed)
    companies = max(deals // 10, 1)
    made = {
        name: list(rows)
        for name, rows in tiny.tables(contacts=companies, companies=companies, deals=0).items()
    }
    made["owners"] = [
        {"id": f"o{n}", "email": f"rep{n}@seller.example", "first_name": f"Rep{n}", "last_name": "Seller"} for n in range(OWNERS)
    ]  # fmt: skip
    kinds = [*((f"s{n}", False, False) for n in range(STAGES)), ("won", True, True), ("lost", True, False)]
    made["stages"] = [
        {
            "pipeline": "sales", "stage": stage, "label": stage.title(), "display_order": n, "probability": n / len(kinds),
            "is_closed": str(closed).lower(), "is_won": str(won).lower(),
        }
        for n, (stage, closed, won) in enumerate(kinds)
    ]  # fmt: skip
    made |= {"deals": [], "deal_stage_history": [], "activities": []}
    for n in range(deals):
        _deal(n, companies, draw, made)
    return made


def _deal(n: int, companies: int, draw: random.Random, made: dict[str, list[dict[str, Any]]]) -> None:
    from support import tiny

    at = draw.uniform(1, 1_460)
    steps, begin = 2 * CHANGES - 1 if n % 2 else 1, at
    stage = 0
    for step in range(steps):
        made["deal_stage_history"].append(
            {"deal_id": f"d{n}", "stage": f"s{stage}", "entered_at": tiny.at(at)}
        )
        later = at - draw.expovariate(1 / 12)
        if later <= 0 or step == steps - 1:
            break
        at, stage = (
            later,
            min(stage + (draw.random() < 0.8), STAGES - 1) - (draw.random() < 0.1 and stage > 0),
        )
    end = at - draw.expovariate(1 / 12)
    won = draw.random() < 0.3
    if end > 0:
        made["deal_stage_history"].append(
            {"deal_id": f"d{n}", "stage": "won" if won else "lost", "entered_at": tiny.at(end)}
        )
    owner = f"o{draw.randrange(OWNERS)}"
    made["deals"].append(
        {
            "id": f"d{n}", "name": f"Deal {n}", "company_id": f"c{n % companies}", "contact_id": f"p{n % companies}",
            "owner_id": owner, "pipeline": "sales", "stage": ("won" if won else "lost") if end > 0 else f"s{stage}",
            "type": "new_business", "amount": round(draw.lognormvariate(9, 1), 2), "currency": "EUR",
            "close_date": (tiny.NOW - timedelta(days=end if end > 0 else -30)).strftime("%Y-%m-%d"),
            "created_at": tiny.at(begin), "closed_at": tiny.at(end) if end > 0 else "",
        }
    )  # fmt: skip
    made["activities"].append(
        {
            "id": f"a{n}", "type": ("call", "email", "meeting")[n % 3], "direction": "outbound", "occurred_at": tiny.at(at),
            "created_at": tiny.at(at), "contact_id": f"p{n % companies}", "deal_id": f"d{n}", "owner_id": owner,
            "subject": "Talk",
        }
    )  # fmt: skip


def run() -> None:
    """Print seconds, processor time and memory of each command."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from support import tiny
    from support.office import office

    deals = int(os.environ.get("DEALS", "200000"))
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        made = tables(deals)
        changes = len(made["deal_stage_history"])
        data = tiny.write(place / "tables", made)  # type: ignore[arg-type]
        del made
        with office(place / "admin", data=data, store=place / "portal.db", clock=tiny.CLOCK) as desk:
            desk.cli.patience = 3_600
            desk.cli.configure(desk.sandbox.url, scored=False)
            for words in (("pull",), ("report", "forecast"), ("report", "all"), ("report", "week")):
                wall, cpu, memory = _cost(desk.cli, *words, "--json")
                print(
                    f"full_report: {' '.join(words)}, {deals:,} deals, {changes:,} changes: {wall:.0f} s, {cpu:.0f} s of CPU, "
                    f"{memory:.2f} GB",
                    flush=True,
                )
                if words == ("report", "all"):
                    print(
                        f"full_report: {cpu / LIMIT_SECONDS:.0%} of the time and {memory / LIMIT_GB:.0%} of the memory"
                    )


def _cost(cli: Any, *words: str) -> tuple[float, float, float]:
    """Seconds, processor seconds and GB of a command in a process of its own."""
    import subprocess

    began = time.perf_counter()
    process = cli.start(*words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(words)} ended with {process.returncode}")
    return time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e6
