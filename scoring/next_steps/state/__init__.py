"""The state of records as of a time: one table of facts for conditions, texts and reasons."""

from sales_consultant.scoring.next_steps.state.days import calendar_day, day_of, zone_of
from sales_consultant.scoring.next_steps.state.facts import facts
from sales_consultant.scoring.next_steps.state.people import decides
from sales_consultant.scoring.next_steps.state.rows import Rows
from sales_consultant.scoring.next_steps.state.touches import by_machine

__all__ = ["Rows", "by_machine", "calendar_day", "day_of", "decides", "facts", "zone_of"]
