"""The stores of a connection: the state, the warehouse, pages on the way, and copies of the state."""

from sales_consultant.sync.stores import proposals_kept
from sales_consultant.sync.stores.backups import RESTORED
from sales_consultant.sync.stores.call_counts import CallCounts
from sales_consultant.sync.stores.change_state import UNSETTLED, ChangeState
from sales_consultant.sync.stores.kept_tables import experiment_units, experiments, forecasts
from sales_consultant.sync.stores.state import (
    State,
    backfills,
    batches,
    calls_by_hour,
    changes,
    choices,
    dead_letters,
    exposures,
    feedback,
    forgotten,
    groups,
    holds,
    leases,
    merges,
    meta,
    models,
    plan_files,
    plans,
    proposal_records,
    proposals,
    runs,
    waits,
    written,
)
from sales_consultant.sync.stores.text_cache import TextCache
from sales_consultant.sync.stores.warehouse import Warehouse

__all__ = [
    "RESTORED",
    "UNSETTLED",
    "CallCounts",
    "ChangeState",
    "State",
    "TextCache",
    "Warehouse",
    "backfills",
    "batches",
    "calls_by_hour",
    "changes",
    "choices",
    "dead_letters",
    "experiment_units",
    "experiments",
    "exposures",
    "feedback",
    "forecasts",
    "forgotten",
    "groups",
    "holds",
    "leases",
    "merges",
    "meta",
    "models",
    "plan_files",
    "plans",
    "proposal_records",
    "proposals",
    "proposals_kept",
    "runs",
    "waits",
    "written",
]
