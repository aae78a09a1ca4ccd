"""The admin's first step (`init`): look, and propose settings."""

import os
from collections.abc import Mapping
from pathlib import Path

from sales_consultant.config import secrets
from sales_consultant.config.errors import MachineError
from sales_consultant.config.sections import Text
from sales_consultant.config.settings import Settings, made_connection
from sales_consultant.sync.results import EventCounted, Initialised, Proposed
from sales_consultant.sync.runtime import Clock, Reporter, Workspace, running, wall_clock
from sales_consultant.sync.use_cases import proposals
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
    text: bool = False,
) -> Initialised:
    """Pull, look, propose, write the settings file. Reads only; the pull is kept and need not be made again.

    `text` reads what people wrote from this first pull on, and says so in the settings.
    """
    given = {k: v for k, v in connection.items() if v}
    settings = Settings(connections={name: made_connection({"crm": crm, **given})}, text=Text(enabled=text))
    with Workspace(
        settings, name, settings.connections[name], folder, keyring=keyring, environ=environ, clock=clock
    ) as ws:
        who = ws.identity
        with running(ws, "init") as run:
            pulling(ws, run, reporter)
        proposed = proposals.propose(ws.warehouse.engine, as_of=run.as_of or 0)
        calls, least = dict(ws.connector.calls.by_kind), ws.connector.seconds_at_limits()
    try:
        output.write_text(proposals.toml(name, crm, given, proposed, text=text), encoding="utf-8")
    except OSError as e:
        raise MachineError(f"{output} cannot be written: {e.strerror}.", action="Give another --out.") from e
    return Initialised(
        org=str(who),
        file=str(output),
        found=proposed.counts,
        populations=tuple(
            Proposed(
                p.name,
                p.population.label,
                p.population.event,
                p.open,
                p.with_event,
                p.without,
                p.note,
                tuple(EventCounted(**vars(e)) for e in p.events),
            )
            for p in proposed.proposals
        ),
        not_proposed=tuple(proposed.not_proposed),
        excluded_domains=tuple(proposed.own_domains),
        free_mail_contacts=proposed.free_mail_contacts,
        fixed=proposed.fixed,
        api_calls=calls,
        seconds_at_vendor_limits=round(least, 1),
    )
