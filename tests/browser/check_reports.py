"""Every report as a page, in headless Chromium at three widths: nothing overflows, nothing is asked of another host, WCAG 2.2 AA."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.demo_desk import demo_desk

from sales_consultant.sync.insights.making import KINDS

REPORTS = [(kind, language) for kind in KINDS for language in ("en", "zh")]


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, str], Path]]:
    """The demo company's reports, each in both languages, and one of everything as a PDF."""
    place = tmp_path_factory.mktemp("reports")
    with demo_desk(place) as cli:
        cli.json("sync", "--yes")
        made = {}
        for kind, language in REPORTS:
            file = place / f"{kind}-{language}.html"
            cli.run("report", kind, "--language", language, "--format", "html", "--out", str(file))
            made[kind, language] = file
        cli.run("report", "all", "--format", "pdf", "--out", str(place / "all.pdf"))
        yield made


@pytest.mark.parametrize(("kind", "language"), REPORTS)
def check_a_report_fits_and_can_be_read(
    pages: dict[tuple[str, str], Path], viewer: Any, kind: str, language: str
) -> None:
    for width in (360, 768, 1300):
        opened = viewer.open(pages[kind, language], width)
        page = opened.page
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert opened.complaints == []
        assert page.evaluate("document.documentElement.lang") == language
        if width != 768:
            assert viewer.violations(page) == []
        page.context.close()


@pytest.mark.parametrize("scheme", ["dark", "light"])
def check_the_whole_report_has_contrast_in_both_schemes(
    pages: dict[tuple[str, str], Path], viewer: Any, scheme: str
) -> None:
    opened = viewer.open(pages["all", "en"], 1300, color_scheme=scheme)
    assert viewer.violations(opened.page) == []
    shown = opened.page.locator("svg.chart >> visible=true")
    assert shown.count() > 5
    opened.page.context.close()


def check_a_report_is_whole_without_scripts(pages: dict[tuple[str, str], Path], viewer: Any) -> None:
    with_scripts = viewer.open(pages["all", "en"], 768)
    without = viewer.open(pages["all", "en"], 768, java_script_enabled=False)
    assert without.page.inner_text("main") == with_scripts.page.inner_text("main")
    assert "<script" not in pages["all", "en"].read_text(encoding="utf-8")


def check_texts_of_charts_stay_on_their_sheet(pages: dict[tuple[str, str], Path], viewer: Any) -> None:
    """A label that leaves its chart is cut off by a mail reader or a printer."""
    for width in (360, 1300):
        opened = viewer.open(pages["all", "zh"], width)
        outside = opened.page.evaluate(
            """() => [...document.querySelectorAll('svg.chart')].filter(s => s.getBoundingClientRect().width).flatMap(s => {
              const sheet = s.getBoundingClientRect();
              return [...s.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()])
                .filter(([_, r]) => r.left < sheet.left - 3 || r.right > sheet.right + 3).map(([text]) => text)})"""
        )
        assert outside == []
        opened.page.context.close()


def check_the_pdf_has_pages(pages: dict[tuple[str, str], Path]) -> None:
    file = pages["all", "en"].with_name("all.pdf")
    assert file.read_bytes().startswith(b"%PDF-")
    assert file.stat().st_size > 50_000
