"""How good the scores are: the newest forward tests, and what became of scores as people saw them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sales_consultant.insight.charts import Bar, BarChart
from sales_consultant.insight.reports.document import Column, Figure, Section, Table
from sales_consultant.insight.reports.words import Words

# Verdicts of a forward test, as `scoring.validation` has them; each is said as it is.
_VERDICTS = ("better than base rate", "no better than base rate", "too little data")
MESSAGES = (*_VERDICTS, "rules", "30 days ago", "60 days ago", "90 days ago")


@dataclass(frozen=True)
class Tested:
    """The newest forward test of a population's model; shares are 0 to 1, None where it was not measured."""

    population: str
    verdict: str
    auc: float | None
    low: float | None
    high: float | None
    base_rate: float | None
    lift: float | None
    records: int | None


@dataclass(frozen=True)
class Given:
    """What became of records by the score that they showed `given` (as "30 days ago")."""

    population: str
    given: str
    score: str
    records: int
    happened: int
    share: float
    promised: float | None


def section(tests: Sequence[Tested], given: Sequence[Given], words: Words, *, past: bool = False) -> Section:
    """The section "model"; of a `past` date only what was tested by then is in it."""
    title = words("How good the scores are")
    if not tests and past:
        return Section("model", title, hidden=words("No model that is known had been tested by this date."))
    if not tests:
        return Section(
            "model", title, hidden=words("No model has been trained yet. Next: sales-consultant train")
        )
    figures = [_tests(tests, words)]
    unknown = []
    if past:
        unknown.append(
            words("What became of scores is told as of today alone; of each model its newest test is known.")
        )
    elif given:
        figures.append(_given(given, words))
    else:
        unknown.append(
            words("No score has been visible for 30 days yet: what became of scores cannot be told.")
        )
    findings = tuple(f for t in tests if (f := _finding(t, words)))
    return Section("model", title, findings, tuple(figures), unknown=tuple(unknown))


def _finding(t: Tested, words: Words) -> str:
    if t.verdict == _VERDICTS[1]:
        return words(
            "{population}: no better than the base rate; no score is written.", population=t.population
        )
    if t.verdict == _VERDICTS[2]:
        return words("{population}: too little data for a model.", population=t.population)
    if t.auc is None or t.low is None or t.high is None:
        return ""
    shares = {k: words.share(v) for k, v in (("share", t.auc), ("low", t.low), ("high", t.high))}
    return words(
        "{population}: the right one of two records first in {share} ({low} to {high}).",
        population=t.population,
        **shares,
    )


def _tests(tests: Sequence[Tested], words: Words) -> Figure:
    columns = (
        Column("population", words("Population")),
        Column("verdict", words("Verdict")),
        Column(
            "auc",
            words("Right one first"),
            "share",
        ),
        Column("auc_low", words("from"), "share"),
        Column("auc_high", words("to"), "share"),
        Column("base_rate", words("Event rate"), "share"),
        Column("lift_at_10", words("Top tenth against all"), "number"),
        Column("records", words("Tested records"), "count"),
    )
    rows = tuple(
        (
            t.population,
            words(t.verdict if t.verdict in _VERDICTS else "rules"),
            t.auc,
            t.low,
            t.high,
            t.base_rate,
            t.lift,
            t.records,
        )
        for t in tests
    )
    method = words(
        "Each model is tested on records of a later time than those it learnt from. Of two records, one with the event and "
        "one without, the score puts the right one first so often; 50 % is chance."
    )
    return Figure("forward_tests", words("Forward test of each model"), Table(columns, rows), method)


def _given(given: Sequence[Given], words: Words) -> Figure:
    columns = (
        Column("population", words("Population")),
        Column("given", words("Scores given")),
        Column("score", words("Score")),
        Column("records", words("Records"), "count"),
        Column("happened", words("Happened"), "share"),
        Column("promised", words("Promised"), "share"),
    )
    rows = tuple((g.population, words(g.given), g.score, g.records, g.share, g.promised) for g in given)
    method = words(
        "Scores that the CRM showed so long ago, and the share of those records with the event since. "
        "A probability is for the whole horizon: over a shorter time less must have happened."
    )
    last = (given[-1].population, given[-1].given)
    shown = [g for g in given if (g.population, g.given) == last]
    chart = BarChart(
        words("Happened, by score, {given} ({population})", given=words(last[1]), population=last[0]),
        "share",
        tuple(Bar(g.score, g.share, mark=g.promised) for g in shown),
        words("Promised"),
    )
    title = words("What became of scores as they were given")
    return Figure("as_given", title, Table(columns, rows), method, chart)
