"""Writing a plan to the CRM, each change settled by the CRM's own answer."""

from sales_consultant.sync.push.drift_check import FRESH_MS, READ_EVERY, changed_since_pull, without_changed
from sales_consultant.sync.push.push import calls_for, push, recover
from sales_consultant.sync.push.write_order import by_company

__all__ = [
    "FRESH_MS",
    "READ_EVERY",
    "by_company",
    "calls_for",
    "changed_since_pull",
    "push",
    "recover",
    "without_changed",
]
