"""Every example of a docstring runs, under the module's one true name."""

import doctest
import importlib
import pkgutil

FOLDERS = ("commands", "config", "connectors", "demo", "engine", "insight", "sandbox", "scoring", "sync")


def test_examples_of_docstrings_hold() -> None:
    names = ["sales_consultant.cli"] + [
        found.name
        for folder in FOLDERS
        for found in pkgutil.walk_packages(
            importlib.import_module(f"sales_consultant.{folder}").__path__, f"sales_consultant.{folder}."
        )
    ]
    done = {name: doctest.testmod(importlib.import_module(name)) for name in names}
    assert [name for name, result in done.items() if result.failed] == []
    assert sum(result.attempted for result in done.values()) >= 70
