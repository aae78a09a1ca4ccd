"""Let what the CRM refused be tried again."""

import sqlalchemy as sa

from sales_consultant.sync.runtime import Reporter, Workspace
from sales_consultant.sync.stores import dead_letters, waits
from sales_consultant.sync.use_cases import rollback
from sales_consultant.sync.use_cases.undone import Retried


def retry(ws: Workspace, reporter: Reporter) -> Retried:
    """Make all dead letters due, and what waits for a lock: the next sync sends them anew.

    What a rollback could not restore is no sync's to send: it is restored here and now, by a rollback of the same runs.
    """
    _ = ws.identity
    with ws.state.begin() as c:
        result = c.execute(sa.update(dead_letters).values(next_try_at=0, attempts=0))
        c.execute(sa.update(waits).values(next_try_at=0, attempts=0))
    done = rollback.again(ws, reporter)
    return Retried(
        dead_letters=int(result.rowcount),
        rollbacks=len(done),
        restored=sum(run.counts["written"] for run, _ in done),
        refused_again=sum(run.counts["dead"] for run, _ in done),
        conflicts=tuple(c for _, undo in done for c in undo.conflicts),
    )
