"""Generated pages say what the program says, and every setting is shown with an example that is valid."""

from pathlib import Path

import pytest
from pydantic import BaseModel
from support import exit_codes_page, settings_page
from support.model_tables import inner, sections
from support.reference_pages import PAGES

from sales_consultant.config.playbook import Conditions, Planned, Rule
from sales_consultant.config.settings import Settings, load


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.name))
def test_a_generated_page_is_current(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == PAGES[path](), f"{path.name} is stale; run: make reference"


def test_the_example_file_is_valid_and_sets_every_key() -> None:
    settings = load(settings_page.EXAMPLE)
    assert set(settings.connections) == {"main", "sales"}
    found: list[tuple[str, type[BaseModel]]] = [
        ("", Settings),
        *((section, model) for section, _, model in sections(Settings)),
    ]
    missing = []
    for section, model in found:
        for name, info in model.model_fields.items():
            if inner(info.annotation)[0] is None:
                try:
                    settings_page.example(section, name)
                except KeyError as e:
                    missing.append(str(e))
    assert missing == []


def test_every_key_of_settings_and_playbook_says_what_it_means() -> None:
    models: list[type[BaseModel]] = [
        Settings,
        *(model for _, _, model in sections(Settings)),
        Planned,
        Rule,
        Conditions,
    ]
    silent = [f"{m.__name__}.{k}" for m in models for k, i in m.model_fields.items() if not i.description]
    assert silent == []


def test_every_error_of_ours_ends_with_a_code_that_is_explained() -> None:
    assert {k.code for k in exit_codes_page.kinds()} <= set(exit_codes_page.CODES)
