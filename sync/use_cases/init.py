"""The admin's first steps: look and propose (`init`), and let dead letters be tried again."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sales_consultant.config import secrets
from sales_consultant.config.errors import MachineError
from sales_consultant.config.settings import Settings, made_connection
from sales_consultant.sync.runtime import Clock, Reporter, Workspace, running, wall_clock
from sales_consultant.sync.stores import dead_letters, waits
from sales_consultant.sync.use_cases import proposals, rollback
from sales_consultant.sync.use_cases.pulling import pulling


def initialise(
    crm: str,
    name: str,
    connection: Mapping[str, str],
    output: Path,
    folder: Path,
    reporter: Reporter,
    *,
    keyring: secrets.Keyring | None,
    environ: Mapping[str, str] = os.environ,
    clock: Clock = wall_clock,
) -> dict[str, Any]:
    """Pull, look, propose, write the settings file. Reads only; the pull is kept and need not be made again."""
    given = {k: v for k, v in connection.items() if v}
    settings = Settings(connections={name: made_connection({"crm": crm, **given})})
    with Workspace(
        settings, name, settings.connections[name], folder, keyring=keyring, environ=environ, clock=clock
    ) as ws:
        who = ws.identity
        with running(ws, "init") as run:
            pulling(ws, run, reporter)
        found = proposals.propose(ws.warehouse.engine)
        calls, least = dict(ws.connector.calls.by_kind), ws.connector.seconds_at_limits()
    try:
        output.write_text(proposals.toml(name, crm, given, found), encoding="utf-8")
    except OSError as e:
        raise MachineError(f"{output} cannot be written: {e.strerror}.", action="Give another --out.") from e
    return {
        "org": str(who),
        "file": str(output),
        "found": found.counts,
        "populations": [
            {
                "name": p.name,
                "label": p.population.label,
                "event": p.population.event,
                "open": p.open,
                "with_event": p.with_event,
                "without": p.without,
                "note": p.note,
            }
            for p in found.proposals
        ],
        "nothing_to_predict": not found.proposals,
        "excluded_domains": found.own_domains,
        "free_mail_contacts": found.free_mail_contacts,
        "api_calls": calls,
        "seconds_at_vendor_limits": round(least, 1),
        "next": "sales-consultant check, then provision, then plan",
    }


def retry(ws: Workspace, reporter: Reporter) -> dict[str, Any]:
    """Make all dead letters due, and what waits for a lock: the next sync sends them anew.

    What a rollback could not restore is no sync's to send: it is restored here and now, by a rollback of the same runs.
    """
    _ = ws.identity
    with ws.state.begin() as c:
        result = c.execute(sa.update(dead_letters).values(next_try_at=0, attempts=0))
        c.execute(sa.update(waits).values(next_try_at=0, attempts=0))
    told: dict[str, Any] = {"dead_letters": int(result.rowcount)}
    done = rollback.again(ws, reporter)
    if done:
        told["restored"] = sum(run.counts["written"] for run, _ in done)
        told["refused_again"] = sum(run.counts["dead"] for run, _ in done)
        told["conflicts"] = [c for _, undo in done for c in undo.conflicts]
    return told
