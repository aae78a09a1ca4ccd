"""Reports: which sections each kind has, and how one is made."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sales_consultant.config.errors import UsageError
from sales_consultant.config.language.translation import Language
from sales_consultant.insight.reports import Context, Report, Section, Words
from sales_consultant.sync.insights import (
    forecast_section,
    funnel_section,
    model_section,
    pipeline_section,
    response_section,
    week_section,
)
from sales_consultant.sync.insights.proof import value_section
from sales_consultant.sync.insights.sources import context
from sales_consultant.sync.insights.written import write
from sales_consultant.sync.runtime import Workspace

Maker = Callable[[Workspace, Context], Section]
SECTIONS: Mapping[str, Maker] = {
    "funnel": funnel_section.of_funnel,
    "pipeline": pipeline_section.of_pipeline,
    "forecast": forecast_section.of_forecast,
    "response": response_section.of_response,
    "value": value_section.of_value,
    "segments": model_section.of_segments,
    "model": model_section.of_models,
}
# A page of its own: it tells of days, all others of months.
_ALONE: Mapping[str, Maker] = {"week": week_section.of_week}
MAKERS: Mapping[str, Maker] = {**SECTIONS, **_ALONE}
KINDS: Mapping[str, Sequence[str]] = {**{name: (name,) for name in MAKERS}, "all": tuple(SECTIONS)}
TITLES = {
    "all": "Sales report", "funnel": "Funnel", "pipeline": "Pipeline", "forecast": "Forecast", "response": "Response",
    "value": "Proof of value", "segments": "Segments", "model": "Scores and models", "week": "The week",
}  # fmt: skip
FORMATS = ("terminal", "html", "csv", "json", "pdf")
_ENDINGS = {"html": ".html", "pdf": ".pdf", "csv": ""}


@dataclass(frozen=True)
class MadeReport:
    """A report with the words that it is shown in, and the files that it was written to."""

    report: Report
    words: Words
    files: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The report's own document, and "files"."""
        return {**self.report.to_json(), "files": list(self.files)}


def make(
    ws: Workspace,
    kind: str,
    *,
    as_of: int | None = None,
    since: int | None = None,
    by: str = "pipeline",
    language: Language | None = None,
    form: str = "terminal",
    out: Path | None = None,
    as_given: bool = False,
) -> MadeReport:
    """A report of a kind (one of KINDS) on what was pulled last, written to a file where its form is one.

    `as_given`: in place of the forecast of today, what was said before beside what came (of the kind "forecast" alone).

    Errors are those of `sources.context` and `written.write`.
    """
    if as_given and kind != "forecast":
        raise UsageError(
            "--as-given goes with the report forecast.", action="sales-consultant report forecast --as-given"
        )
    source = forecast_section.ground_of_as_given if as_given else context
    ground = source(ws, as_of=as_of, since=since, by=by, language=language)
    makers = [forecast_section.of_as_given] if as_given else [MAKERS[name] for name in KINDS[kind]]
    report = _report(ws, kind, ground, tuple(maker(ws, ground) for maker in makers))
    words = ground.words
    if form not in _ENDINGS:
        return MadeReport(report, words)
    target = out or Path(_name(kind, words.day(ground.as_of), form))
    return MadeReport(report, words, tuple(str(f) for f in write(report, words, form, target)))


def _report(ws: Workspace, kind: str, ground: Context, sections: tuple[Section, ...]) -> Report:
    """The document around the sections: its title, what it rests on, and what a reader is told first."""
    words = ground.words
    days = {
        k: words.cell(words.day(at), "date") for k, at in (("as_of", ground.as_of), ("since", ground.since))
    }
    basis = (
        words("Amounts in {currency}, booked: what won deals bring.", currency=words.currency)
        if words.currency
        else words("Amounts as the CRM has them, booked: what won deals bring.")
    )
    company = ws.name
    return Report(
        kind,
        words.language,
        words("{title}: {company}", title=words(TITLES[kind]), company=company),
        words("As of {as_of}, since {since}. {basis}", basis=basis, **days),
        company,
        ground.as_of,
        ground.since,
        words.currency,
        "booked",
        str(words.zone),
        sections,
        (
            *_beware(ground),
            words(
                "Made by Sales Consultant from what was read of {crm} by {as_of}. Nothing in it was written to the CRM.",
                crm=ws.connection.of.label,
                as_of=days["as_of"],
            ),
        ),
    )


def _beware(ground: Context) -> tuple[str, ...]:
    """What a reader is told of the way that the whole report is broken down."""
    if ground.by not in ("segment", "tier"):
        return ()
    return (
        ground.words(
            "Segments and tiers are those of today and come from what companies bought: that a group won more is no finding."
        ),
    )


def _name(kind: str, day: date, form: str) -> str:
    return f"sales-report-{kind}-{day.isoformat()}{_ENDINGS[form]}"
