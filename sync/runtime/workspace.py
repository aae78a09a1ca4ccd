"""One connection's working place: its settings, secret, connector and stores, opened when they are needed."""

import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Self

from sales_consultant.config import secrets
from sales_consultant.config.errors import MachineError
from sales_consultant.config.fields import catalogue
from sales_consultant.config.fields.catalogue import Field
from sales_consultant.config.sections import Connection
from sales_consultant.config.settings import Settings
from sales_consultant.connectors import open_connector
from sales_consultant.connectors.base import Connector, Identity
from sales_consultant.sync.runtime.text_signals import TextSignals
from sales_consultant.sync.stores import CallCounts, State, TextCache, Warehouse

Clock = Callable[[], int]
# A pull of a usual CRM and its journal need tens of megabytes; below this nothing is started that cannot end.
LEAST_FREE_BYTES = 50_000_000


def wall_clock() -> int:
    """This machine's clock (ms UTC): for runs and leases, never for what is read or scored."""
    return time.time_ns() // 1_000_000


class Workspace:
    """What a use case works on. Opening one checks that the connection answers as the org the state belongs to."""

    def __init__(
        self,
        settings: Settings,
        name: str,
        connection: Connection,
        folder: Path,
        *,
        connector: Connector | None = None,
        clock: Clock = wall_clock,
        keyring: secrets.Keyring | None = None,
        environ: Mapping[str, str] = os.environ,
        tell: Callable[[str], None] = lambda _: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self.settings = settings
        self.name = name
        self.connection = connection
        self.folder = folder / name
        self.clock = clock
        self._connector = connector
        self._keyring = keyring
        self._environ = environ
        # While the CRM is waited for: what to say to people, and whether to go on.
        self._tell = tell
        self._stop = stop
        self._warehouse: Warehouse | None = None
        self._state: State | None = None
        self._make_folder()

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.chmod(self.folder, 0o700)
            free = shutil.disk_usage(self.folder).free
        except OSError as e:
            raise MachineError(
                f"The data directory {self.folder} cannot be used: {e.strerror}.",
                action="Choose another with --data-dir, or mend its permissions.",
            ) from e
        if free < LEAST_FREE_BYTES:
            raise MachineError(
                f"Only {free // 1_000_000} MB are free under {self.folder}.",
                action="Make room, then run again.",
            )

    @property
    def connector(self) -> Connector:
        """The CRM; the secret is resolved at first use."""
        if self._connector is None:
            secret = secrets.resolve(
                self.name, self.connection.token, keyring=self._keyring, environ=self._environ
            )
            self._connector = open_connector(
                self.connection,
                secret.value,
                self.settings.write,
                store=CallCounts(self.state, self.clock),
                keep=lambda new: secrets.rewrite(secret, new, keyring=self._keyring),
                tell=self._tell,
                stop=self._stop,
                texts=TextSignals(self.settings.text, self.text_cache)
                if self.settings.text.enabled
                else None,
            )
        return self._connector

    @property
    def state(self) -> State:
        """state.db."""
        if self._state is None:
            path = self.folder / "state.db"
            path.touch(mode=0o600, exist_ok=True)
            self._state = State(path)
        return self._state

    @property
    def warehouse(self) -> Warehouse:
        """warehouse.duckdb."""
        if self._warehouse is None:
            self._warehouse = Warehouse(self.folder / "warehouse.duckdb")
            os.chmod(self.folder / "warehouse.duckdb", 0o600)
        return self._warehouse

    def close_warehouse(self) -> None:
        """Let go of the warehouse's file; the next use opens it again."""
        if self._warehouse is not None:
            self._warehouse.close()
            self._warehouse = None

    @cached_property
    def identity(self) -> Identity:
        """The org that answers; OtherOrgError where the state belongs to another."""
        who = self.connector.identity()
        self.state.bind(who)
        return who

    @cached_property
    def text_cache(self) -> TextCache:
        """Signals of texts that were read before."""
        return TextCache(self.folder)

    @property
    def models_folder(self) -> Path:
        """Where models are kept."""
        return self.folder / "models"

    @property
    def lock(self) -> Path:
        """The file whose lock is the right to run."""
        return self.folder / "lock"

    @cached_property
    def fields(self) -> dict[str, tuple[Field, ...]]:
        """The catalogue's fields that this connection is to hold, by object."""
        objects: Sequence[str] = self.settings.write.objects
        if self.connection.of.leads_are_contacts:
            # The contact's fields are the lead's too.
            objects = [o for o in objects if o != "leads"]
        return catalogue.fields(self.settings.write.set, objects)

    @cached_property
    def every_field(self) -> dict[str, tuple[Field, ...]]:
        """Those fields, and fields of earlier releases, which are emptied where they are still there."""
        return catalogue.with_retired(self.fields)

    def close(self) -> None:
        """Close what was opened."""
        if self._warehouse is not None:
            self._warehouse.close()
        # Before the state: the connector gives back what it took of the day's calls and did not use.
        if self._connector is not None:
            self._connector.close()
        if self._state is not None:
            self._state.close()
        if "text_cache" in self.__dict__:
            self.text_cache.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
