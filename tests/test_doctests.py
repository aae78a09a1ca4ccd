"""Every example of a docstring runs, under the module's one true name."""

import doctest
import importlib
import pkgutil

import pytest

FOLDERS = ("commands", "config", "connectors", "demo", "sandbox", "scoring", "sync")
MODULES = ["sales_consultant.cli"] + [
    found.name
    for folder in FOLDERS
    for found in pkgutil.walk_packages(
        importlib.import_module(f"sales_consultant.{folder}").__path__,
        f"sales_consultant.{folder}.",
    )
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
