"""What every connector owes: one test class, run against each CRM over HTTP on the sandbox."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
import requests
from support.sandbox_company import CLOCK, FILES, write_folder

from sales_consultant.config.fields.catalogue import fields
from sales_consultant.connectors.base import Change, Connector, Outcome
from sales_consultant.sandbox.serving.server import Sandbox
from sales_consultant.sync.pull import pull
from sales_consultant.sync.stores.warehouse import Warehouse

ADMIN = "an-admins-token-for-tests"


@dataclass
class Org:
    """A sandbox org with the small company, and connectors to it."""

    sandbox: Sandbox
    open: Callable[[str], Connector]

    def connector(self, token: str = ADMIN) -> Connector:
        return self.open(token)

    def control(self, action: str, **body: Any) -> Any:
        answer = requests.post(f"{self.sandbox.url}/_sandbox/{action}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def fault(self, **body: Any) -> None:
        self.control("faults", **body)


def pulled(connector: Connector, warehouse: Warehouse | None = None) -> Warehouse:
    """A warehouse brought up to the CRM's now."""
    warehouse = warehouse or Warehouse(None)
    pull(connector, warehouse, until=connector.now())
    return warehouse


def rows(warehouse: Warehouse, query: str) -> list[tuple[Any, ...]]:
    return warehouse.con.execute(query).fetchall()


def write(connector: Connector, *changes: Change) -> list[Outcome]:
    return list(connector.push(changes, remember=lambda job: None))


class ContractBase:
    """Subclasses say how to open a connector, how a person edits a record, and how to make a weaker user."""

    crm: ClassVar[str]
    push_path: ClassVar[str]
    # What the CRM calls a deal's amount and stage.
    compared: ClassVar[tuple[str, str]]
    objects: ClassVar[tuple[str, ...]]
    currency: ClassVar[str] = "EUR"

    def open(self, url: str, token: str) -> Connector:
        raise AssertionError("a contract's subclass opens its connector")

    def edit(self, org: Org, object: str, record_id: str, **values: Any) -> None:
        """A person changes neutral columns of a record in the CRM."""
        raise AssertionError("a contract's subclass edits records")

    def archive(self, org: Org, object: str, record_id: str) -> None:
        raise AssertionError("a contract's subclass archives records")

    def read_only(self, org: Org) -> str:
        """A token that may read all and write nothing."""
        raise AssertionError("a contract's subclass makes users")

    def without_goals(self, org: Org) -> str:
        """A token that may read all but goals."""
        raise AssertionError("a contract's subclass makes users")

    @pytest.fixture
    def org(self, tmp_path: Path) -> Iterator[Org]:
        folder = tmp_path / "data"
        folder.mkdir()
        write_folder(folder, FILES)
        made: list[Connector] = []
        with Sandbox(data=folder, clock=CLOCK, crms=(self.crm,)) as sandbox:

            def open_one(token: str) -> Connector:
                made.append(self.open(sandbox.url, token))
                return made[-1]

            yield Org(sandbox, open_one)
            for connector in made:
                connector.close()

    @pytest.fixture
    def ready(self, org: Org) -> Org:
        """An org whose fields are made."""
        org.connector().provision(fields("all", self.objects), dry=False)
        return org

    # -- who answers ---------------------------------------------------------------------------------------------
