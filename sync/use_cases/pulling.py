"""The pull of a run: the warehouse brought up to the CRM's now, with all that it tells said."""

from collections.abc import Mapping

import sqlalchemy as sa

from sales_consultant.config.clock import DAY_MS
from sales_consultant.connectors.base import Stream
from sales_consultant.scoring.features import without_history
from sales_consultant.sync.pull import Begin, Pulled, choose, dangling_lookups, pull, reconcile
from sales_consultant.sync.push import (
    restored,
)
from sales_consultant.sync.runtime import Reporter, Run, Step, Workspace, shown_until_over
from sales_consultant.sync.stores import merges
from sales_consultant.sync.use_cases import forget

# How much of a row's time a link takes: HubSpot answers the links of 1,000 records a call, and 50 to 100 rows with their
# history. A judgement, for an estimate.
LINK_COST = 0.1


def pulling(
    ws: Workspace,
    run: Run,
    reporter: Reporter,
    *,
    objects: tuple[str, ...] = (),
    full: bool = False,
    changed: bool = False,
    compare: bool = False,
) -> Pulled:
    """Bring the warehouse up to the CRM's now: by `changed` only what changed, with `compare` proven against all ids."""
    reporter.say("pulling")
    # After a restore the journal does not know what was written: only a whole reading shows it for sure.
    lost = restored.pending(ws.state) is not None and not objects
    full, changed = full or lost, changed and not lost
    until = ws.connector.now()
    if ws.warehouse.empty:
        known = ws.state.rows(sa.select(merges))
        ws.warehouse.remember_merges({k: str(v) for k, v in r.items()} for r in known)
    with shown_until_over(reporter):
        pulled = pull(
            ws.connector,
            ws.warehouse,
            until=until,
            objects=objects,
            full=full,
            changed=changed,
            computed_ms=ws.settings.pull.computed_fields_days * DAY_MS,
            progress=reporter.progress,
            begin=_told(reporter, "pull", _costs(ws, objects) if full else {}),
        )
    if run.as_of is None:
        run.as_of = until
    _count(run, pulled)
    if pulled.odd:
        reporter.say(unreadable(pulled.odd))
    if absent := dangling_lookups.missing(ws.warehouse.engine):
        run.counts["not_found"] = absent
    _keep_merges(ws)
    if compare:
        reporter.say("comparing with the CRM")
        found = _compared(ws, reporter, until, objects)
        run.counts["compared"] = [{"stream": c.stream, "object": c.object, "result": str(c)} for c in found]
        run.counts["repaired"] = sum(c.missing + c.stale + c.vanished for c in found)
    back = forget.after_pull(ws)
    if back:
        run.counts["forgotten_but_in_the_crm"] = back
    # Where the CRM keeps no history of a field, ours begins with the first pull.
    wanted = without_history(ws.warehouse.engine, ws.settings.features)
    ws.warehouse.keep_values(wanted, until, whole=not objects)
    if lost:
        run.counts["taken_as_written"] = restored.adopt(ws, run.id)
    return pulled


def _compared(
    ws: Workspace, reporter: Reporter, until: int, objects: tuple[str, ...]
) -> list[reconcile.Compared]:
    with shown_until_over(reporter):
        return reconcile.reconcile(
            ws.connector,
            ws.warehouse,
            until=until,
            objects=objects,
            progress=reporter.progress,
            begin=_told(reporter, "compare", {}),
        )


def called(stream: Stream) -> str:
    """What is read of a stream, as a name whose words a screen writes.

    >>> called(Stream("deals_computed", "deals", "slow", of="deals")), called(Stream("deals", "deals", "delta"))
    ('computed_fields_of_deals', 'deals')
    """
    return f"computed_fields_of_{stream.of}" if stream.mode == "slow" else stream.name


def _told(reporter: Reporter, whole: str, costs: Mapping[str, float]) -> Begin:
    """Tells a reporter of streams; with what share of the whole lies before and after one, where the costs are known."""
    names, all_ = list(costs), sum(costs.values())

    def begin(stream: Stream, done: int, of: int) -> None:
        start = end = None
        if all_ and stream.name in costs:
            before = sum(costs[n] for n in names[: names.index(stream.name)])
            start, end = before / all_, (before + costs[stream.name]) / all_
        reporter.step(Step(whole, called(stream), done + 1, of, start, end))

    return begin


def _costs(ws: Workspace, objects: tuple[str, ...]) -> dict[str, float]:
    """What reading each stream whole costs, in rows: as many as are here; empty before all were read once."""
    chosen = choose(ws.connector, objects)
    if any(ws.warehouse.state(s.name).watermark is None for s in chosen if s.mode != "slow"):
        return {}
    # What the CRM computes comes with the rows.
    factor = {"links": LINK_COST, "slow": 0.0}
    return {s.name: factor.get(s.mode, 1.0) * ws.warehouse.count(f"raw_{s.name}") for s in chosen}


def _count(run: Run, pulled: Pulled) -> None:
    """What was read, for the record of the run: what is usual always, what is unusual where there is any."""
    unusual = {
        "not_shown_any_more": pulled.unseen,
        "vanished": pulled.vanished,
        "computed_fields_of": sorted(set(pulled.computed)),
        # One odd value costs that value, never its row, and is said.
        "could_not_be_read": pulled.odd,
        "not_permitted": pulled.not_permitted,
    }
    run.counts |= {"pulled": pulled.rows, "pulled_whole": pulled.full, "calls": pulled.calls}
    run.counts |= {k: v for k, v in unusual.items() if v}


def unreadable(odd: Mapping[str, int]) -> str:
    """One line about values that could not be read.

    >>> unreadable({"deals.amount": 2, "contacts.birthday": 1})
    '3 values could not be read as they came, and are empty or mended: deals.amount (2), contacts.birthday (1)'
    """
    most = sorted(odd.items(), key=lambda kv: (-kv[1], kv[0]))
    listed = ", ".join(f"{k} ({n:,})" for k, n in most[:5])
    more = f" and {len(most) - 5} more fields" if len(most) > 5 else ""
    total = sum(odd.values())
    return f"{total:,} value{'s' * (total != 1)} could not be read as they came, and are empty or mended: {listed}{more}"


def _keep_merges(ws: Workspace) -> None:
    """What the warehouse knows of merges outlives it."""
    rows = ws.warehouse.merged()
    with ws.state.begin() as c:
        c.execute(sa.delete(merges))
        if rows:
            c.execute(sa.insert(merges), rows)
