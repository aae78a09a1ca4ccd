"""Experiments in a terminal: what one could show, and how it stands."""

from collections.abc import Mapping

from sales_consultant.commands.output.writing.page import Page, Piece, bold, command, dim, good, warn
from sales_consultant.commands.output.writing.text import count, listed, percent, plain
from sales_consultant.sync.insights.proof.results import Designed, Ended, Looked, Started

_ADVICE: Mapping[str, str] = {
    "draw_by_owner": (
        "Reps who have companies of both kinds may turn to those with scores; --by-owner draws whole owners instead, and "
        "needs more companies."
    ),
    "exclude_automation": (
        "Does automation of your own start from our fields? Name those companies in [proof] exclude_companies before the "
        "start: they are not drawn."
    ),
    "few_owners": (
        "So few owners measure nothing: the difference between two groups of them is that between the owners themselves. From 12 "
        "owners on they can be drawn."
    ),
    "small_control": "A control group below 10 % makes the test slow: most of its power comes from the smaller group.",
}


def design(page: Page, d: Designed) -> None:
    """In words: what would be seen, and how long it takes."""
    within = f"within {count(d.horizon_days, 'day')}"
    control = count(round(d.share * d.units), "company", "companies")
    page.line(
        bold(f"{count(d.units, 'company', 'companies')} {within}"),
        f", {control} of them ({percent(d.share)}) without scores. Of such companies {percent(d.base)} had the event of ",
        listed(plain(p) for p in d.populations),
        f" {within} before.",
    )
    if d.smallest is None:
        page.line(
            warn(
                "No effect could be seen: even if every company with scores had the event, it would look like chance."
            )
        )
    else:
        seen = d.base * (1 + d.smallest)
        page.line(
            "The smallest effect that would be seen (power 80 %): ",
            bold(f"{percent(d.smallest)} more"),
            f", {percent(seen)} instead of {percent(d.base)}. That is for a test that may be looked at every day; one look at "
            f"the end alone would see {percent(d.smallest_fixed or 0)}.",
        )
    page.heading("How long")
    rows: list[list[Piece]] = [[dim("effect"), dim("companies needed"), dim("seen after")]]
    rows += [
        [f"{percent(e)} more", f"{n:,}", f"{days:,} days" if days is not None else "not within three years"]
        for e, n, days in d.wanted
    ]
    page.table(rows, indent=2, right=(1,))
    if d.smallest is not None and "no_effect_seen" in d.advice:
        page.line(warn("None of these would be seen within three years."))
    if d.clustered:
        page.line(
            f"Owners are drawn: {count(d.owners, 'owner')}, and companies of one owner are alike by {d.icc:.3f} (intra-cluster "
            "correlation)."
        )
    for code in d.advice:
        # What is said above already has no line of its own.
        if code in _ADVICE:
            page.line(warn("! "), _ADVICE[code], hang=2)
    if d.excluded:
        page.line(f"Not drawn: {listed(plain(e) for e in d.excluded)}.")
    if d.correlation_days is None:
        page.line(
            dim(
                "How well scores foretell the event is not in this: too few were visible long enough. The test may be faster."
            )
        )
    else:
        page.line(
            dim(
                f"The score shown {count(d.correlation_days, 'day')} ago foretold the event since with a correlation of "
                f"{d.correlation:.2f}: that makes the test faster, and is in the figures."
            )
        )
    _next(page, d)


def _next(page: Page, d: Designed) -> None:
    """The start, or what to change where nothing would come of it."""
    again = f"experiment design --share {d.share:g}"
    if "few_owners" in d.advice:
        page.line("Do not start this one. Next: draw single companies, ", command(again))
        return
    if "no_effect_seen" not in d.advice:
        page.line(
            "Next: ", command(f"experiment start --share {d.share:g}{' --by-owner' if d.clustered else ''}")
        )
        return
    page.line(
        "Do not start this one. Next: wait until there are more companies, count events over more days (",
        command("experiment design --days N"),
        "), or ask for more populations. The nearer the share is to a half, the more is seen.",
    )


def started(page: Page, s: Started) -> None:
    """What happens next."""
    page.line(good("Announced: "), bold(s.id), ". Nothing was drawn or written yet.")
    page.line("Next: ", command("plan"), " draws the companies and shows what the control group loses.")
    page.line(command("sync"), " writes it.")
    page.line("Then: ", command("experiment status"), " on any day.")


def status(page: Page, s: Looked) -> None:
    """The finding first, then what it rests on."""
    page.line(bold(f"Experiment {s.id}"), dim("  ended" if s.ended_at is not None else "  goes on"))
    if not s.n_treated + s.n_control:
        page.line("No company was drawn yet. Next: ", command("plan"))
        return
    if s.ratio.mismatch:
        page.line(
            warn("The groups do not have the sizes that were drawn: "),
            f"{percent(s.ratio.found)} are in control where {percent(s.ratio.expected)} should be. Trust no figure below before "
            "that is explained.",
        )
    _finding(page, s)
    rows: list[list[Piece]] = [[dim(""), dim("companies"), dim("with the event so far"), dim("share")]]
    rows += [
        ["with scores", f"{s.n_treated:,}", f"{s.events_treated:,}", _share(s.share_treated)],
        ["without (control)", f"{s.n_control:,}", f"{s.events_control:,}", _share(s.share_control)],
    ]
    page.blank()
    page.table(rows, indent=2, right=(1, 2, 3))
    if s.excluded:
        page.line(f"{count(s.excluded, 'company', 'companies')} left out before the draw.", indent=2)
    if s.control_still_shown:
        page.line(
            warn("! "),
            f"{count(s.control_still_shown, 'record')} of the control group still show values. Next: ",
            command("sync"),
            hang=2,
        )
    page.line(
        dim(
            f"An event counts within {count(s.horizon_days, 'day')} of a company's draw. The p-value and the interval hold on "
            "every day at once (mixture sequential probability ratio test), adjusted by the score at the draw."
        )
    )


def _finding(page: Page, s: Looked) -> None:
    if s.effect is None or s.low is None or s.high is None:
        page.line("Too little has come to say anything: each group needs ten companies with the event.")
        return
    interval = f"{_points(s.effect)} ({_points(s.low)} to {_points(s.high)}), p = {s.p:.3f}"
    if s.alarm_day is None:
        page.line("No difference beyond chance so far: ", bold(interval), ".")
    elif s.effect > 0:
        page.line(good("The scores help: "), bold(interval), f"; seen since day {s.alarm_day + 1}.")
    else:
        page.line(
            warn("Companies with scores do worse: "), bold(interval), f"; seen since day {s.alarm_day + 1}."
        )


def _points(share: float) -> str:
    return f"{share * 100:+.1f} points"


def _share(share: float | None) -> str:
    return "" if share is None else percent(share)


def ended(page: Page, e: Ended) -> None:
    """What happens next."""
    page.line(
        good("Ended: "), bold(e.id), f". {count(e.released, 'company', 'companies')} will show scores again."
    )
    page.line("Next: ", command("sync"))
