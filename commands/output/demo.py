"""The demo's result: what was read, scored and written, and the best records as their reps see them."""

from sales_consultant.commands.output.training import figures
from sales_consultant.commands.output.writing.page import Page, Piece, bold, dim, good, warn
from sales_consultant.commands.output.writing.text import NOTHING, count, counted, money, plain
from sales_consultant.commands.output.writing.times import brief_span
from sales_consultant.commands.output.writing.values import day, reason, value
from sales_consultant.demo.result import CompanyDone, Record
from sales_consultant.sync.results.training import BETTER, TOO_LITTLE


def show(page: Page, made: CompanyDone) -> None:
    """Counts, forward tests, then deals by their worth, or customers where nothing has a score."""
    _head(page, made)
    _tests(page, made)
    if any(r.score is not None for r in made.records):
        _deals(page, made.records)
    else:
        _customers(page, made.records)
    page.blank()
    again = f"A second sync at the same moment: {made.second_written:,} written, {count(made.second_calls, 'call')}."
    page.line((good if not made.second_written else warn)(again))
    if made.page:
        page.line(f"The page of one of them, to be opened in a browser: {plain(made.page)}")


def _head(page: Page, made: CompanyDone) -> None:
    page.blank()
    page.line(dim(plain(made.notice)))
    changes = count(int(made.changed.get("changes", 0)), "value")
    refused = f"{made.dead:,} refused by the CRM"
    limits = f"the vendor's own limits would have taken {brief_span(made.seconds_at_vendor_limits)}"
    page.table(
        [
            ("Read", counted(made.pulled)),
            ("Scored", counted(made.scored)),
            ("Written", f"{count(made.written, 'record')}, {changes}; {refused}"),
            ("Calls", f"{made.calls:,}; {limits}, this took {brief_span(made.seconds)}"),
        ]
    )


def _tests(page: Page, made: CompanyDone) -> None:
    if not made.tests:
        page.blank()
        page.line(
            "No forward test: nothing here is open for a while and then won or lost, so no record gets a score; "
            "customers get a value, a segment and a risk of leaving."
        )
        return
    for t in made.tests:
        useful = t.verdict == BETTER
        page.blank()
        page.line(bold(plain(t.name)), "  ", (good if useful else warn)(plain(t.verdict)))
        figures(page, t)
        if not useful and t.verdict != TOO_LITTLE:
            page.line(warn("So no such score was written."), indent=2)


def _deals(page: Page, records: tuple[Record, ...]) -> None:
    page.heading(f"The {len(records)} most valuable open records, as their reps see them")
    for r in records:
        score: Piece = bold(f"{r.score if r.score is not None else NOTHING:>2} {plain(r.grade)}")
        worth = money(r.expected_value, r.currency) if r.expected_value else NOTHING
        page.line(score, f"  {plain(r.name)}", dim("  worth "), worth, indent=2, hang=8)
        if r.reasons:
            page.line(dim(", ".join(reason(x) for x in r.reasons)), indent=8)
        if r.next_step:
            due = f", due {day(r.next_step_due)}" if r.next_step_due else ""
            page.line(good(f"next: {plain(r.next_step)}{due}"), indent=8)
            if r.next_step_reason:
                page.line(dim(f"because {plain(r.next_step_reason)}"), indent=8)
        elif r.next_step_reason:
            page.line(dim(f"no step: {plain(r.next_step_reason)}"), indent=8)


def _customers(page: Page, records: tuple[Record, ...]) -> None:
    page.heading(f"The {len(records)} most valuable customers, as their reps see them")
    heads = ("in 12 months", "tier", "segment", "risk", "customer", "recommended product")
    rows: list[tuple[Piece, ...]] = [tuple(dim(h) for h in heads)]
    rows += [
        (
            money(r.expected_value, r.currency) if r.expected_value else NOTHING,
            value("customer_tier", r.customer_tier),
            value("segment", r.segment),
            value("churn_risk", r.churn_risk),
            plain(r.name),
            plain(r.recommended_product),
        )
        for r in records
    ]
    page.table(rows, indent=2, right=(0, 3))
    why = next((r for r in records if r.recommended_product and r.recommended_product_why), None)
    if why is not None:
        page.line(
            "Why ",
            bold(plain(why.recommended_product)),
            f": {plain(why.recommended_product_why)}.",
            indent=2,
            hang=4,
        )
