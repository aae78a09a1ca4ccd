"""Desks for end-to-end tests: fresh ones, and ones where a first sync has been written."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import tiny
from support.office import Office, office

# By then the portal's searches have forgotten nothing and a night has passed.
NEXT_DAY = "2024-12-02T08:00:00Z"


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny company's data folder."""
    return tiny.write(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def desk(tmp_path: Path, folder: Path) -> Iterator[Office]:
    """The tiny company, untouched."""
    with office(tmp_path / "admin", data=folder, clock=tiny.CLOCK) as made:
        yield made


@pytest.fixture(scope="session")
def settled(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Path:
    """A portal's store and an admin's folder after the fields were made and a first sync was written."""
    place = tmp_path_factory.mktemp("settled")
    store = place / "portal.db"
    with office(place / "admin", data=folder, store=store, clock=tiny.CLOCK) as made:
        made.cli.json("provision")
        done = made.cli.json("sync", "--yes")
        assert done["written"] == 44
        assert made.held() == made.written()
    return place


@pytest.fixture
def synced(tmp_path: Path, settled: Path) -> Iterator[Office]:
    """A copy of that desk on the next day, to change as one likes."""
    shutil.copytree(settled, tmp_path, dirs_exist_ok=True)
    with office(tmp_path / "admin", store=tmp_path / "portal.db", clock=NEXT_DAY) as made:
        yield made


@pytest.fixture(scope="session")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A portal's store and an admin's folder after a first sync that scored deals."""
    place = tmp_path_factory.mktemp("scored")
    data = tiny.write(place / "tables", tiny.tables(companies=24, deals=60, contacts=60))
    with office(place / "admin", data=data, store=place / "portal.db", clock=tiny.CLOCK) as made:
        made.cli.configure(made.sandbox.url, scored=True)
        made.cli.json("provision")
        made.cli.json("sync", "--yes")
    return place


@pytest.fixture
def scored_desk(tmp_path: Path, scored: Path) -> Iterator[Office]:
    """A copy of that desk three days later: nothing was read since."""
    shutil.copytree(scored, tmp_path, dirs_exist_ok=True)
    with office(tmp_path / "admin", store=tmp_path / "portal.db", clock="2024-12-04T08:00:00Z") as made:
        made.cli.configure(made.sandbox.url, scored=True)
        yield made
