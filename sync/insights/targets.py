"""Targets for reports: those of the settings' file, and the CRM's goals or quotas for whom the file has none."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from sales_consultant.config.crms import CRMS
from sales_consultant.engine.reads import goals as reads
from sales_consultant.engine.reads import records
from sales_consultant.insight.forecast import (
    Attainments,
    Given,
    Target,
    attain,
    by_owner,
    join,
    read_targets,
    targets_of_goals,
)
from sales_consultant.insight.reports import Context
from sales_consultant.insight.reports.targets import TargetOrigin
from sales_consultant.sync.runtime import Workspace

_STREAM = "goals"


def attained(ws: Workspace, context: Context, said: Given) -> tuple[Attainments | None, TargetOrigin]:
    """The targets against a forecast, and where they are from; None where there are none."""
    file = _of_file(ws)
    goals = targets_of_goals(reads.goals(ws.warehouse.engine), context.calendar)
    joined = join(file or (), goals.targets, said.spans, context.calendar)
    crm = ws.connector.crm if ws.connector.crm in CRMS else ""
    origin = TargetOrigin(crm, joined.of_file, joined.of_goals, _state(ws), goals.left_out, goals.parts)
    if file is None and not joined.targets:
        return None, origin
    found = attain(
        joined.targets,
        said.draws(),
        {level: one.booked for level, one in said.levels.items()},
        {level: one.standing for level, one in said.levels.items()},
        said.spans,
        context.rates,
        context.teams or None,
    )
    return found, origin


def _of_file(ws: Workspace) -> list[Target] | None:
    """The targets of the file by the owner's id; None where the settings name no file."""
    file = ws.settings.reports.targets
    if not file:
        return None
    engine = ws.warehouse.engine
    ids = {name.lower(): owner for owner, name in records.owner_names(engine).items()}
    ids |= {address: str(owner) for owner, address in records.owners(engine) if address}
    return by_owner(read_targets(Path(file)), ids, str(file), records.shared_owner_names(engine))


def _state(ws: Workspace) -> Literal["", "refused", "unread"]:
    """Whether the CRM's goals were read: a reading that was refused began and did not end."""
    held = ws.warehouse.state(_STREAM)
    if held.going:
        return "refused"
    return "" if held.watermark is not None else "unread"
