"""The funnel of 200,000 deals with 1,000,000 changes of stage: seconds by part, peak memory, and lifelines on the same rows."""

import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

DEALS, CHANGES = 200_000, 1_000_000
STAGES = 8
DAY = 86_400_000
AS_OF = 1461 * DAY
LIFELINES_ROWS = 20_000


def company(seed: int = 11) -> Any:
    """Deals of three pipelines, 40 owners and two currencies, five changes each on average, over four years."""
    import numpy as np
    import pandas as pd

    from sales_consultant.insight.core import DealTables

    rng = np.random.default_rng(seed)
    made = np.sort(rng.integers(0, AS_OF, DEALS))
    number = rng.poisson(CHANGES / DEALS - 1, DEALS) + 1
    number[-1] += CHANGES - number.sum()
    deal = np.repeat(np.arange(DEALS), number)
    nth = np.arange(CHANGES) - np.repeat(np.cumsum(number) - number, number)
    step = np.where(nth == 0, 0, rng.exponential(20 * DAY, CHANGES))
    total = np.cumsum(step)
    at = (made[deal] + total - np.repeat(total[np.cumsum(number) - number], number)).astype("int64")
    last = nth == number[deal] - 1
    place = np.minimum(nth + (rng.random(CHANGES) < 0.1), STAGES - 1)
    place = np.where((rng.random(CHANGES) < 0.08) & (nth > 0), place - 1, place)
    ends = rng.random(DEALS)
    place = np.where(
        last & (nth > 0) & (ends[deal] < 0.75), np.where(ends[deal] < 0.25, STAGES, STAGES + 1), place
    )
    names = np.array([*(f"s{i}" for i in range(STAGES)), "won", "lost"])
    pipeline, owner = rng.choice(["p", "q", "r"], DEALS), np.array([f"o{i}" for i in range(40)])
    cents = rng.integers(10_000, 5_000_000, DEALS)
    ids = np.array([f"{i:06d}" for i in range(DEALS)])
    change = rng.random(CHANGES)
    history = pd.DataFrame(
        {
            "deal_id": ids[deal], "changed_at": at, "stage": names[place],
            "cents": pd.array(np.where(change < 0.3, cents[deal] + rng.integers(-5_000, 5_000, CHANGES), 0), dtype="Int64"),
            "close_date": pd.array(at + 60 * DAY, dtype="Int64"), "owner_id": owner[rng.integers(0, 40, CHANGES)],
        }
    )  # fmt: skip
    history.loc[(change >= 0.3) & (nth > 0), "cents"] = pd.NA
    history.loc[(change < 0.6) & (nth > 0), "close_date"] = pd.NA
    history["owner_id"] = history["owner_id"].where((change > 0.95) | (nth == 0))
    end = np.cumsum(number) - 1
    closed = place[end] >= STAGES
    deals = pd.DataFrame(
        {
            "deal_id": ids, "name": "", "pipeline": pipeline, "owner_id": owner[rng.integers(0, 40, DEALS)], "company_id": None,
            "currency": rng.choice(["EUR", "USD"], DEALS), "stage": names[place[end]], "cents": pd.array(cents, dtype="Int64"),
            "close_date": pd.array(at[end] + 60 * DAY, dtype="Int64"), "created_at": pd.array(made, dtype="Int64"),
            "closed_at": pd.array(at[end], dtype="Int64").copy(), "is_closed": pd.array(closed, dtype="boolean"),
            "is_won": pd.array(place[end] == STAGES, dtype="boolean"), "source": rng.choice(["web", "fair", "call"], DEALS),
        }
    )  # fmt: skip
    deals.loc[~closed, "closed_at"] = pd.NA
    kinds = [*((f"s{i}", False, False) for i in range(STAGES)), ("won", True, True), ("lost", True, False)]
    stages = pd.DataFrame(
        [(p, p, s, s, i, c, w, False) for p in "pqr" for i, (s, c, w) in enumerate(kinds)],
        columns=["pipeline", "pipeline_label", "stage", "label", "place", "closed", "won", "gone"],
    )
    return DealTables(deals, history, stages)


def parts() -> "tuple[dict[str, float], Any]":
    """Seconds of each part of the room, on one company; and the stays."""
    import numpy as np
    import pandas as pd

    from sales_consultant.insight import funnel as room
    from sales_consultant.insight.core import Calendar, Rates, visits

    tables = company()
    rates = Rates(
        pd.DataFrame([("USD", 1.1, None, None), ("USD", 1.2, AS_OF // 2, None)], columns=["code", "rate", "start_at", "end_at"]),
        "EUR", "EUR",
    )  # fmt: skip
    spent: dict[str, float] = {}

    def timed(name: str, work: Any) -> Any:
        # Processor time: it is what one core needs, whatever else the machine does.
        began = time.process_time()
        made = work()
        spent[name] = time.process_time() - began
        return made

    past = timed("visits", lambda: visits(tables, AS_OF))
    ends = timed("endings", lambda: room.endings(tables, AS_OF, rates, past))
    recent = AS_OF - 90 * DAY
    rows = timed("stays", lambda: room.stays(tables, AS_OF, past=past))
    made = {"past": past, "rows": rows, "passed": timed("skips", lambda: room.skips(tables, past))}
    timed("funnel", lambda: room.funnel(tables, AS_OF, **made))
    timed("by owner", lambda: room.funnel(tables, AS_OF, by="owner_id", **made))
    timed("by quarter", lambda: room.funnel(tables, AS_OF, calendar=Calendar(), period="quarter", **made))
    timed("cycles by owner", lambda: room.cycles(tables, ends, AS_OF, by="owner_id"))
    owner = room.groups(tables, rows["deal_id"], "owner_id")
    timed("bottlenecks by owner", lambda: room.bottlenecks(rows, ends, recent, AS_OF, owner))
    timed("waterfall", lambda: room.waterfall(tables, recent, AS_OF, rates, (recent, AS_OF + 90 * DAY)))
    touches = pd.DataFrame(
        {"deal_id": tables.history["deal_id"], "at": tables.history["changed_at"] + 3 * DAY}
    )
    timed("handovers", lambda: room.handovers(tables, ends, past, touches, AS_OF))
    timed("pushed", lambda: room.pushed(tables, ends, AS_OF))
    lost = np.where(np.arange(DEALS) % 3 > 0, "price", None)
    timed(
        "loss reasons",
        lambda: room.loss_reasons(
            ends, past, pd.DataFrame({"deal_id": tables.deals["deal_id"], "reason": lost})
        ),
    )
    return spent, rows


def beside(rows: Any) -> str:
    """The same stays by lifelines, where its environment is there: Kaplan-Meier and one share."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from support import lifelines_peer

    if not lifelines_peer.made():
        return "lifelines is not there: make lifelines"
    from sales_consultant.insight.funnel import aalen_johansen, kaplan_meier

    told = []
    for name, n, causes in (("Kaplan-Meier", len(rows), []), ("Aalen-Johansen", LIFELINES_ROWS, [1])):
        part = rows[rows["days"].notna()].iloc[:n]
        duration, cause = (
            part["days"].to_numpy(),
            (part["outcome"] == "advanced") + 2 * (~part["outcome"].isin(["advanced", "still"])),
        )
        asked = {
            "duration": duration.tolist(),
            "cause": cause.tolist(),
            "entry": None,
            "causes": causes,
            "brief": True,
        }
        with tempfile.TemporaryDirectory() as folder:
            theirs = lifelines_peer.ask(asked, Path(folder) / "rows.json")
        began = time.perf_counter()
        if causes:
            aalen_johansen(duration, cause, None, 2)
        else:
            kaplan_meier(duration, cause > 0)
        ours = time.perf_counter() - began
        peer = theirs["seconds_aj" if causes else "seconds_km"]
        told.append(
            f"{name} of {len(part):,} stays {ours:.3f} s, lifelines {peer:.2f} s: {peer / ours:.0f} x faster"
        )
    return "; ".join(told)


def run() -> None:
    """Print seconds by part, their sum, the peak memory of the process, and the ratios."""
    spent, rows = parts()
    told = ", ".join(f"{name} {seconds:.1f}" for name, seconds in spent.items())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"funnel: {DEALS:,} deals, {CHANGES:,} changes in {sum(spent.values()):.1f} s ({told}), peak {peak:.2f} GB"
    )
    print(f"funnel: {beside(rows)}")
