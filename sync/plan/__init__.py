"""What our fields should hold, what the CRM holds, and the plan that is the difference."""

from sales_consultant.sync.plan.control_group import salt
from sales_consultant.sync.plan.customer_facts import customer_facts
from sales_consultant.sync.plan.desired_values import Desired, Models
from sales_consultant.sync.plan.directory import DirectoryEntry
from sales_consultant.sync.plan.guards import guard, override
from sales_consultant.sync.plan.pilot import Ask, Narrowed, allowed, decide, described, left_behind, narrowing
from sales_consultant.sync.plan.plan import NEW_TASK, CurrentValues, Limits, Plan, make
from sales_consultant.sync.plan.returning import before_rollback, fields_on_hold, release
from sales_consultant.sync.plan.step_memory import EVIDENCE, evidence, keep_drawn, keep_feedback, steps_of
from sales_consultant.sync.plan.steps import Steps, countries_of, owned_products, playbook_path

__all__ = [
    "EVIDENCE",
    "NEW_TASK",
    "Ask",
    "CurrentValues",
    "Desired",
    "DirectoryEntry",
    "Limits",
    "Models",
    "Narrowed",
    "Plan",
    "Steps",
    "allowed",
    "before_rollback",
    "countries_of",
    "customer_facts",
    "decide",
    "described",
    "evidence",
    "fields_on_hold",
    "guard",
    "keep_drawn",
    "keep_feedback",
    "left_behind",
    "make",
    "narrowing",
    "override",
    "owned_products",
    "playbook_path",
    "release",
    "salt",
    "steps_of",
]
