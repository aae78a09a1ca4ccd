"""What every command shares: settings, workspace, progress, and how it answers."""

import functools
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

import platformdirs
import typer

from sales_consultant.commands.output.writing.document import in_zone, json_text, known_zone
from sales_consultant.commands.output.writing.page import Page
from sales_consultant.commands.output.writing.progress import Terminal
from sales_consultant.commands.output.writing.text import plain
from sales_consultant.commands.output.writing.times import local_zone
from sales_consultant.config.errors import DeclinedError, UsageError
from sales_consultant.config.secrets import os_keyring
from sales_consultant.config.settings import Settings, find_file, load
from sales_consultant.sync.results import Result
from sales_consultant.sync.runtime.workspace import Workspace, wall_clock

Document = dict[str, Any]
R = TypeVar("R", bound=Result)


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

        return load(find_file(self.config), self.tell)

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

    def agreed(self, question: str) -> bool:
        """What a person answers; Ctrl-C at a question interrupts as it does elsewhere."""
        try:
            return typer.confirm(question)
        except typer.Abort as e:
            raise KeyboardInterrupt from e

    def confirm(self, question: str, *, yes: bool, why: str, action: str) -> None:
        """Go on where a person agrees: beforehand by `yes`, or asked now.

        DeclinedError where the answer is no, UsageError (`why`, `action`) where there is nobody to ask.
        """
        if yes:
            return
        if not self.asks:
            raise UsageError(why, action=action)
        if not self.agreed(question):
            raise DeclinedError("Nothing was changed, as you said.", action="")

    @property
    def zone(self) -> ZoneInfo | None:
        """The time zone that was asked for: by --timezone, else by the settings; None where neither names one."""
        # Some commands work before there are settings.
        chosen = self.timezone or ("settings" in vars(self) and self.settings.time_zone)
        return known_zone(chosen, "--timezone" if self.timezone else "time_zone") if chosen else None

    def in_chosen_zone(self, document: Document) -> Document:
        """The document with its times in the zone that was asked for, where one was."""
        zone = self.zone
        return document if zone is None else dict(in_zone(document, zone))

    def show_event(self, event: Document, screen: Callable[[Page, Document], None]) -> None:
        """Print what happens now: a line for who looks at a terminal, else a JSON object."""
        if self.json or not sys.stdout.isatty():
            print(json_text(self.in_chosen_zone(event)), flush=True)
            return
        page = Page.of_terminal(now=wall_clock(), zone=self.zone or local_zone())
        screen(page, event)
        page.print()
        sys.stdout.flush()

    def show(self, result: R, screen: Callable[[Page, R], None]) -> None:
        """Print a result: as JSON, or as its screen."""
        if self.json:
            print(json_text(self.in_chosen_zone(result.to_json()), indent=1))
            return
        if "reporter" in vars(self):
            self.reporter.stop()
        page = Page.of_terminal(now=wall_clock(), zone=self.zone or local_zone())
        screen(page, result)
        page.print()


@dataclass(frozen=True)
class Answer(Generic[R]):
    """What a command answers: its result, the screen that shows it to people, and the exit code."""

    result: R
    screen: Callable[[Page, R], None]
    code: int = 0
