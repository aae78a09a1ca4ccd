"""With a control group: what was announced, what the test finds today, and what came of complete windows."""

from __future__ import annotations

from typing import Any

from sales_consultant.config.clock import DAY_MS
from sales_consultant.insight.charts import Line, LineChart
from sales_consultant.insight.reports.document import Column, Figure, Table
from sales_consultant.insight.reports.value import outcomes
from sales_consultant.insight.reports.value.parts import Part, between, cells, interval_columns, known
from sales_consultant.insight.reports.value.told import Announced, Looks, Outcomes
from sales_consultant.insight.reports.words import Words

# A look a week tells the course of a test; the chart has every day.
_EVERY = 7


def told(announced: Announced, looks: Looks, came: Outcomes, words: Words) -> Part:
    """The part about an experiment."""
    part = Part()
    if not looks.ratio.n_treated + looks.ratio.n_control:
        part.findings.append(
            words(
                "An experiment was announced, but no company was drawn yet: nothing is measured. Next: sales-consultant plan"
            )
        )
        part.figures.append(_announced(announced, looks, words))
        return part
    if looks.ratio.mismatch:
        part.findings.append(
            words(
                "The groups do not have the sizes that were drawn ({found} in control instead of {expected}): trust no figure "
                "below before that is explained.",
                found=words.share(looks.ratio.found),
                expected=words.share(looks.ratio.expected),
            )
        )
    if not len(looks.days):
        part.findings.append(
            words("The groups were drawn; the first look at what came of them is a day after the start.")
        )
        part.figures += [_announced(announced, looks, words), _groups(announced, looks, words)]
        return part
    part.findings.append(_finding(announced, looks, words))
    part.findings += outcomes.findings(announced, came, words)
    part.figures += [_announced(announced, looks, words), _sequence(announced, looks, words)]
    part.figures += [_groups(announced, looks, words), *outcomes.figures(came, words)]
    part.unknown += outcomes.unknown(announced, came, words)
    return part


def _finding(announced: Announced, looks: Looks, words: Words) -> str:
    last: dict[Any, Any] = looks.days.iloc[-1].to_dict()
    counts = {
        "n_treated": int(last["n_treated"]), "n_control": int(last["n_control"]),
        "treated": words.share(last["mean_treated"]), "control": words.share(last["mean_control"]),
    }  # fmt: skip
    if known(last["se"]) is None:
        return words(
            "Whether the scores help cannot be told yet: each group needs 10 companies with the event; with scores {events_1} "
            "have had it so far, without {events_0}.",
            events_1=int(last["events_treated"]),
            events_0=int(last["events_control"]),
        )
    effect = _effect(words, last)
    if looks.alarm_day is None:
        return words(
            "No difference beyond chance so far: {treated} of {n_treated} companies with scores had the event, {control} of "
            "{n_control} without: {effect}.",
            effect=effect,
            **counts,
        )
    seen = words.cell(words.day(announced.started_at + looks.alarm_day * DAY_MS), "date")
    if last["effect"] > 0:
        return words(
            "The scores help: {treated} of {n_treated} companies with scores had the event, {control} of {n_control} without: "
            "{effect}, seen since {seen}.",
            effect=effect,
            seen=seen,
            **counts,
        )
    return words(
        "The scores do harm: {treated} of {n_treated} companies with scores had the event, {control} of {n_control} without: "
        "{effect}, seen since {seen}.",
        effect=effect,
        seen=seen,
        **counts,
    )


def _effect(words: Words, look: dict[Any, Any]) -> str:
    if known(look["low"]) is None or known(look["high"]) is None:
        return words.shown(look["effect"], "points")
    return between(words, look["effect"], look["low"], look["high"], "points")


def _announced(a: Announced, looks: Looks, words: Words) -> Figure:
    def day(at: int) -> str:
        return words.cell(words.day(at), "date")

    rows = [
        (words("Experiment"), a.id),
        (words("Hypothesis"), a.hypothesis),
        (words("Whose event counts"), ", ".join(a.populations)),
        (words("Share without scores"), words.share(a.share)),
        (words("Drawn"), words("whole owners") if a.clustered else words("single companies")),
        (words("An event counts within"), words.shown(a.horizon_days, "days")),
        (words("Started"), day(a.started_at)),
        (words("Ended"), words("goes on") if a.ended_at is None else day(a.ended_at)),
    ]
    if a.smallest is not None:
        rows.append(
            (words("Smallest effect it can see"), words("{share} more", share=words.share(a.smallest)))
        )
    if looks.excluded:
        rows.append((words("Companies left out before the draw"), words.number(looks.excluded)))
    columns = (Column("what", words("What")), Column("announced", words("Announced")))
    method = words(
        "All of this was kept before any company was drawn. Only companies drawn in this experiment are compared: who was shown "
        "scores before is no random sample."
    )
    return Figure("announced", words("What was announced"), Table(columns, tuple(rows)), method)


def _sequence(a: Announced, looks: Looks, words: Words) -> Figure:
    days = looks.days
    names = [words.day(a.started_at + (int(d) + 1) * DAY_MS) for d in days["day"]]
    values, low, high = (tuple(known(v) for v in days[c]) for c in ("effect", "low", "high"))
    # Before there is an interval a difference is mostly noise.
    shown = tuple(
        v if a is not None and b is not None else None for v, a, b in zip(values, low, high, strict=True)
    )
    low = tuple(v if s is not None else None for v, s in zip(low, shown, strict=True))
    high = tuple(v if s is not None else None for v, s in zip(high, shown, strict=True))
    chart = None
    if sum(s is not None for s in shown) > 1:
        chart = LineChart(
            words("Difference of the share of companies with the event, by day"),
            "points",
            tuple(words.cell(n, "date") for n in names),
            (
                Line(
                    words("With scores less without"),
                    shown,
                    ((words("95 % interval of all days"), low, high),),
                ),
            ),
        )
    picked = [i for i in range(len(days)) if (len(days) - 1 - i) % _EVERY == 0]
    # Once all windows are over a look says what the one before said.
    same = days[["n_treated", "n_control", "events_treated", "events_control"]].to_numpy()
    picked = [
        i for n, i in enumerate(picked) if n + 1 == len(picked) or (same[i] != same[picked[n + 1]]).any()
    ]
    columns = (
        Column("date", words("Day"), "date"),
        Column("share_treated", words("With: event so far"), "share"),
        Column("share_control", words("Without: event so far"), "share"),
        *interval_columns(words, "effect", words("Difference"), "points"),
        Column("p", words("p-value"), "number"),
    )
    rows = tuple(
        (
            names[i],
            *cells(days["mean_treated"].iloc[i], days["mean_control"].iloc[i], shown[i], low[i], high[i]),
            float(days["p"].iloc[i]),
        )
        for i in reversed(picked)
    )  # fmt: skip
    method = words(
        "A mixture sequential probability ratio test of all events so far, within {days} of a company's draw, adjusted by its "
        "score at the draw: interval and p-value hold on every day at once, however often somebody looks.",
        days=words.shown(a.horizon_days, "days"),
    )
    return Figure("sequence", words("The test, day by day"), Table(columns, rows), method, chart)


def _groups(a: Announced, looks: Looks, words: Words) -> Figure:
    ratio = looks.ratio
    columns = (
        Column("group", words("Group")),
        Column("drawn", words("Owners drawn") if a.clustered else words("Companies drawn"), "count"),
        Column("share", words("Share"), "share"),
        Column("planned", words("Planned"), "share"),
    )
    total = max(ratio.n_treated + ratio.n_control, 1)
    rows = (
        (words("With scores"), ratio.n_treated, ratio.n_treated / total, 1 - ratio.expected),
        (words("Without (control)"), ratio.n_control, ratio.n_control / total, ratio.expected),
    )
    notes = []
    if looks.still_shown:
        notes.append(
            words(
                "{records} records of the control group still show a value: the next sync takes it away.",
                records=looks.still_shown,
            )
        )
    method = words(
        "Sample-ratio check: p = {p} for today's counts. Below {level} on any day something else than the lot decides who is "
        "where.",
        p=words.number(ratio.p),
        level=words.number(ratio.level) if ratio.level >= 0.01 else f"{ratio.level:g}",
    )
    return Figure(
        "groups", words("Are the groups as drawn"), Table(columns, rows), method, notes=tuple(notes)
    )
