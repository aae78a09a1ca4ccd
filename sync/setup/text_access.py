"""What `check` says of what people wrote: whether text is on, which fields are read, and which are missing."""

from sales_consultant.config.errors import SalesConsultantError
from sales_consultant.connectors.base import Finding
from sales_consultant.engine.reads import signals
from sales_consultant.scoring.text import rules_version
from sales_consultant.sync.runtime import Workspace

SUBJECT = "text"


def findings(ws: Workspace) -> list[Finding]:
    """One line where text is off; else one that says what is read, and one for each object with a field that cannot be."""
    needs = ws.connection.of.text_needs
    if not ws.settings.text.enabled:
        return [Finding(SUBJECT, "ok", "off: no subject, body or note is asked for")]
    listed, read = [], 0
    for stream in (s for s in ws.connector.streams() if s.texts):
        try:
            there = {f.name for f in ws.connector.describe(stream.name)}
        except SalesConsultantError as e:
            listed.append(Finding(f"text of {stream.name}", "warning", e.message, e.action))
            continue
        read += len(there & set(stream.texts))
        if missing := [t for t in stream.texts if t not in there]:
            text = f"{', '.join(missing)} cannot be read; what was written there is left out"
            listed.append(Finding(f"text of {stream.name}", "warning", text, f"Grant {needs}."))
    listed.insert(0, Finding(SUBJECT, "ok", f"on: {read} fields are read, and no text is kept"))
    version = rules_version(encoder=ws.settings.text.encoder)
    old = signals.outdated(ws.warehouse.engine, version) if ws.warehouse.columns("signals") else 0
    if old:
        text = f"{old:,} messages were read by earlier rules"
        listed.append(Finding("rules for text", "warning", text, "sales-consultant text reread --estimate"))
    return listed
