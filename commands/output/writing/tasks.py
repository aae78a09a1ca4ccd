"""Tasks: what a plan does to them, and what a run did."""

from collections.abc import Mapping

from sales_consultant.commands.output.writing.page import Page, Piece, bad, bold, dim, good, warn
from sales_consultant.commands.output.writing.text import count, listed, plain, sentence
from sales_consultant.commands.output.writing.values import day
from sales_consultant.connectors.base import DUE, SUBJECT
from sales_consultant.sync.journal import Entry
from sales_consultant.sync.plan import NEW_TASK, Plan
from sales_consultant.sync.results.run_counts import RunCounts


def rows(c: RunCounts) -> list[tuple[Piece, Piece]]:
    """What a run did to tasks, as lines of its table."""
    found: list[tuple[Piece, Piece]] = []
    if c.tasks:
        found.append(("Tasks", _by(c.tasks)))
    if c.tasks_left_alone:
        found.append(("Without a task", _by(c.tasks_left_alone)))
    if c.tasks_not_written:
        found.append(("Tasks not written", f"{sentence(c.tasks_not_written)} Next steps are fields only."))
    return found


def taken_back(plan: Plan) -> str:
    """How many tasks a rollback takes back, within a list; empty for none."""
    return f"{count(len(plan.tasks), 'task')} taken back, " if plan.tasks else ""


def _by(counts: Mapping[str, int]) -> str:
    return listed(f"{_words(k)}: {n:,}" for k, n in counts.items())


def _words(why: str) -> str:
    return "taken back" if why == "rollback" else plain(why)


def listed_lines(page: Page, plan: Plan, limit: int) -> None:
    """The lines of a plan about tasks: how many, then some of each kind."""
    if not plan.tasks:
        return
    page.heading(f"Tasks: {_by(plan.by_task())}")
    shown = Plan(plan.as_of, plan.identity, plan.tasks).sample(limit)
    for e in shown:
        page.items([_first(e, plan)], hang=4)
    if len(plan.tasks) > len(shown):
        page.line(dim(f"and {count(len(plan.tasks) - len(shown), 'more task')}"))


def _first(e: Entry, plan: Plan) -> list[Piece]:
    values = {k: new for k, _, new in e.fields}
    mark = good("+") if e.why == NEW_TASK else bad("-") if e.why == "rollback" else warn("~")
    record = plan.task_records.get(e.record_id)
    about = f" {plain(str(record))}" if record else ""
    pieces: list[Piece] = [mark, f"{about}  " if about else " ", bold(plain(e.name))]
    told = [_words(e.why)] if e.why != NEW_TASK else []
    told += [plain(values[SUBJECT])] if values.get(SUBJECT) else []
    told += [f"due {day(str(values[DUE]))}"] if values.get(DUE) else []
    return [*pieces, f": {', '.join(told)}"] if told else pieces
