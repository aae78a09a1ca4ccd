"""Taking the tasks that we made away: those that nobody touched; the rest is listed, and stays known as ours."""

from collections.abc import Iterable

from sales_consultant.config.errors import AccessError
from sales_consultant.connectors.base import ProvisionStep
from sales_consultant.sync.runtime import Workspace
from sales_consultant.sync.tasks import known, to_remove
from sales_consultant.sync.tasks import remove as remove_tasks

KIND = "task"


def remove(ws: Workspace, *, dry: bool) -> list[ProvisionStep]:
    """A step for each task, by our id, and those for the field that holds the id; none where no task was ever made."""
    book = ws.connector.tasks
    if book is None:
        return []
    steps: list[ProvisionStep] = []
    if known(ws.state):
        try:
            away, left = to_remove(ws.state, book)
        except AccessError as e:
            return [ProvisionStep(KIND, "", "", "refused", e.message)]
        states = {t.id: ("would remove" if dry else "removed", "") for t in away}
        if not dry:
            for task, outcome in remove_tasks(book, away):
                if outcome.state != "done":
                    states[task.id] = ("refused", outcome.message)
        steps += [
            ProvisionStep(KIND, str(t.about), t.id, states[t.id][0], states[t.id][1] or f"task {t.crm_id}")  # type: ignore[arg-type]  # literals, told above
            for t in away
        ]
        steps += [
            ProvisionStep(KIND, str(t.about), t.id, "left", f"task {t.crm_id}: {why}") for t, why in left
        ]
    return steps + book.remove(dry=dry, keep=any_left(steps))


def any_left(steps: Iterable[ProvisionStep]) -> bool:
    """Whether tasks of ours stay, as these steps of taking them away tell."""
    return any(s.kind == KIND and s.state in ("left", "refused") for s in steps)
