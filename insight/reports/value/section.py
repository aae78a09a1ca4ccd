"""The section "value" as a whole: the finding on the scores first, then use, then what customers say."""

from __future__ import annotations

from collections.abc import Sequence

from sales_consultant.insight.reports.document import Figure, Section
from sales_consultant.insight.reports.value import experiment, satisfaction, use, without
from sales_consultant.insight.reports.value.told import (
    Announced,
    Answers,
    Drawn,
    Looks,
    Monthly,
    Outcomes,
    Survey,
    Upkeep,
)
from sales_consultant.insight.reports.words import Words

_MOST_FINDINGS = 5


def section(
    words: Words,
    *,
    trial: tuple[Announced, Looks, Outcomes] | None,
    monthly: Monthly,
    answers: Sequence[Answers],
    drawn: Sequence[Drawn],
    upkeep: Upkeep,
    surveys: Sequence[Survey],
    by_owner: bool,
) -> Section:
    """The section "value"; `trial` is the newest experiment, None where there was none."""
    findings: list[str] = []
    figures: list[Figure] = []
    unknown: list[str] = []
    parts = experiment.told(*trial, words) if trial is not None else without.told(monthly, words)
    for more in (parts, use.told(answers, drawn, upkeep, by_owner, words), satisfaction.told(surveys, words)):
        findings += more.findings
        figures += more.figures
        unknown += more.unknown
    return Section(
        "value",
        words("Did the scores help"),
        tuple(findings[:_MOST_FINDINGS]),
        tuple(figures),
        unknown=tuple(unknown),
    )
