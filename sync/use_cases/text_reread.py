"""What people wrote read again after a change of rules or names: the text is kept nowhere, so the CRM is asked for it."""

from sales_consultant.config.errors import ConfigError
from sales_consultant.sync.pull import Estimated, estimate
from sales_consultant.sync.runtime import Reporter, Run, Workspace
from sales_consultant.sync.use_cases.pulling import pulling


def reckon(ws: Workspace) -> Estimated:
    """What it would cost; reads no row. Raises ConfigError where text is off."""
    return estimate(ws.connector, ws.warehouse, objects=_streams(ws), full=True)


def reread(ws: Workspace, run: Run, reporter: Reporter) -> None:
    """Read all activities with text whole. Raises ConfigError where text is off."""
    pulling(ws, run, reporter, objects=_streams(ws), full=True)


def _streams(ws: Workspace) -> tuple[str, ...]:
    if not ws.settings.text.enabled:
        raise ConfigError(
            "Text is off: nothing that people wrote is read.",
            action="Write into the settings: [text] enabled = true. The next pull then reads it.",
        )
    _ = ws.identity
    return tuple(s.name for s in ws.connector.streams() if s.texts)
