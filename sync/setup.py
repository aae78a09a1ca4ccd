"""The admin's first steps: look and propose (`init`), check, and let dead letters be tried again."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sales_consultant.config import secrets
from sales_consultant.config.errors import MachineError
from sales_consultant.config.settings import Settings, made_connection
from sales_consultant.config.versions import ending
from sales_consultant.connectors.base import Finding
from sales_consultant.sync import proposals
from sales_consultant.sync.run import Reporter, pulling, running
from sales_consultant.sync.state import dead_letters, waits
from sales_consultant.sync.workspace import Clock, Workspace, wall_clock

WARN_DAYS = 90


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
        found = proposals.propose(ws.warehouse.con)
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


def check(ws: Workspace, live_report: Path | None) -> dict[str, Any]:
    """All findings of the connection, with the versions in use; optionally the report on a live account."""
    _ = ws.identity
    found = [*ws.connector.check(ws.fields), *_versions(ws)]
    document = {
        "org": str(ws.identity),
        "ok": sum(f.state == "ok" for f in found),
        "warnings": sum(f.state == "warning" for f in found),
        "missing": sum(f.state == "missing" for f in found),
        "findings": [vars(f) for f in found],
    }
    if live_report:
        # No id, name or value of the account: only which subject held and how.
        lines = [{"subject": f.subject, "state": f.state} for f in found]
        body = {"crm": ws.identity.crm, "kind": ws.identity.kind, "findings": lines}
        live_report.write_text(json.dumps(body, indent=1), encoding="utf-8")
        document["live_report"] = str(live_report)
    return document


def _versions(ws: Workspace) -> list[Finding]:
    found = []
    today = datetime.fromtimestamp(ws.connector.latest() / 1000, UTC).date()
    for use, version in (("reading", ws.connection.reading), ("writing", ws.connection.writing)):
        try:
            ends = ending(ws.connection.crm, version)
        except KeyError:
            found.append(
                Finding(
                    f"API version for {use}", "warning", f"{version} is not one this release was tried with"
                )
            )
            continue
        if ends and (ends - today).days < WARN_DAYS:
            text = f"{version} ends on {ends}, in {(ends - today).days} days"
            found.append(Finding(f"API version for {use}", "warning", text, "Upgrade sales-consultant."))
        else:
            found.append(Finding(f"API version for {use}", "ok", version))
    return found


def retry(ws: Workspace) -> int:
    """Make all dead letters due, and what waits for a lock; the next sync sends them anew. Returns how many dead letters."""
    _ = ws.identity
    with ws.state.begin() as c:
        result = c.execute(sa.update(dead_letters).values(next_try_at=0, attempts=0))
        c.execute(sa.update(waits).values(next_try_at=0, attempts=0))
    return int(result.rowcount)
