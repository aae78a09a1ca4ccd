"""The sections of a report that are made of deals, on 200,000 deals with 1,000,000 changes: at most 60 s and 1 GB together.

The forecast is not in it: the nightly run makes it (benchmark `forecast`), a report renders what is kept. What is read from the
warehouse is in the benchmark `full_report`, which takes a whole CRM of that size.
"""

import resource
import time
from typing import Any

LIMIT_SECONDS, LIMIT_GB = 60, 1.0


def run() -> None:
    """Print processor seconds by section, their sum, and the peak memory of the process, against the limits."""
    from zoneinfo import ZoneInfo

    import pandas as pd

    from benchmarks.funnel import AS_OF, CHANGES, DAY, DEALS, company
    from sales_consultant.insight.core import Calendar, Rates
    from sales_consultant.insight.reports import Context, Words, funnel, pipeline, week

    rates = Rates(
        pd.DataFrame([("USD", 1.1, None, None)], columns=["code", "rate", "start_at", "end_at"]), "EUR", "EUR"
    )
    tables = company()
    words = Words("en", "EUR", ZoneInfo("UTC"))
    context = Context(tables, rates, Calendar(), words, AS_OF - 365 * DAY, AS_OF, "owner")
    touches = pd.DataFrame(
        {"deal_id": tables.history["deal_id"], "at": tables.history["changed_at"] + 3 * DAY, "kind": "call"}
    )
    spent: dict[str, float] = {}

    def timed(name: str, work: Any) -> None:
        began = time.process_time()
        work()
        spent[name] = time.process_time() - began

    timed("funnel", lambda: funnel.section(context, funnel.FunnelFacts(touches)))
    timed("pipeline", lambda: pipeline.section(context, frozenset()))
    timed("week", lambda: week.section(context, week.WeekFacts(touches=touches)))
    told = ", ".join(f"{name} {seconds:.1f}" for name, seconds in spent.items())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    total = sum(spent.values())
    print(
        f"report_sections: {DEALS:,} deals, {CHANGES:,} changes by owner: {total:.1f} s of CPU ({told}), peak {peak:.2f} GB: "
        f"{total / LIMIT_SECONDS:.0%} of the time and {peak / LIMIT_GB:.0%} of the memory"
    )
