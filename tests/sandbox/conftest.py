"""Sandboxes that run on a small company's data folder."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.sandbox_company import CLOCK, FILES, Api, write_folder

from sales_consultant.sandbox.serving.server import Sandbox


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The small company's data folder."""
    made = tmp_path / "data"
    made.mkdir()
    return write_folder(made, FILES)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The small company on HubSpot, for tests that only read."""
    data = write_folder(tmp_path_factory.mktemp("company"), FILES)
    with Sandbox(data=data, clock=CLOCK, crms=("hubspot",)) as sandbox:
        api = Api(sandbox)
        yield api
        api.session.close()


@pytest.fixture
def portal(folder: Path) -> Iterator[Api]:
    """The small company on HubSpot, for one test that may change it."""
    with Sandbox(data=folder, clock=CLOCK, crms=("hubspot",)) as sandbox:
        api = Api(sandbox)
        yield api
        api.session.close()


@pytest.fixture
def empty() -> Iterator[Api]:
    """An empty portal."""
    with Sandbox(clock=CLOCK, crms=("hubspot",)) as sandbox:
        api = Api(sandbox)
        yield api
        api.session.close()


Contacts = Callable[[int], list[str]]


@pytest.fixture
def contacts(empty: Api) -> Contacts:
    """Makes so many contacts in the empty portal; their ids."""

    def make(count: int) -> list[str]:
        ids: list[str] = []
        for start in range(0, count, 100):
            inputs = [
                {"properties": {"email": f"n{n}@x.example", "firstname": f"N{n}"}}
                for n in range(start, min(start + 100, count))
            ]
            answer = empty.post("/crm/objects/2026-03/contacts/batch/create", {"inputs": inputs})
            assert answer.status_code == 201
            ids += [r["id"] for r in answer.json()["results"]]
        return ids

    return make
