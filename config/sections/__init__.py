"""The sections of the settings."""

from sales_consultant.config.sections.connection import Connection
from sales_consultant.config.sections.reports import Delivery, Mail, Reports
from sales_consultant.config.sections.running import Company, Proof, Pulling, Retention, Service
from sales_consultant.config.sections.steps import NextSteps, Tasks, Text, ValueSettings
from sales_consultant.config.sections.writing import Guards, Write

__all__ = [
    "Company",
    "Connection",
    "Delivery",
    "Guards",
    "Mail",
    "NextSteps",
    "Proof",
    "Pulling",
    "Reports",
    "Retention",
    "Service",
    "Tasks",
    "Text",
    "ValueSettings",
    "Write",
]
