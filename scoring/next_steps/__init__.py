"""The next step of a record: facts, the playbook's rules over them, and the one that is worth most."""

from sales_consultant.scoring.next_steps.evidence import Evidence, accepted_factor, from_past, from_random
from sales_consultant.scoring.next_steps.propose import COLUMNS, Options, Proposal, propose
from sales_consultant.scoring.next_steps.silence import Answer
from sales_consultant.scoring.next_steps.state import facts, zone_of
from sales_consultant.scoring.next_steps.step_ids import rule_of
from sales_consultant.scoring.next_steps.why_none import is_news
from sales_consultant.scoring.next_steps.working_days import country_code

__all__ = [
    "COLUMNS",
    "Answer",
    "Evidence",
    "Options",
    "Proposal",
    "accepted_factor",
    "country_code",
    "facts",
    "from_past",
    "from_random",
    "is_news",
    "propose",
    "rule_of",
    "zone_of",
]
