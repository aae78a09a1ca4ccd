"""The schedule, the service that runs it, and what watches the service."""

from sales_consultant.sync.service.endpoints import Endpoints
from sales_consultant.sync.service.monitor import Watching
from sales_consultant.sync.service.service import Service, jobs, refuse_closed, upcoming
from sales_consultant.sync.service.triggers import schedule_findings

__all__ = ["Endpoints", "Service", "Watching", "jobs", "refuse_closed", "schedule_findings", "upcoming"]
