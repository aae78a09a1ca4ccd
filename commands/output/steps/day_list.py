"""A rep's day as a list."""

from sales_consultant.commands.output.writing.page import Page, Piece, bold, command, dim, good, warn
from sales_consultant.commands.output.writing.text import NOTHING, count, plain
from sales_consultant.commands.output.writing.values import day
from sales_consultant.sync.results.day_list import DayList

_PRIORITY: dict[str, Piece] = {"high": warn("high  "), "medium": "medium", "low": dim("low   ")}
# A judgement: what a person reads in a morning; --csv and --json have all.
_SHOWN = 25


def show(page: Page, found: DayList) -> None:
    """The steps, most important first; below each why; then, where asked for, the records without one."""
    if found.owner:
        page.line(bold(plain(found.owner)))
    if not found.steps:
        page.line("The CRM shows no next step here. Next: ", command("sync"), " gives steps.")
    for s in found.steps[:_SHOWN]:
        whom = f"{plain(s.name or s.record_id)}{f', {plain(s.company)}' if s.company and s.company != s.name else ''}"
        head: list[Piece] = [
            f"{day(s.due) if s.due else NOTHING:<12}",
            _PRIORITY.get(s.priority, " " * 6),
            "  ",
            bold(plain(s.step)),
        ]
        page.line(*head, hang=14)
        owner = "" if found.owner or not s.owner else f"  {plain(s.owner)}"
        page.line(f"{whom}", dim(f"  {plain(s.reason)}{owner}"), indent=14, hang=14)
    if len(found.steps) > _SHOWN:
        page.line(
            dim(f"and {count(len(found.steps) - _SHOWN, 'step')} more; --csv FILE and --json have all.")
        )
    if found.without is not None:
        page.heading(f"Without a step: {count(len(found.without), 'record')}")
        rows = [
            (w.grade or "", plain(w.name or w.record_id), plain(w.why), dim(plain(w.owner)))
            for w in found.without[:_SHOWN]
        ]
        page.table(rows, indent=2)
        if len(found.without) > _SHOWN:
            page.line(dim(f"and {count(len(found.without) - _SHOWN, 'record')} more; --json has all."))
    for file in found.files:
        page.line(good(f"Wrote {plain(file)}."))
