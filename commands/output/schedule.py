"""What is scheduled: the next job first."""

from sales_consultant.commands.output.writing.page import Page, bold, command, dim
from sales_consultant.commands.output.writing.text import plain, words
from sales_consultant.config.clock import ms_of
from sales_consultant.sync.results.schedule import JobList, UpcomingList


def jobs(page: Page, found: JobList) -> None:
    """The soonest job, then a line a job."""
    if not found.jobs:
        page.line(
            "Nothing is scheduled. Next: ",
            command("init"),
            " writes a schedule into new settings, as [schedule.NAME].",
        )
        return
    coming = sorted((ms_of(j.next_at), j.name) for j in found.jobs if j.next_at is not None)
    if coming:
        at, name = coming[0]
        page.line(bold(f"Next job: {plain(name)}, {page.times.both(at)}."))
    page.line("Next: ", command("serve"), " runs them, as long as it is not stopped.")
    page.blank()
    page.table(
        [
            (
                bold(plain(j.name)),
                words(j.job),
                plain(j.connection),
                "never" if j.next_at is None else page.times.at(ms_of(j.next_at)),
                plain(j.when) + (f", {plain(j.window)}" if j.window else ""),
            )
            for j in sorted(found.jobs, key=lambda j: (j.next_at is None, j.next_at and ms_of(j.next_at)))
        ]
    )


def moments(page: Page, found: UpcomingList) -> None:
    """A line a moment, on the reader's clock; the schedule's own clock beside it where it is another one."""
    if not found.moments:
        page.line("Nothing is scheduled. Next: ", command("init"), " writes a schedule into new settings.")
        return
    rows = []
    for m in found.moments:
        mine = page.times.at(ms_of(m.at))
        theirs = (
            f"{m.at:%H:%M %Z}" if m.at.utcoffset() != m.at.astimezone(page.times.zone).utcoffset() else ""
        )
        rows.append(
            (mine, bold(plain(m.schedule)), words(m.job), dim(f"{theirs} in its own zone" if theirs else ""))
        )
    page.table(rows)
    page.blank()
    page.line(
        "Next: ", command("serve"), " runs them; ", command(f"schedule run-now {plain(found.moments[0].schedule)}"),
        " does not wait.", hang=6,
    )  # fmt: skip
