"""What the data allow before a training, and models looked at in other ways than by their forward test."""

from collections.abc import Mapping
from typing import Any

from sales_consultant.commands.output.writing.page import Page, bold, command, dim, good, warn
from sales_consultant.commands.output.writing.text import (
    GLUE,
    count,
    listed,
    money,
    percent,
    plain,
    sentence,
    words,
)
from sales_consultant.sync.results.evaluation import (
    AsGiven,
    Clusters,
    Comparison,
    Plots,
    PopulationReady,
    Readiness,
)


def readiness(page: Page, found: Readiness) -> None:
    """What the data allow, a paragraph a population."""
    if not found.populations:
        page.line("The settings name no population. Next: ", command("init"), " proposes some.")
        return
    page.line(bold("What the data allow, before anything is fitted."), " Next: ", command("train"), ".")
    for p in found.populations:
        page.blank()
        _ready(page, p)


def _ready(page: Page, p: PopulationReady) -> None:
    page.line(bold(plain(p.population)), f"  expect: {plain(p.borrows or p.tier)}", hang=2)
    page.line(
        f"{p.open_now:,} open now, {p.won:,} with the event, {p.lost:,} ended without. To learn from: "
        f"{p.with_event:,} with the event and {p.without:,} without, over {count(p.history_days, 'day')}; "
        f"{p.positives:,} of {count(p.rows, 'row')} positive.", indent=2,
    )  # fmt: skip
    page.line(
        f"Activities are on {percent(p.activity_coverage)} of the records, recorded by {plain(p.owners_covered)} owners.",
        indent=2,
    )
    for m in p.missing:
        page.line(warn("Missing: "), sentence(m), indent=2)


def as_given(page: Page, found: AsGiven) -> None:
    """Scores as they were seen, and what came of them: a line a band."""
    if not found.bands:
        page.line(found.NOTHING)
        return
    page.line(bold("What became of records by the score that people saw on them."))
    page.line(dim("Promised is for the whole horizon: over a shorter time less must have happened."))
    seen = ""
    for b in found.bands:
        title = f"{plain(b.population)}, {plain(b.given)}"
        if title != seen:
            page.heading(title)
            seen = title
        promised = "" if b.promised is None else f", promised {percent(b.promised)}"
        page.line(
            f"score {plain(b.score)}: {count(b.records, 'record')}, {b.with_event:,} with the event "
            f"({percent(b.share)}{promised})", indent=2, hang=4,
        )  # fmt: skip


def comparison(page: Page, found: Comparison) -> None:
    """Ours beside the usual models, a line a model."""
    if not found.rows:
        page.line(found.NOTHING)
        return
    page.line(bold("Each model in force beside the usual ones, on the same later rows."))
    for name in dict.fromkeys(str(r["population"]) for r in found.rows):
        page.heading(plain(name))
        mine = [r for r in found.rows if r["population"] == name]
        page.table(
            [(dim("model"), dim("AUC"), dim("log-loss"), dim("fitted in"))]
            + [
                (
                    good(plain(r["model"])) if r.get("in_force") else plain(r["model"]),
                    _number(r.get("auc"), 3),
                    _number(r.get("log_loss"), 3),
                    f"{float(r.get('seconds') or 0):.1f}{GLUE}s",
                )
                for r in mine
            ],
            indent=2,
            right=(1, 2),
        )


def _number(value: object, digits: int) -> str:
    return f"{value:.{digits}f}" if isinstance(value, int | float) else "–"


def clusters(page: Page, found: Clusters) -> None:
    """Clusters beside the named segments."""
    if found.customers is not None:
        page.line(f"{count(found.customers, 'customer is', 'customers are')} too few to cluster.")
        return
    page.line(bold(f"{count(len(found.profiles), 'cluster')} of customers"), f" by {plain(found.method)}.")
    page.line(sentence(found.verdict))
    for p in found.profiles:
        page.blank()
        page.items([[f"{words(k)} ", bold(_figure(k, v))] for k, v in p.items()], indent=2, hang=4)
    if found.candidates:
        page.heading("Others that were tried")
        for c in found.candidates:
            page.items([[f"{words(k)} {_figure(k, v)}"] for k, v in c.items()], indent=2, hang=4)


def _figure(key: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return listed(f"{words(str(k))} {_figure(str(k), v)}" for k, v in value.items())
    if isinstance(value, float) and key.endswith("share"):
        return percent(value)
    if isinstance(value, float) and abs(value) >= 1000:
        return money(value)
    return plain(value)


def plots(page: Page, found: Plots) -> None:
    """Which files were drawn, and the calibration they show."""
    if not found.files:
        page.line(found.NOTHING)
        return
    page.line(bold(f"Wrote {count(len(found.files), 'plot')}."))
    for f in found.files:
        page.line(plain(f), indent=2)
    for name in dict.fromkeys(b.population for b in found.calibration):
        page.heading(f"{plain(name)}: promised against what happened, best records first")
        for b in found.calibration:
            if b.population == name:
                promised, happened = plain(b.figures["promised"]), plain(b.figures["happened"])
                page.line(
                    f"{plain(b.figures['records'])} records: promised {promised}, happened {happened}",
                    indent=2,
                )
