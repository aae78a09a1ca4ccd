"""A browser for pages: Debian's Chromium, driven by playwright; what a page asks of another host or complains of fails the test."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support import client_tools

sync_api = pytest.importorskip("playwright.sync_api", reason="make test-browser installs playwright")
WIDTHS = (360, 768, 1300)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.fail("These tests need Chromium. On Debian or Ubuntu: sudo apt install chromium")
    with sync_api.sync_playwright() as playwright:
        # Root may not use Chromium's sandbox; the pages are our own.
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, which checks contrast and structure."""
    folder = client_tools.node("axe")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@dataclass
class Looked:
    """A page that is open, and what it complained of."""

    page: Any
    complaints: list[str] = field(default_factory=list)


@dataclass
class Viewer:
    """Opens pages at a width."""

    browser: Any
    axe: str

    def open(self, file: Path, width: int, **how: Any) -> Looked:
        """A page of a file, in a context of its own."""
        context = self.browser.new_context(viewport={"width": width, "height": 900}, **how)
        found = Looked(context.new_page())
        found.page.on("console", lambda m: found.complaints.append(f"{m.type}: {m.text}"))
        found.page.on("pageerror", lambda e: found.complaints.append(f"error: {e}"))
        found.page.on("request", lambda r: found.complaints.append(r.url) if _outside(r.url) else None)
        found.page.goto(file.as_uri())
        return found

    def violations(self, page: Any) -> list[str]:
        """What axe-core finds against WCAG 2.2 AA, as rule and place."""
        page.evaluate(self.axe + ";undefined")
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        found = page.evaluate("tags => axe.run({runOnly: {type: 'tag', values: tags}})", tags)
        return [f"{v['id']}: {n['html'][:160]}" for v in found["violations"] for n in v["nodes"]]


def _outside(url: str) -> bool:
    return not url.startswith(("file:", "data:"))


@pytest.fixture
def viewer(browser: Any, axe: str) -> Viewer:
    return Viewer(browser, axe)
