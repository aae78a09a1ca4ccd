"""The state's file, its backups, and a stretch of the past."""

from pathlib import Path

from sales_consultant.commands.output.writing.page import Page, bad, bold, command, dim, good, warn
from sales_consultant.commands.output.writing.text import count, counted, listed, plain
from sales_consultant.commands.output.writing.times import Times
from sales_consultant.config.clock import from_iso
from sales_consultant.sync.results.state import (
    Backfilled,
    BackupMade,
    Copy,
    JournalExported,
    Restored,
    StateChecked,
)

_MB = 1_000_000


def backed_up(page: Page, found: BackupMade) -> None:
    """Where the copy is."""
    page.line(
        good(f"Copied the state to {plain(found.file)}"),
        f" ({found.bytes / _MB:,.1f} MB, {count(found.runs, 'run')}).",
    )
    if found.removed:
        page.line(dim(f"Removed {count(len(found.removed), 'older copy', 'older copies')}."))


def restored(page: Page, found: Restored) -> None:
    """What to do next; where the state before is."""
    page.line(good(f"{plain(found.restored)} is the state now"), f", with {count(found.runs, 'run')}.")
    page.line(
        "Next: ",
        command("sync --yes"),
        " reads everything, takes what the CRM holds as written, then goes on.",
    )
    page.line("What was rolled back or put on hold after the backup is not known here.")
    if found.in_flight:
        page.line(
            warn(f"{count(found.in_flight, 'value')} were in flight when it was made: the sync asks the CRM.")
        )
    if found.kept:
        page.line(f"The state before is kept as {plain(found.kept)}.")


def checked(page: Page, found: StateChecked) -> None:
    """Whether the file is sound, and its copies."""
    if found.problems:
        page.line(bad("The state's file is damaged:"))
        for p in found.problems:
            page.line("- ", plain(p), indent=2, hang=4)
        page.line("Next: ", command("state restore FILE"), " puts a copy in its place.")
    else:
        who = f" of {plain(' '.join(found.identity))}" if found.identity else ""
        page.line(good(f"The state{who} is sound"), f": format {found.version}, {count(found.runs, 'run')}.")
        if found.unsettled:
            page.line(warn(f"{count(found.unsettled, 'value')} not settled"), ": the next sync asks the CRM.")
        if not found.backups:
            page.line("Next: ", command("state backup"), " makes a copy; there is none yet.")
    if found.backups:
        page.heading("Backups, newest first")
        page.table(
            [(plain(Path(b.file).name), _made(page.times, b), _copy(b)) for b in found.backups], indent=2
        )
        folders = dict.fromkeys(str(Path(b.file).parent) for b in found.backups)
        page.line(dim(f"in {listed(plain(f) for f in folders)}"), indent=2)


def _made(times: Times, b: Copy) -> str:
    return times.both(from_iso(b.made))


def _copy(b: Copy) -> str:
    return f"damaged: {listed(plain(p) for p in b.problems)}" if b.problems else count(b.runs, "run")


def exported(page: Page, found: JournalExported) -> None:
    """Where the file is."""
    page.line(good(f"Wrote {count(found.changes, 'change')} to {plain(found.file)}."))


def backfilled(page: Page, found: Backfilled) -> None:
    """What was read, and what had been read before."""
    rows = sum(found.rows.values())
    page.line(bold(f"Read {count(rows, 'row')} of the past." if rows else "There was nothing to read."))
    if told := counted(found.rows):
        page.line(told, indent=2)
    if found.finished_before:
        page.line(
            f"Read before, and not again: {listed(plain(s) for s in found.finished_before)} (", command("backfill --again"),
            " starts over).", hang=2,
        )  # fmt: skip
    page.line("Next: ", command("train"), " learns from it.")
