"""What customers say, where the CRM has survey fields: by segment, and by month."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from sales_consultant.insight.charts import Line, LineChart
from sales_consultant.insight.reports.document import Cell, Column, Figure, Kind, Table
from sales_consultant.insight.reports.value.parts import Part, between, cells, interval_columns, known
from sales_consultant.insight.reports.value.told import Survey
from sales_consultant.insight.reports.words import Words

_KINDS: dict[str, Kind] = {"nps": "number", "csat": "share", "csat10": "share"}
MESSAGES = {
    "nps": "Net promoter score: the share that answers 9 or 10 less the share that answers 0 to 6, times 100 (-100 to 100); "
    "t interval.",
    "csat": "The share of answers of 4 or 5 on a scale of 1 to 5; Wilson's interval.",
    "csat10": "The share of answers of 8 to 10 on a scale of 0 to 10; Wilson's interval.",
}


def told(surveys: Sequence[Survey], words: Words) -> Part:
    """The part about satisfaction."""
    part = Part()
    if not surveys:
        part.unknown.append(
            words(
                "Satisfaction is not known: the CRM has no number field on companies or contacts that is called NPS, CSAT or "
                "satisfaction."
            )
        )
    for number, survey in enumerate(surveys):
        rows = survey.rows
        whole = rows[(rows["segment"] == "*") & (rows["period"] == "*")] if len(rows) else rows
        if not len(whole):
            part.unknown.append(words("{field} holds no answer yet.", field=survey.label))
            continue
        total: dict[Any, Any] = whole.iloc[0].to_dict()
        kind = _KINDS[survey.kind]
        if known(total["value"]) is not None:
            part.findings.append(
                words(
                    "{field}: {value}, from {n} answers.",
                    field=survey.label,
                    value=between(words, total["value"], total["low"], total["high"], kind),
                    n=words.number(total["n"]),
                )
            )
        suffix = f"_{number + 1}" if number else ""
        part.figures += _figures(survey, suffix, words)
    return part


def _figures(survey: Survey, suffix: str, words: Words) -> list[Figure]:
    rows, kind = survey.rows, _KINDS[survey.kind]
    notes = [words("Below 30 answers no value is told.")]
    if survey.dropped:
        notes.append(
            words(
                "{number} answers were off the scale or without a date.", number=words.number(survey.dropped)
            )
        )
    if not survey.dated:
        notes.append(
            words(
                "The CRM keeps no history of this field: the last answer of each record counts, without its date."
            )
        )
    method = words(MESSAGES[survey.kind])
    columns = (
        Column("answers", words("Answers"), "count"),
        *interval_columns(words, "value", words("Value"), kind),
    )
    segments = rows[rows["period"] == "*"].sort_values("n", ascending=False)
    made = [
        Figure(
            f"satisfaction_by_segment{suffix}",
            words("{field} by segment", field=survey.label),
            Table(
                (Column("segment", words("Segment")), *columns),
                tuple(_row(_segment(r["segment"], words), r) for r in segments.to_dict("records")),
                strong=frozenset(i for i, s in enumerate(segments["segment"]) if s == "*"),
            ),
            method,
            notes=tuple(notes),
        )
    ]
    months = rows[(rows["segment"] == "*") & (rows["period"] != "*")].sort_values("period")
    if survey.dated and len(months) > 1:
        made.append(_by_month(survey, months, columns, suffix, notes[0], words))
    return made


def _by_month(
    survey: Survey, months: pd.DataFrame, columns: tuple[Column, ...], suffix: str, note: str, words: Words
) -> Figure:
    """The answers of all by month, as a line where two months have a value."""
    kind = _KINDS[survey.kind]
    value, low, high = (tuple(known(v) for v in months[c]) for c in ("value", "low", "high"))
    title = words("{field} by month", field=survey.label)
    chart = None
    if sum(v is not None for v in value) > 1:
        line = Line(survey.label, value, ((words("95 % interval"), low, high),))
        labels = tuple(str(p) for p in months["period"])
        chart = LineChart(title, "share" if kind == "share" else "number", labels, (line,))
    body = tuple(_row(str(r["period"]), r) for r in months.to_dict("records"))
    table = Table((Column("month", words("Month")), *columns), body)
    return Figure(
        f"satisfaction_by_month{suffix}", title, table, words(MESSAGES[survey.kind]), chart, (note,)
    )


def _segment(segment: str, words: Words) -> str:
    if segment == "*":
        return words("all")
    return segment or words("not given")


def _row(name: str, row: dict[Any, Any]) -> tuple[Cell, ...]:
    return (name, int(row["n"]), *cells(row["value"], row["low"], row["high"]))
