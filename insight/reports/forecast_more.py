"""What stands beside a forecast: baselines, how past ones did, what changed, drivers, and what was said and came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sales_consultant.insight.charts import Line, LineChart, Move, WaterfallChart
from sales_consultant.insight.forecast import BUCKETS, Given, Outcome
from sales_consultant.insight.reports.document import Cell, Column, Figure, Section, Table
from sales_consultant.insight.reports.words import Words

METHODS = ("reconciled", "deals", "series", "weighted_pipeline", "seasonal_naive")
MESSAGES = {
    "reconciled": "Forecast (deals and series)",
    "deals": "Deals alone",
    "series": "Series of months alone",
    "weighted_pipeline": "Weighted pipeline",
    "seasonal_naive": "Same month a year before",
    "used": "used: forecasts of past months were better with it",
    "too_short": "not used: it shares fewer than 24 months with the bookings",
    "constant": "not used: it does not change",
    "not_known_ahead": "not used: its newest months are missing",
    "noise": "not used: no effect beyond noise",
    "no_gain": "not used: forecasts of past months were no better with it",
    "another_is_better": "not used: another driver saves more",
    "no_fit": "not used: the forecast with it could not be fitted",
}
TITLES = {
    "won": "won", "lost": "lost, or won in another period", "created": "made since", "amount": "other amounts",
    "moved": "other close dates", "rest": "stages, ages and deals to come",
}  # fmt: skip
_DEALS = 20
# Months ahead whose error is told.
_AHEAD = (0, 1, 2)


def _filled(columns: Sequence[Column], rows: Sequence[tuple[Cell, ...]]) -> Table:
    """The table without columns of which nothing is known."""
    keep = [i for i in range(len(columns)) if any(row[i] is not None for row in rows) or not rows]
    return Table(tuple(columns[i] for i in keep), tuple(tuple(row[i] for i in keep) for row in rows))


def baselines(given: Given, words: Words) -> Figure:
    """The forecast of each period beside what simpler ways say."""
    total = given.levels["total"]
    months = sum(span.kind == "month" for span in given.spans)
    columns = [
        Column("period", words("Period")),
        Column("forecast", words("Forecast"), "money"),
        Column("weighted_pipeline", words("Booked and weighted pipeline"), "money"),
        Column("open", words("Booked and all open deals"), "money"),
        Column("seasonal_naive", words("Booked, the rest as a year before"), "money"),
    ]
    if total.commit is not None:
        columns.append(Column("commit", words("Booked and the reps' commit"), "money"))
    rows = []
    for i, span in enumerate(given.spans):
        inside = [h for h in range(months) if span.start <= given.spans[h].start < span.end]
        so_far = int(total.booked[0, i])
        before = so_far - int(total.booked[0, inside].sum())
        naive = sum(given.naive[h] for h in inside) + before if given.naive and inside else None
        row: list[Cell] = [
            span.label, int(total.expected[0, i]), so_far + int(total.pipeline[0, i]), so_far + int(total.standing[0, i]), naive,
        ]  # fmt: skip
        if total.commit is not None:
            row.append(so_far + int(total.commit[0, i]))
        rows.append(tuple(row))
    method = words(
        "Weighted pipeline: the amount of each open deal times the share of deals that were won from its stage, in the period "
        "of its close date, as in a CRM: an overdue deal counts in the quarter that it was to close in, and in no month to come. "
        "Neither it nor open deals know of deals that are not made yet. The rest as a year before: the months of the period that "
        "are over with what they booked, this month and those to come with what the same months booked a year before."
    )
    notes: tuple[str, ...] = ()
    if total.commit is None:
        notes = (
            words(
                "The CRM has no forecast category of this date, so what reps commit to is not known (HubSpot: "
                "hs_manual_forecast_category, Salesforce: ForecastCategory)."
            ),
        )
    return Figure(
        "baselines",
        words("Beside simpler forecasts"),
        _filled(columns, rows),
        method,
        notes=notes,
    )


def accuracy(given: Given, words: Words) -> Figure:
    """How each method did at past months."""
    columns = (
        Column("method", words("Method")),
        Column("forecasts", words("Forecasts"), "count"),
        Column("held_80", words("In the 80 % range"), "share"),
        Column("held_95", words("In the 95 % range"), "share"),
        Column("loss", words("Pinball loss"), "money"),
        Column("error_0", words("Error, same month"), "share"),
        Column("error_1", words("1 month ahead"), "share"),
        Column("error_2", words("2 months ahead"), "share"),
    )
    rows = []
    for name in METHODS:
        one = given.accuracy.get(name)
        if one is None or not one.forecasts:
            continue
        errors = [one.mape[h] if h < len(one.mape) else None for h in _AHEAD]
        ranges = (None, None) if name == "weighted_pipeline" else (one.coverage80, one.coverage95)
        rows.append((words(MESSAGES[name]), one.forecasts, *ranges, one.loss, *errors))
    method = words(
        "Each method made its forecasts anew at the same day of past months, from nothing known later, with the widths that it "
        "would have had. Pinball loss: how far all its quantiles were off, so smaller is better; error: mean share that it was "
        "off."
    )
    notes = []
    best = given.accuracy.get("reconciled")
    if best is None or best.forecasts < 30:
        notes.append(words("There are few past forecasts to judge by: the ranges themselves are uncertain."))
    return Figure(
        "accuracy",
        words("How good past forecasts were"),
        _filled(columns, rows),
        method,
        notes=tuple(notes),
    )


def changed_finding(given: Given, words: Words) -> str:
    """Why the forecast is another than the last one was."""
    found = given.changes
    assert found is not None
    parts = {bucket: words.money(found.buckets.get(bucket, 0)) for bucket in BUCKETS}
    parts["changed"] = words.money(found.buckets.get("amount", 0) + found.buckets.get("moved", 0))
    return words(
        "Since the forecast of {since} that of {period} went from {before} to {after}: won {won}, lost {lost}, made since "
        "{created}, other amounts and close dates {changed}, stages, ages and deals to come {rest}.",
        since=words.cell(words.day(found.since), "date"),
        period=found.period,
        before=words.money(found.before),
        after=words.money(found.after),
        **parts,
    )


def changed(given: Given, deals: Mapping[str, tuple[str, str]], words: Words) -> list[Figure]:
    """What changed since an earlier forecast, and which deals did."""
    found = given.changes
    if found is None:
        return []
    moves = (
        Move(words.cell(words.day(found.since), "date"), found.before, total=True),
        *(Move(words(TITLES[b]), found.buckets.get(b, 0)) for b in BUCKETS),
        Move(words.cell(words.day(given.as_of), "date"), found.after, total=True),
    )
    title = words("What changed in the forecast of {period}", period=found.period)
    table = Table(
        (Column("what", words("What")), Column("cents", words("Change"), "money")),
        tuple((m.label, round(m.value)) for m in moves),
        strong=frozenset((0, len(moves) - 1)),
    )
    method = words(
        "The difference of what each deal was to bring, then and now, by what became of it; it adds up to the cent. A deal that "
        "was won takes the place of its chance, and one that was lost takes it away."
    )
    out = [Figure("changes", title, table, method, WaterfallChart(title, "money", moves))]
    named = [(d, b, c) for d, b, c in found.deals if d in deals]
    if named:
        columns = (
            Column("deal", words("Deal"), "record"), Column("owner", words("Owner")), Column("why", words("Reason")),
            Column("cents", words("Change"), "money"),
        )  # fmt: skip
        rows = tuple((*deals[d], words(TITLES[b]), c) for d, b, c in named[:_DEALS])
        more = len(named) - len(rows)
        method = words("The deals that moved the forecast most, up or down.")
        out.append(
            Figure("changed_deals", words("Deals behind the change"), Table(columns, rows, more), method)
        )
    return out


def drivers(given: Given, words: Words) -> list[Figure]:
    """The series that an admin brought, used or not."""
    if not given.drivers:
        return []
    columns = (
        Column("driver", words("Driver")), Column("verdict", words("Verdict")),
        Column("lag", words("Months until it shows"), "count"), Column("gain", words("Error saved"), "share"),
        Column("p_value", words("p-value"), "number"), Column("months", words("Months in common"), "count"),
    )  # fmt: skip
    tested = ("used", "noise", "no_gain", "another_is_better")
    rows = tuple(
        (
            name, words(MESSAGES[one.reason]), one.lag if one.reason in tested else None,
            one.gain if one.reason in ("used", "no_gain", "another_is_better") else None,
            round(one.p_value, 4) if one.reason in tested else None, one.months,
        )
        for name, one in given.drivers.items()
    )  # fmt: skip
    method = words(
        "A driver is used only where its effect is beyond noise and forecasts of past months were better with it; of several the "
        "best. This is association: it does not say that the driver is the cause."
    )
    return [Figure("drivers", words("Series that were brought"), Table(columns, rows), method)]


def as_given(outcomes: Sequence[Outcome], words: Words, unread: bool = False) -> Section:
    """The section of `report forecast --as-given`: said, commit and came.

    `unread`: nothing of the CRM is stored here, so what came is not known.
    """
    title = words("What was said, and what came")
    if not outcomes:
        return Section(
            "forecast_as_given", title,
            hidden=words("No period is over yet of which a forecast was given before it ended. Next: wait for its end."),
        )  # fmt: skip
    columns = (
        Column("period", words("Period")),
        Column("said", words("Said"), "money"),
        Column("low_80", words("80 % from"), "money"),
        Column("high_80", words("80 % to"), "money"),
        Column("commit", words("Booked and the reps' commit"), "money"),
        Column("came", words("Came"), "money"),
    )
    rows = tuple(
        (o.said.period, o.said.expected, o.said.quantiles[1], o.said.quantiles[-2], o.said.commit, o.came)
        for o in outcomes
    )
    known = [one.inside for one in outcomes if one.inside is not None]
    findings = (
        words(
            "Of the last {count} periods {held} ended within the 80 % range that was given for them.",
            count=len(known),
            held=sum(bool(v) for v in known),
        ),
    ) if known else ()  # fmt: skip
    chart = _said_and_came(outcomes, title, words)
    method = words(
        "The first forecast given within each period, as it was shown then; it is kept and never made anew. What came is as the "
        "CRM has it today."
    )
    figures = (Figure("as_given", title, Table(columns, rows), method, chart), _held(outcomes, words))
    unknown = (
        words("What came is not known: nothing of the CRM is stored here now. Next: sales-consultant pull"),
    ) if unread else ()  # fmt: skip
    return Section("forecast_as_given", title, findings, figures, unknown=unknown)


def _said_and_came(outcomes: Sequence[Outcome], title: str, words: Words) -> LineChart:
    shown = list(reversed(outcomes))
    what_came = Line(
        words("Came"), tuple(None if o.came is None else float(o.came) for o in shown), marked=True
    )
    return LineChart(
        title,
        "money",
        tuple(one.said.period for one in shown),
        (
            Line(
                words("Said"), tuple(float(o.said.expected) for o in shown),
                (
                    (
                        words("80 % range"), tuple(float(o.said.quantiles[1]) for o in shown),
                        tuple(float(o.said.quantiles[-2]) for o in shown),
                    ),
                ),
            ),
            *((what_came,) if any(o.came is not None for o in shown) else ()),
        ),
    )  # fmt: skip


def _held(outcomes: Sequence[Outcome], words: Words) -> Figure:
    columns = (
        Column("period", words("Period")), Column("given", words("Said on"), "date"),
        Column("off", words("Off by"), "share"), Column("held", words("In the 80 % range")),
        Column("weighted_pipeline", words("Booked and weighted pipeline"), "money"),
    )  # fmt: skip
    rows = []
    for one in outcomes:
        off = None if not one.came else one.said.expected / one.came - 1
        held = None if one.inside is None else words("yes") if one.inside else words("no")
        rows.append((one.said.period, words.day(one.said.as_of), off, held, one.said.weighted_pipeline))
    method = words("Off by: what was said over what came, less one.")
    return Figure(
        "held", words("When it was said, and how far it was off"), Table(columns, tuple(rows)), method
    )
