"""What takes something back."""

from sales_consultant.commands.output import plan as plans
from sales_consultant.commands.output.run import conflicts
from sales_consultant.commands.output.writing import tasks
from sales_consultant.commands.output.writing.page import Page, bold, command, good, warn
from sales_consultant.commands.output.writing.text import count, counted, listed, plain
from sales_consultant.commands.output.writing.values import is_shown, label
from sales_consultant.sync.use_cases.undone import Forgotten, Resumed, Retried, UndoPlan


def planned(page: Page, found: UndoPlan) -> None:
    """What a rollback would restore, and what it would leave."""
    entries = found.plan.entries
    if not entries and not found.plan.tasks:
        page.line(bold("Nothing to restore."))
    else:
        values = sum(len(e.fields) for e in entries)
        page.line(
            bold(f"{count(len(entries), 'record')} would be restored"),
            f": {count(values, 'value')}, {tasks.taken_back(found.plan)}{count(found.plan.calls, 'API call')}.",
        )
        page.line("Next: the same with --yes instead of --dry-run restores it, and puts the fields on hold.")
    if found.conflicts:
        conflicts(page, found.conflicts)
    if entries:
        page.blank()
        plans.entries(page, found.plan)
    tasks.listed_lines(page, found.plan, plans.SHOWN)


def resumed(page: Page, found: Resumed) -> None:
    """Which fields are written again."""
    if not found.lifted:
        page.line("No field was on hold.")
        return
    page.line(
        good(f"The next sync writes again: {listed(label(f) for f in found.lifted if is_shown(f))}."), hang=2
    )
    page.line("Next: ", command("plan"), " shows what.")


def retried(page: Page, found: Retried) -> None:
    """What the next sync tries again, and what was restored here."""
    if not found.dead_letters and not found.rollbacks:
        page.line("The CRM has refused nothing: there is nothing to try again.")
        return
    if found.dead_letters:
        page.line(bold(f"{count(found.dead_letters, 'refused record')} due again."))
        page.line("Next: ", command("sync"), " sends them.")
    if found.rollbacks:
        page.line(f"Restored {count(found.restored, 'record')} that an earlier rollback could not.")
        if found.refused_again:
            page.line(
                warn(f"{count(found.refused_again, 'record')} refused again."),
                " Next: ",
                command("runs list"),
                " says by which run.",
            )
    if found.conflicts:
        conflicts(page, found.conflicts)


def forgotten(page: Page, found: Forgotten) -> None:
    """What was erased, and where the person still is."""
    page.line(good(f"Erased {found.object}/{plain(found.id)}."))
    if found.in_crm:
        page.line(
            warn("Next: delete the record in the CRM"),
            ", or set it to be left alone: the next pull reads it again.",
        )
    if found.backups:
        page.line(
            warn(f"{count(len(found.backups), 'backup')} may still hold it"),
            "; delete them, or wait until they go:",
        )
        for b in found.backups:
            page.line(plain(b), indent=2)
    if found.merged_with:
        page.line(f"With it went what was merged: {listed([plain(m) for m in found.merged_with], 10)}.")
    rows = counted({k: v for k, v in found.erased.items() if isinstance(v, int)})
    if rows:
        page.line(f"Erased here: {rows}.", hang=2)
    files = found.erased.get("plan_files") or ()
    if files:
        page.line(f"Taken out of saved plans: {listed(plain(f) for f in files)}.", hang=2)
    page.line(
        "A rollback cannot restore it."
        + ("" if found.in_crm else " It is gone from the CRM too; a later pull does not bring it back.")
    )
