"""docs/reference/settings.md: every key of the settings file, from the models that validate it.

The examples are those of `sales-consultant.example.toml` beside the page, which a test validates as a whole.
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from support.markdown import table
from support.model_tables import default, inner, limits, sections, toml, type_name

from sales_consultant.config.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"
EXAMPLE = PAGE.with_name("sales-consultant.example.toml")
_INTRODUCTION = """# Settings

All settings are in one file, `sales-consultant.toml`. `sales-consultant init` writes it from what it finds in your CRM.
The file is looked for in this order: `--config`, the environment variable `SALES_CONSULTANT_CONFIG`, the current folder.

An environment variable overrides a key of the file. Its name is `SALES_CONSULTANT_`, then the path of the key in capitals
with two underscores between the parts: `SALES_CONSULTANT_WRITE__SET=minimal` sets `set` in `[write]`.

A key that is not listed here is an error, and the message names the nearest known key. Secrets are never in this file;
[where secrets come from](../explanation/security.md#secrets) says where they are.

The examples are from [one file that sets every key](sales-consultant.example.toml)."""


def example(section: str, key: str) -> str:
    """The value that the example file gives a key, as TOML; KeyError where it gives none."""
    given: Any = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    holder = section.removesuffix(".NAME")
    tables: list[dict[str, Any]] = [given] if not section else [given[holder]]
    if section.endswith(".NAME"):
        tables = list(given[holder].values())
    for one in tables:
        if key in one:
            return toml(one[key])
    raise KeyError(f"{section}.{key}")


def rows(section: str, model: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    """A row for each key of a section that is no section itself."""
    for name, info in model.model_fields.items():
        if inner(info.annotation)[0] is None:
            kind = ", ".join(p for p in (type_name(info.annotation), limits(info)) if p)
            shown = f"`{name} = {example(section, name)}`"
            yield f"`{name}`", kind, default(info), str(info.description), shown


def page() -> str:
    """The page as Markdown."""
    head = ("key", "type", "default", "meaning", "example")
    parts = [_INTRODUCTION, "## At the top of the file", table(head, rows("", Settings))]
    for section, info, model in sections(Settings):
        said = str(info.description)
        if section.endswith(".NAME"):
            said += " Each has a table of its own; NAME is yours to choose."
        parts += [f"## `[{section}]`", said, table(head, rows(section, model))]
    return "\n\n".join(parts) + "\n"
