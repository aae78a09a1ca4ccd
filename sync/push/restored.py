"""After a restore: what the CRM holds of our fields is what we wrote last, for the journal does not know better."""

import json
from typing import Any

import sqlalchemy as sa

from sales_consultant.config.fields.catalogue import FIELDS
from sales_consultant.connectors.base import Change
from sales_consultant.sync.journal import Journal
from sales_consultant.sync.plan import current_values
from sales_consultant.sync.runtime import Workspace
from sales_consultant.sync.stores import RESTORED, State, meta

_OURS = frozenset(f.key for f in FIELDS if not f.people_write)


def pending(state: State) -> dict[str, Any] | None:
    """What was restored and when, while no run has gone through since; None else."""
    text = state.get(RESTORED)
    return None if text is None else dict(json.loads(text))


def adopt(ws: Workspace, run_id: str) -> int:
    """Take the CRM's values as written, where they differ from the journal's; returns how many records.

    A value that a person changed since the backup cannot be told from one that a lost run wrote.
    """
    found = current_values.read(ws.connector, ws.warehouse, ws.state, ws.fields, overlay=False)
    changed = []
    for key, values in found.values.items():
        last = found.written.get(key, {})
        differ = {
            k: values.get(k) for k in (values.keys() | last.keys()) & _OURS if values.get(k) != last.get(k)
        }
        if differ:
            changed.append(Change(*key, differ))
    Journal(ws.state, run_id).adopt(changed, now=ws.connector.latest())
    return len(changed)


def done(state: State) -> None:
    """A run went through: the journal is whole again from here on."""
    with state.begin() as c:
        c.execute(sa.delete(meta).where(meta.c.key == RESTORED))
