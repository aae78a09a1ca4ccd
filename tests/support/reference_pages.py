"""All generated pages of docs/reference; run it to write them anew (`make reference`)."""

from collections.abc import Callable
from pathlib import Path

from support import (
    cli_page,
    errors_page,
    exit_codes_page,
    features_page,
    fields_page,
    playbook_page,
    settings_page,
)

PAGES: dict[Path, Callable[[], str]] = {
    p.PAGE: p.page
    for p in (
        cli_page,
        settings_page,
        playbook_page,
        exit_codes_page,
        fields_page,
        errors_page,
        features_page,
    )
}


def write() -> None:
    """Write every page anew."""
    for path, page in PAGES.items():
        path.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write()
