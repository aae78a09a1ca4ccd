"""Bringing the warehouse up to date, and proving that no row is missing."""

from sales_consultant.sync.pull.estimate import Estimated, estimate
from sales_consultant.sync.pull.pull import Begin, Counted, Pulled, choose, pull

__all__ = ["Begin", "Counted", "Estimated", "Pulled", "choose", "estimate", "pull"]
