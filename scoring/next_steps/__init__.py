"""The next step of a record: facts, the playbook's rules over them, and the one that is worth most."""

from sales_consultant.scoring.next_steps.evidence import (
    Evidence,
    accepted_factor,
    from_past,
    from_random,
    shares_in_force,
)
from sales_consultant.scoring.next_steps.propose import COLUMNS, Options, Proposal, propose
from sales_consultant.scoring.next_steps.silence import Answer
from sales_consultant.scoring.next_steps.state import facts, zone_of
from sales_consultant.scoring.next_steps.step_ids import rule_of
from sales_consultant.scoring.next_steps.why_none import is_news
from sales_consultant.scoring.next_steps.working_days import Calendar, calendar, country_code, working_day
from sales_consultant.scoring.next_steps.worth import of_shown

__all__ = [
    "COLUMNS",
    "Answer",
    "Calendar",
    "Evidence",
    "Options",
    "Proposal",
    "accepted_factor",
    "calendar",
    "country_code",
    "facts",
    "from_past",
    "from_random",
    "is_news",
    "of_shown",
    "propose",
    "rule_of",
    "shares_in_force",
    "working_day",
    "zone_of",
]
