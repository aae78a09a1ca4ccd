"""Web pages from templates: whatever is put into one is escaped."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_FOLDER = Path(__file__).with_name("templates")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    filters: Mapping[str, Callable[[Any], Any]] = {
        "words": lambda name: str(name).replace("_", " "),
        "figure": lambda value: f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}",
        "rows": lambda values: all(isinstance(v, Mapping) for v in values),
        "names": lambda rows: list(dict.fromkeys(name for row in rows for name in row)),
    }
    made.filters.update(filters)
    return made


def page(template: str, **values: Any) -> str:
    """A page of this folder's templates with some values. Raises jinja2.UndefinedError where one is missing."""
    return _environment().get_template(template).render(**values)
