"""What is thrown away after the time that the settings give; what is still needed never is."""

import sqlalchemy as sa

from sales_consultant.config.clock import DAY_MS
from sales_consultant.config.sections import Retention
from sales_consultant.sync.stores import proposals_kept
from sales_consultant.sync.stores.change_state import UNSETTLED
from sales_consultant.sync.stores.kept_tables import experiment_units, experiments
from sales_consultant.sync.stores.state import State, batches, changes, exposures, runs


def prune(state: State, settings: Retention, *, now: int) -> dict[str, int]:
    """Remove old changes, exposures, proposals, and whom old experiments drew; returns how many of each.

    Changes whose outcome is not known stay, and what we last wrote to each record, so that plans are as before.
    """
    gone = {"changes": 0, "exposures": 0, "proposals": 0, "experiment_units": 0}
    with state.begin() as c:
        if settings.journal_days is not None:
            old = sa.select(runs.c.id).where(runs.c.ended_at < now - settings.journal_days * DAY_MS)
            settled = changes.c.state.not_in(UNSETTLED)
            gone["changes"] = c.execute(sa.delete(changes).where(changes.c.run_id.in_(old), settled)).rowcount
            used = sa.select(changes.c.batch_id).where(changes.c.batch_id.is_not(None))
            c.execute(sa.delete(batches).where(batches.c.run_id.in_(old), batches.c.id.not_in(used)))
        if settings.exposures_days is not None:
            before = now - settings.exposures_days * DAY_MS
            gone["exposures"] = c.execute(
                sa.delete(exposures).where(exposures.c.visible_to < before)
            ).rowcount
        if settings.experiments_days is not None:
            before = now - settings.experiments_days * DAY_MS
            over = sa.select(experiments.c.id).where(experiments.c.ended_at < before)
            gone["experiment_units"] = c.execute(
                sa.delete(experiment_units).where(experiment_units.c.experiment_id.in_(over))
            ).rowcount
    if settings.proposals_days is not None:
        gone["proposals"] = proposals_kept.prune(state, now - settings.proposals_days * DAY_MS)
    return gone
