"""Runs by the first letters of their ids, as Git has it of commits."""

import sqlalchemy as sa

from sales_consultant.config.errors import UsageError
from sales_consultant.sync.stores.state import State, runs

# An id begins with its day and second. To the minute it is told from almost any other, and stays so in later days.
LEAST = len("20261129-1100")
# How many candidates are named: a judgement, what one looks through at a glance.
_NAMED = 5
_LIST = "Next: sales-consultant runs list"


def named(state: State, given: str) -> str:
    """The id of the run that is meant by its first letters; UsageError where none or several begin so."""
    query = sa.select(runs.c.id).where(runs.c.id.startswith(given, autoescape=True)).order_by(runs.c.id)
    found = [str(r["id"]) for r in state.rows(query)] if given else []
    if given in found:
        return given
    if not found:
        raise UsageError(f'There is no run "{given}".', action=_LIST)
    if len(found) > 1:
        more = f" and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
        raise UsageError(
            f'{len(found):,} runs begin with "{given}": {", ".join(found[-_NAMED:])}{more}.',
            action="Give more letters of one of them.",
        )
    return found[0]


def short(state: State, run_id: str) -> str:
    """The first letters that tell a run from all others: to the minute, or longer."""
    before = sa.select(sa.func.max(runs.c.id).label("id")).where(runs.c.id < run_id)
    after = sa.select(sa.func.min(runs.c.id).label("id")).where(runs.c.id > run_id)
    # Of ids in their order none shares more first letters with this one than its neighbours do.
    beside = [str(r["id"]) for query in (before, after) for r in state.rows(query) if r["id"] is not None]
    for size in range(LEAST, len(run_id)):
        if not any(i.startswith(run_id[:size]) for i in beside):
            return run_id[:size]
    return run_id
