"""Whether our fields are in the CRM: known before a run pulls and trains for minutes only to be refused at the end."""

from typing import TYPE_CHECKING

import sqlalchemy as sa

from sales_consultant.config.errors import AccessError
from sales_consultant.sync.stores import State, runs, written

if TYPE_CHECKING:
    from sales_consultant.sync.runtime import Workspace

Missing = dict[str, dict[str, str]]


def never_written(state: State) -> bool:
    """Whether this state has never written to its org."""
    return not state.rows(sa.select(written.c.object).limit(1))


def unwritable(ws: "Workspace") -> Missing:
    """Why a field cannot be written, by object and field key; what people fill in is none of ours to write."""
    found = {
        o: ws.connector.unwritable(o, [f for f in fs if not f.people_write]) for o, fs in ws.fields.items()
    }
    return {o: m for o, m in found.items() if m}


def refuse_without_any(ws: "Workspace", missing: Missing) -> None:
    """Raise AccessError where not one field can be written; a run writes those that can be and names the rest."""
    ours = sum(not f.people_write for fs in ws.fields.values() for f in fs)
    if sum(map(len, missing.values())) == ours:
        raise AccessError(
            "None of our fields can be written: they do not exist yet, or this user may not edit them.",
            action="Next: sales-consultant provision, then: sales-consultant check",
            details={"missing_fields": missing},
        )


def look_first(ws: "Workspace") -> None:
    """Before a run reads anything: refuse where it could write nothing. Raises AccessError.

    Asked only where there is reason to doubt it, for each object costs a call on some CRMs: nothing was written yet, the
    warehouse is empty so that the pull would be long, or the last run was refused.
    """
    last = ws.state.rows(
        sa.select(runs.c.outcome)
        .where(runs.c.job.in_(("sync", "changed")), runs.c.ended_at.is_not(None))
        .order_by(runs.c.started_at.desc())
        .limit(1)
    )
    refused = bool(last) and str(last[0]["outcome"]).startswith(f"failed: {AccessError.kind}")
    if refused or never_written(ws.state) or ws.warehouse.empty:
        refuse_without_any(ws, unwritable(ws))
