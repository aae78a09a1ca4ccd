"""What the data allow before a training, and models looked at in other ways than by their forward test."""

from sales_consultant.commands.output.writing.page import Page, Piece, bold, command, dim, good, warn
from sales_consultant.commands.output.writing.text import (
    GLUE,
    count,
    money,
    percent,
    plain,
    sentence,
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


# What a training will make of so many records, by tier.
_EXPECTED = {
    "rules": "too few for a model: plain rules give the grade",
    "shrunk": "few records: a simple model, held back",
    "full": "enough for a full model",
    "boosted": "enough for boosted tables, where they win their test",
}


def _ready(page: Page, p: PopulationReady) -> None:
    expected = p.borrows or _EXPECTED.get(p.tier, p.tier)
    page.line(bold(plain(p.population)), f"  {plain(expected)}", hang=2)
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
    for name in dict.fromkeys(r.population for r in found.rows):
        page.heading(plain(name))
        mine = [r for r in found.rows if r.population == name]
        page.table(
            [(dim("model"), dim("AUC"), dim("log-loss"), dim("fitted in"))]
            + [
                (
                    good(f"{plain(r.model)}, in force") if r.in_force else plain(r.model),
                    f"{r.auc:.3f}",
                    f"{r.log_loss:.3f}",
                    f"{r.seconds:.1f}{GLUE}s",
                )
                for r in mine
            ],
            indent=2,
            right=(1, 2),
        )


def clusters(page: Page, found: Clusters) -> None:
    """Whether customers may be named by the clusters, a line a cluster in words, and why these were chosen."""
    if found.customers is not None:
        page.line(f"{count(found.customers, 'customer is', 'customers are')} too few to cluster.")
        return
    total = sum(p.customers for p in found.profiles)
    page.line(
        bold(f"{count(len(found.profiles), 'cluster')} of {count(total, 'customer')}"),
        f", found by {plain(found.method)}: {plain(found.verdict)}.",
    )
    page.line(
        "Next: ", command("models show segments"), " shows the named segments, which are the default; the field of clusters "
        'is written with [write] set = "all".', hang=6,
    )  # fmt: skip
    for p in sorted(found.profiles, key=lambda p: -p.customers):
        page.blank()
        share = percent(p.customers / total)
        page.line(bold(f"{p.cluster}"), f"  {plain(p.who)}: {count(p.customers, 'customer')}, {share} of all",
                  indent=2, hang=5)  # fmt: skip
        page.line(
            f"the middle one of them bought {_times(p.purchases)} for {money(p.total, found.currency)} in all, "
            f"{money(p.monetary, found.currency)} a purchase; last {_days(p.since_days)} ago, first "
            f"{_days(p.T_days)} ago", indent=5,
        )  # fmt: skip
    _choice(page, found)


def _times(purchases: float) -> str:
    return "once" if purchases == 1 else f"{purchases:g}{GLUE}times"


def _days(days: float) -> str:
    return count(round(days), "day")


def _choice(page: Page, found: Clusters) -> None:
    """Why this method and number: what counts, then each candidate by it."""
    if not found.candidates:
        return
    page.heading("Why these")
    page.line(
        "What comes out the same on other draws of the customers comes first, then that everybody has a cluster, then how "
        "far apart the clusters lie.", indent=2,
    )  # fmt: skip
    best = found.chosen
    rows: list[tuple[Piece, ...]] = [
        (dim("method"), dim("clusters"), dim("draws agree"), dim("apart"), dim("without a cluster"))
    ]
    rows += [
        (
            good(f"{plain(c.method)}, chosen") if c is best else plain(c.method),
            f"{c.k}",
            f"{c.stability:.2f}",
            f"{c.silhouette:.2f}",
            percent(c.noise) if c.noise else "nobody",
        )
        for c in found.candidates
    ]
    page.table(rows, indent=2, right=(1, 2, 3))
    page.line(
        dim("draws agree: 1 is wholly, 0 no more than by chance; apart: 1 is far, 0 not at all"), indent=2
    )


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
                page.line(f"{b.records} records: promised {b.promised}, happened {b.happened}", indent=2)
