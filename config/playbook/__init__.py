"""The playbook: rules for the next step, read from TOML and checked before anything uses them."""

from sales_consultant.config.playbook.conditions_table import Conditions
from sales_consultant.config.playbook.loading import DELIVERED, PlaybookError, load, parse, read_text
from sales_consultant.config.playbook.names import BY_NAME, INTENTS, NAMES, OBJECTS, Name, StepObject
from sales_consultant.config.playbook.rules import (
    PLANNED_WORDS,
    PREPARE,
    WORDS,
    Channel,
    Draft,
    Language,
    Planned,
    PlannedTexts,
    Playbook,
    Rule,
    Texts,
)

__all__ = [
    "BY_NAME",
    "DELIVERED",
    "INTENTS",
    "NAMES",
    "OBJECTS",
    "PLANNED_WORDS",
    "PREPARE",
    "WORDS",
    "Channel",
    "Conditions",
    "Draft",
    "Language",
    "Name",
    "Planned",
    "PlannedTexts",
    "Playbook",
    "PlaybookError",
    "Rule",
    "StepObject",
    "Texts",
    "load",
    "parse",
    "read_text",
]
