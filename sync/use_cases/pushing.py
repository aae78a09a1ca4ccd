"""The write of a run: journalled, sent, settled."""

from collections import Counter
from collections.abc import Callable

from sales_consultant.config.errors import (
    CrmUnavailableError,
)
from sales_consultant.sync.journal import Journal
from sales_consultant.sync.plan import (
    Plan,
)
from sales_consultant.sync.push import (
    by_company,
    push,
    recover,
)
from sales_consultant.sync.runtime import Reporter, Run, Workspace, shown_until_over
from sales_consultant.sync.tasks import end, written_by


def pushing(
    ws: Workspace, run: Run, reporter: Reporter, plan: Plan, *, stop: Callable[[], bool] = lambda: False
) -> Counter[str]:
    """Journal the plan, write it, settle it.

    Raises CrmUnavailableError where answers were lost to the end and nobody had said stop: what was not written is closed
    then as well, and the next run plans it anew.
    """
    journal = Journal(ws.state, run.id)
    # Tasks come last: one says what the fields of its record say by then.
    journal.plan([*by_company(ws.warehouse, plan.entries), *plan.tasks])
    end(ws.state, plan.task_ends, run_id=run.id, now=ws.connector.latest())
    told = f" and {len(plan.tasks):,} tasks" if plan.tasks else ""
    reporter.say(f"writing {len(plan.entries):,} records{told}")
    try:
        with shown_until_over(reporter):
            counts = push(
                ws.connector,
                journal,
                run.lease,
                ws.every_field,
                clock=ws.connector.latest,
                stop=stop,
                progress=lambda done, total: reporter.progress("writing", done, total),
            )
    finally:
        run.counts |= journal.tally()
        _count_tasks(ws, run, plan)
    unanswered, left = journal.unanswered(), len(journal.pending())
    journal.skip_pending("not sent: the run ended; planned anew by the next", now=ws.connector.latest())
    run.counts["not_sent"] = left
    if unanswered and not stop():
        raise _not_answered(run.counts["written"], left, unanswered)
    return counts


def _count_tasks(ws: Workspace, run: Run, plan: Plan) -> None:
    """Tasks that were written are told by themselves, and are no records that were."""
    if not plan.tasks:
        return
    done = written_by(ws.state, run.id)
    run.counts["tasks"] = dict(Counter(e.why for e in plan.tasks if e.record_id in done))
    run.counts["written"] -= len(done)


def _not_answered(written: int, left: int, unanswered: int) -> CrmUnavailableError:
    return CrmUnavailableError(
        f"The CRM's answers to writes did not come, or could not be read: written {written:,} records, not written "
        f"{left:,}, of which {unanswered:,} got no answer and hold what they held before.",
        action="Check the proxy in between and the CRM's status page, then run the command again: what was written stays, "
        "and the rest is planned anew.",
        details={"written": written, "not_sent": left, "unanswered": unanswered},
    )


def recovering(ws: Workspace, run: Run) -> None:
    """Settle what earlier runs left behind, before anything is planned."""
    found = recover(ws.connector, ws.state, ws.every_field, clock=ws.connector.latest)
    if found:
        run.counts["recovered"] = dict(found)
