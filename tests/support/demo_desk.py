"""The demo company in a sandbox of its own, with an admin's command line beside it: enough data for models and reports."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.cli import Cli

from sales_consultant.demo.saas.saas import build
from sales_consultant.sandbox.serving.server import Sandbox

CLOCK = "2024-12-11T08:00:00Z"


@contextmanager
def demo_desk(place: Path) -> Iterator[Cli]:
    """The command line after `init`, `provision` and `train`; the sandbox runs as long as the block lasts."""
    world = build(place / "tables", cache=place / "cache")
    with Sandbox(data=world.folder, clock=CLOCK, crms=("hubspot",), store=place / "crm.db") as sandbox:
        cli = Cli(place / "admin", sandbox.url)
        cli.config.unlink(missing_ok=True)
        cli.patience = 540
        cli.json("init", "--crm", "hubspot", "--url", sandbox.url)
        cli.json("provision")
        cli.json("train")
        yield cli
