"""The admin's first steps: look and propose (`init`), and let dead letters be tried again."""

import os
from collections.abc import Mapping
from pathlib import Path

import sqlalchemy as sa

from sales_consultant.config import secrets
from sales_consultant.config.errors import MachineError
from sales_consultant.config.settings import Settings, made_connection
from sales_consultant.sync.results import Initialised, Proposed
from sales_consultant.sync.runtime import Clock, Reporter, Workspace, running, wall_clock
from sales_consultant.sync.stores import dead_letters, waits
from sales_consultant.sync.use_cases import proposals, rollback
from sales_consultant.sync.use_cases.pulling import pulling
from sales_consultant.sync.use_cases.undone import Retried


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
) -> Initialised:
    """Pull, look, propose, write the settings file. Reads only; the pull is kept and need not be made again."""
    given = {k: v for k, v in connection.items() if v}
    settings = Settings(connections={name: made_connection({"crm": crm, **given})})
    with Workspace(
        settings, name, settings.connections[name], folder, keyring=keyring, environ=environ, clock=clock
    ) as ws:
        who = ws.identity
        with running(ws, "init") as run:
            pulling(ws, run, reporter)
        proposed = proposals.propose(ws.warehouse.engine)
        calls, least = dict(ws.connector.calls.by_kind), ws.connector.seconds_at_limits()
    try:
        output.write_text(proposals.toml(name, crm, given, proposed), encoding="utf-8")
    except OSError as e:
        raise MachineError(f"{output} cannot be written: {e.strerror}.", action="Give another --out.") from e
    return Initialised(
        org=str(who),
        file=str(output),
        found=proposed.counts,
        populations=tuple(
            Proposed(p.name, p.population.label, p.population.event, p.open, p.with_event, p.without, p.note)
            for p in proposed.proposals
        ),
        excluded_domains=tuple(proposed.own_domains),
        free_mail_contacts=proposed.free_mail_contacts,
        api_calls=calls,
        seconds_at_vendor_limits=round(least, 1),
    )


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
