"""What works and what is missing, on one screen; and which assumptions held, for those who build this."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from sales_consultant.config.crms import CRMS
from sales_consultant.config.errors import ConfigError, MachineError
from sales_consultant.config.versions import ending
from sales_consultant.connectors.base import Finding
from sales_consultant.sync.pull import dangling_lookups as lookups
from sales_consultant.sync.results import Checked
from sales_consultant.sync.runtime import Workspace
from sales_consultant.sync.setup import text_access

# A judgement: a quarter is time enough to plan an upgrade.
WARN_DAYS = 90


def check(ws: Workspace, live_report: Path | None, more: Sequence[Finding] = ()) -> Checked:
    """All findings of the connection, with the versions in use and `more`; optionally the report on a live account."""
    _ = ws.identity
    findings = [
        *ws.connector.check(ws.fields),
        *_tasks(ws),
        *text_access.findings(ws),
        *_versions(ws),
        *_master(ws),
    ]
    findings += [*lookups.findings(lookups.of_last_pull(ws.state)), *more]
    if live_report:
        _report(ws, findings, live_report)
    return Checked(str(ws.identity), tuple(findings), str(live_report) if live_report else None)


def _tasks(ws: Workspace) -> list[Finding]:
    """Whether tasks can be made, where an admin switched them on."""
    if not ws.settings.tasks.create:
        return []
    if ws.connector.tasks is None:
        return [Finding("write tasks", "warning", "this CRM's tasks are not supported: fields only")]
    return ws.connector.tasks.findings()


def _report(ws: Workspace, found: Sequence[Finding], path: Path) -> None:
    # No id, name or value of the account: which subject stood how, and shapes of answers.
    body = {
        "crm": ws.identity.crm,
        "kind": ws.identity.kind,
        "versions": {"read": ws.connection.reading, "write": ws.connection.writing},
        "findings": [{"subject": f.subject, "state": f.state} for f in found],
        "assumptions": [vars(a) for a in ws.connector.assumptions()],
    }
    try:
        path.write_text(json.dumps(body, indent=1), encoding="utf-8")
    except OSError as e:
        raise MachineError(
            f"The report cannot be written to {path}: {e.strerror}.", action="Choose another file."
        ) from e


def _versions(ws: Workspace) -> list[Finding]:
    findings = []
    today = datetime.fromtimestamp(ws.connector.latest() / 1000, UTC).date()
    for use, version in (("reading", ws.connection.reading), ("writing", ws.connection.writing)):
        subject = f"API version for {use}"
        try:
            ends = ending(ws.connection.crm, version)
        except KeyError:
            setting = "read_version" if use == "reading" else "write_version"
            text = f"{version} is not one this release was tried with"
            findings.append(Finding(subject, "warning", text, f"Take {setting} out of the settings."))
            continue
        if ends and ends < today:
            findings.append(
                Finding(subject, "missing", f"{version} ended on {ends}", "Upgrade sales-consultant.")
            )
        elif ends and (ends - today).days < WARN_DAYS:
            text = f"{version} ends on {ends}, in {(ends - today).days} days"
            findings.append(Finding(subject, "warning", text, "Upgrade sales-consultant."))
        else:
            findings.append(Finding(subject, "ok", version))
    return findings


# -- two CRMs that sync with each other ----------------------------------------------------------------------------


def _clash(ws: Workspace) -> str:
    """Why this connection may not write beside the other CRM's; empty where it may."""
    mine = ws.connection.of
    there = {c.crm for c in ws.settings.connections.values()}
    if not {mine.name, mine.syncs_with} <= there or ws.settings.write.master == ws.name:
        return ""
    signs = ws.connector.other_sync()
    if not signs:
        return ""
    pair = " and ".join(sorted((mine.label, CRMS[mine.syncs_with].label)))
    why = f"{pair} sync with each other here ({'; '.join(signs)}), and the settings name both"
    if ws.settings.write.master:
        return f'{why}; "{ws.settings.write.master}" is the one that is written'
    return f"{why}: the same people would be scored and written twice"


def _master(ws: Workspace) -> list[Finding]:
    why = _clash(ws)
    if not why:
        return []
    action = 'Name the one that is written: [write] master = "NAME".'
    return [Finding("master", "warning" if ws.settings.write.master else "missing", why, action)]


def refuse_without_master(ws: Workspace) -> None:
    """Raise ConfigError where writing this connection would write the same records on both sides of a sync."""
    why = _clash(ws)
    if why:
        raise ConfigError(
            f"{why}. Nothing was written.",
            action='Name the connection that is written in the settings: [write] master = "NAME".',
        )
