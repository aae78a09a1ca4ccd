"""What the salespeople of the saas company are to book: a goal a fiscal quarter, a bit above what they sell."""

import calendar
from datetime import UTC, datetime

from sales_consultant.demo.company import Row
from sales_consultant.demo.saas.story import Story

GOALS = ("id", "owner_id", "kind", "amount", "currency", "start_at", "end_at")
_QUARTERS = 4
_DAY = 86400
_YEAR_DAYS = 365
# A judgement: a goal that asks for a tenth more than was sold, in whole thousands.
_MORE, _STEP = 1.1, 1000


def goal_rows(stories: list[Story], reps: list[str], clock: int) -> list[Row]:
    """Goals of every salesperson for the four quarters of the clock's year, each alike."""
    year = datetime.fromtimestamp(clock, UTC).year
    won = dict.fromkeys(reps, 0)
    for story in stories:
        deal = story.deal
        if deal and deal.closed is not None and deal.stages[-1][1] == "closed_won" and deal.amount:
            won[story.lead["owner_rep_id"]] += deal.amount
    first = min((story.created for story in stories), default=clock)
    quarters = max((clock - first) / _DAY / _YEAR_DAYS * _QUARTERS, 1.0)
    return [
        {
            "id": f"{rep}-{year}-q{quarter + 1}",
            "owner_id": rep,
            "kind": "revenue",
            "amount": -(-int(won[rep] / quarters * _MORE) // _STEP) * _STEP,
            "currency": "USD",
            "start_at": f"{year}-{3 * quarter + 1:02d}-01",
            "end_at": f"{year}-{3 * quarter + 3:02d}-{calendar.monthrange(year, 3 * quarter + 3)[1]}",
        }
        for rep in reps
        for quarter in range(_QUARTERS)
    ]
