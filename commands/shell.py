"""What every command shares: settings, workspace, progress, and how it answers."""

import functools
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import platformdirs

from sales_consultant.commands.output.document import in_zone, json_text, known_zone
from sales_consultant.commands.output.progress import Terminal
from sales_consultant.commands.output.tables import show
from sales_consultant.commands.output.text import plain
from sales_consultant.config.secrets import os_keyring
from sales_consultant.config.settings import Settings, find_file, load
from sales_consultant.sync.workspace import Workspace

Document = dict[str, Any]


class Shell:
    """One command's surroundings; closes what it opened with `stack`."""

    def __init__(
        self,
        *,
        connection: str | None,
        config: str | None,
        data_dir: Path | None,
        as_json: bool,
        timezone: str | None = None,
        tell: Callable[[str], None] | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self.connection = connection
        self.config = config
        self.json = as_json
        self.timezone = timezone
        self._data_dir = data_dir
        self._tell = tell
        self._stop = stop
        self.stack = ExitStack()

    @property
    def folder(self) -> Path:
        """The data directory."""

        given = self._data_dir or os.environ.get("SALES_CONSULTANT_DATA_DIR")
        return Path(given) if given else platformdirs.user_data_path("sales-consultant")

    @functools.cached_property
    def settings(self) -> Settings:
        """The validated settings."""

        return load(find_file(self.config))

    def open(self, connection: str | None) -> Workspace:
        """The workspace of a connection, closed when the command ends."""

        name, chosen = self.settings.connection(connection)
        return self.stack.enter_context(
            Workspace(
                self.settings,
                name,
                chosen,
                self.folder,
                keyring=os_keyring(),
                tell=self.tell,
                stop=self._stop,
            )
        )

    @functools.cached_property
    def ws(self) -> Workspace:
        """The workspace of the chosen connection."""
        return self.open(self.connection)

    @functools.cached_property
    def reporter(self) -> Terminal:
        """Progress on standard error."""

        return self.stack.enter_context(Terminal(quiet=self.json))

    def tell(self, text: str) -> None:
        """One line about what is waited for: on standard error, also where standard output holds JSON."""
        if self._tell is not None:
            self._tell(text)
        elif self.json:
            print(plain(text), file=sys.stderr)
        else:
            self.reporter.say(text)

    @property
    def asks(self) -> bool:
        """Whether there is somebody to ask."""
        return not self.json and sys.stdin.isatty()

    def told(self, document: Document) -> Document:
        """The document with its times in the admin's zone, where there is one."""

        # Some commands work before there are settings.
        chosen = self.timezone or ("settings" in vars(self) and self.settings.time_zone)
        if not chosen:
            return document
        zone = known_zone(chosen, "--timezone" if self.timezone else "time_zone")
        return dict(in_zone(document, zone))

    def show(self, document: Document) -> None:
        """Print a result: JSON, or readable tables."""
        document = self.told(document)
        if self.json:
            print(json_text(document, indent=1))
        else:
            show(document)
