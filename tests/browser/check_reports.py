"""Every report as a page, in headless Chromium at three widths: nothing overflows, nothing is asked of another host, WCAG 2.2 AA."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.demo_desk import demo_desk
from support.funnel_company import DAY
from support.report_company import AS_OF, BEGIN, WORDS, context, few

from sales_consultant.config.language.translation import Language
from sales_consultant.insight.core import DealTables
from sales_consultant.insight.reports import Report, html
from sales_consultant.insight.reports.week import WeekFacts, WeekForecast, reached, section
from sales_consultant.sync.insights.making import KINDS
from sales_consultant.sync.insights.written import pdf

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
        for kind in ("all", "week"):
            cli.run("report", kind, "--format", "pdf", "--out", str(place / f"{kind}.pdf"))
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


def _sheets(file: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", file))


def check_the_week_is_one_sheet_of_paper(pages: dict[tuple[str, str], Path]) -> None:
    assert _sheets(pages["week", "en"].with_name("week.pdf").read_bytes()) == 1
    assert _sheets(pages["all", "en"].with_name("all.pdf").read_bytes()) > 3


@pytest.mark.parametrize("language", ["en", "zh"])
def check_the_week_of_a_company_with_every_list_is_one_sheet(language: Language) -> None:
    """60 open deals: all six lists are full, and names and reasons are long ones."""
    tables = few(
        [(str(i), 100, 9_000_000 + i, "a") for i in range(60)], [(str(i), 100, "a") for i in range(60)]
    )
    won = [(f"w{i}", 0, 100, "won") for i in range(40)]
    moves = [m for i in range(40) for m in ((f"w{i}", 0.0, "a"), (f"w{i}", 10.0, "won"))]
    past = few(won, moves)
    dates = pd.DataFrame(
        [(str(i), BEGIN + (110 + n) * DAY, AS_OF + (i + n - 7) * DAY) for i in range(60) for n in range(3)],
        columns=["deal_id", "changed_at", "close_date"],
    )
    deals = tables.deals.assign(
        name="Coralbay Distribution and Cold Chain: Procure for " + tables.deals["deal_id"],
        close_date=pd.array([AS_OF + i * DAY for i in range(-5, 55)], dtype="Int64"),
    )
    tables = DealTables(
        pd.concat([deals, past.deals]), pd.concat([tables.history, past.history, dates]), tables.stages
    )
    ids = [str(i) for i in range(60)]
    facts = WeekFacts(
        dict(zip(ids, np.resize(["A", "B", "C", "D"], 60), strict=True)),
        dict.fromkeys(ids, "in Sales qualified, longer than usual: -7"),
        pd.DataFrame({"deal_id": ids, "before": "A", "after": "B", "at": AS_OF - DAY}),
        commit=frozenset(ids[30:]),
        steps=pd.DataFrame({"deal_id": ids, "step": "Call", "due": AS_OF - DAY}),
    )
    words = replace(WORDS, language=language)
    ground = replace(context(tables), words=words)
    said = WeekForecast("FY2024-Q4", AS_OF, 5, 10**10, 10**9, 10**11, 10**10, 0.5)
    found = section(ground, replace(facts, reached=reached(ground, said)))
    assert len(found.figures) == 7
    report = Report(
        "week", language, "The week", "As of today", "Acme", AS_OF, BEGIN, "EUR", "booked", "UTC", (found,), ("Made today.",)
    )  # fmt: skip
    page = html(report, words)
    assert _sheets(pdf(page)) == 1
    # What a sheet has no room for is counted, and stays on the screen.
    assert page.count('<tr class="screen">') == 3 * 5


def check_rows_of_a_card_stand_in_one_line(pages: dict[tuple[str, str], Path], viewer: Any) -> None:
    for kind in KINDS:
        opened = viewer.open(pages[kind, "en"], 360)
        edges = opened.page.evaluate(
            """() => [...document.querySelectorAll('.cards tbody tr')].filter(r => r.offsetParent).map(r => new Set(
              [...r.querySelectorAll('td')].filter(t => t.offsetParent)
                .map(t => t.getBoundingClientRect().left + parseFloat(getComputedStyle(t).paddingLeft))).size)"""
        )
        assert set(edges) <= {1}, kind
        opened.page.context.close()
