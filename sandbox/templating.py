"""Web pages of the sandbox from templates: whatever is put into one is escaped."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

# What a browser would act on although it is no markup: control characters, and overrides of the writing direction.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def _seen(value: object) -> object:
    """A value of a page without what nobody can see; text that is HTML already stays as it is."""
    return _UNSEEN.sub("", value) if type(value) is str else value


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        finalize=_seen,
    )
    made.trim_blocks = made.lstrip_blocks = True
    return made


def page(template: str, **values: Any) -> str:
    """A page as HTML."""
    return _environment().get_template(template).render(**values)
