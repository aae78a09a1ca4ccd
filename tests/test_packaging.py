"""What ships is what is declared, and nothing is imported under a second name."""

import sys
import tomllib
from pathlib import Path

import pytest

import sales_consultant.cli

ROOT = Path(__file__).parents[1]
FOLDERS = ("commands", "config", "connectors", "demo", "engine", "insight", "sandbox", "scoring", "sync")


@pytest.fixture(scope="module")
def declared() -> set[str]:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return set(pyproject["tool"]["setuptools"]["packages"])


def test_every_package_is_declared(declared: set[str]) -> None:
    inits = [i for f in FOLDERS for i in (ROOT / f).rglob("__init__.py")]
    found = {".".join(("sales_consultant", *i.parent.relative_to(ROOT).parts)) for i in inits}
    assert declared == found | {"sales_consultant"}


def test_no_folder_lacks_its_init() -> None:
    """A folder of modules without __init__.py works in an editable install only."""
    folders = {m.parent for f in FOLDERS for m in (ROOT / f).rglob("*.py")}
    assert [f for f in folders if not (f / "__init__.py").exists()] == []


def test_root_has_no_stray_module() -> None:
    """setuptools ships every *.py of the root: noxfile.py, conftest.py and setup.py have no place there."""
    assert {p.name for p in ROOT.glob("*.py")} == {"cli.py"}


def test_one_name_each() -> None:
    assert not {"cli", *FOLDERS} & set(sys.modules)
    assert sales_consultant.cli.__name__ == "sales_consultant.cli"
