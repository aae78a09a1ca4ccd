"""How steps are used, what drawn steps brought, and how well writing goes."""

from __future__ import annotations

from collections.abc import Sequence

from sales_consultant.insight.charts import Bar, BarChart
from sales_consultant.insight.reports.document import Cell, Column, Figure, Table
from sales_consultant.insight.reports.value.parts import Part, cells, interval_columns, known
from sales_consultant.insight.reports.value.told import Answers, Drawn, Upkeep
from sales_consultant.insight.reports.words import Words

TITLES = {
    "rule": ("Steps by rule", "Rule"),
    "pipeline": ("Steps by pipeline", "Pipeline"),
    "team": ("Steps by team", "Team"),
    "owner": ("Steps by owner", "Owner"),
}
_ANSWERS = ("accepted", "done", "later", "not_useful", "wrong")
_GOOD = ("accepted", "done")


def told(
    answers: Sequence[Answers], drawn: Sequence[Drawn], upkeep: Upkeep, by_owner: bool, words: Words
) -> Part:
    """The part about use."""
    part = Part()
    rules = [a for a in answers if a.by == "rule"]
    if rules:
        part.findings.append(_finding(rules, words))
        for by in TITLES:
            mine = sorted((a for a in answers if a.by == by), key=lambda a: (-a.shown, a.name))
            # What has one value only says what the table of rules says.
            if mine and (by == "rule" or len(mine) > 1):
                part.figures.append(_steps(by, mine, words))
        if not by_owner:
            part.unknown.append(
                words(
                    "Owners are not told apart: watching people at work is regulated in many countries. An admin switches it on "
                    "with [reports] by_owner = true."
                )
            )
    else:
        part.unknown.append(words("No step was shown in this time."))
    if drawn:
        part.figures.append(_drawn(drawn, words))
    else:
        part.unknown.append(
            words(
                "What single steps bring is not known: no step was drawn at random whose time is over (see [steps] explore)."
            )
        )
    part.figures.append(_upkeep(upkeep, words))
    return part


def _finding(rules: Sequence[Answers], words: Words) -> str:
    shown = sum(a.shown for a in rules)
    answered = sum(sum(a.answered.values()) for a in rules)
    good = sum(a.answered.get(k, 0) for a in rules for k in _GOOD)
    return words(
        "{shown} steps were shown, {answered} were answered ({share}); {good} of them were accepted or done.",
        shown=words.number(shown),
        answered=words.number(answered),
        share=words.share(answered / shown if shown else 0.0),
        good=words.number(good),
    )


def _steps(by: str, rows: Sequence[Answers], words: Words) -> Figure:
    title, name = TITLES[by]
    columns = (
        Column(by, words(name)),
        Column("shown", words("Shown"), "count"),
        Column("answered", words("Answered"), "count"),
        Column("accepted", words("Accepted"), "count"),
        Column("done", words("Done"), "count"),
        Column("later", words("Later"), "count"),
        Column("not_useful", words("Not useful"), "count"),
        Column("wrong", words("Wrong"), "count"),
        Column("left", words("Left without an answer"), "count"),
        Column("waiting", words("Waiting"), "count"),
    )
    made: tuple[tuple[Cell, ...], ...] = tuple(
        (
            a.name, a.shown, sum(a.answered.values()), *(a.answered.get(k, 0) for k in _ANSWERS), a.left, a.waiting,
        )
        for a in rows
    )  # fmt: skip
    chart = BarChart(
        words("Share of shown steps that were answered"),
        "share",
        tuple(Bar(a.name, sum(a.answered.values()) / a.shown if a.shown else None) for a in rows[:15]),
    )
    method = words(
        "A step counts once a record and occasion, when it became visible in this time; left: it went away without an answer, "
        "as what it asked for may have happened anyway."
    )
    return Figure(f"steps_by_{by}", words(title), Table(columns, made), method, chart)


def _drawn(drawn: Sequence[Drawn], words: Words) -> Figure:
    columns = (
        Column("rule", words("Rule")),
        Column("drawn", words("Drawn"), "count"),
        Column("expected", words("Expected by the model"), "share"),
        Column("happened", words("Happened"), "share"),
        *interval_columns(words, "change", words("Difference"), "points"),
    )
    rows = tuple((d.rule, d.drawn, *cells(d.expected, d.happened, d.change, d.low, d.high)) for d in drawn)
    chart = BarChart(
        words("Events beyond what the model expected, by drawn rule"),
        "points",
        tuple(Bar(d.rule, known(d.change), known(d.low), known(d.high)) for d in drawn),
        interval_name=words("95 % interval"),
    )
    notes = (
        words(
            "Compare rules with each other: where the model expects too much or too little, all rules are off alike."
        ),
    )
    method = words(
        "Steps whose rule was drawn by lot among those that held, weighted by one over the chance of that draw; the event within "
        "90 days less the probability before it, told from 30 steps on."
    )
    return Figure(
        "drawn_steps", words("What drawn steps brought"), Table(columns, rows), method, chart, notes
    )


def _upkeep(upkeep: Upkeep, words: Words) -> Figure:
    columns = (Column("what", words("What")), Column("number", words("Number"), "count"))
    rows: list[tuple[str, int]] = [
        (words("Calls to the CRM in the last {days} days", days=upkeep.days), upkeep.calls)
    ]
    if upkeep.dead_letters:
        rows += [
            (words("Records that cannot be written: {reason}", reason=code), n)
            for code, n in upkeep.dead_letters
        ]
    else:
        rows.append((words("Records that cannot be written"), 0))
    method = words(
        "Calls are counted by the hour and kept for a week. Which records these are: sales-consultant status"
    )
    return Figure("upkeep", words("Writing to the CRM"), Table(columns, tuple(rows)), method)
