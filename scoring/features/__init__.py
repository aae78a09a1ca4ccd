"""Features as of a cut-off: declared as data, compiled to the engine, built into one table."""

from sales_consultant.scoring.features.build import OWN_SCORES, build, build_table, with_contacts
from sales_consultant.scoring.features.catalogue import THEMES, meanings, standard
from sales_consultant.scoring.features.cleaning import FeatureTable
from sales_consultant.scoring.features.compile import deal_state
from sales_consultant.scoring.features.coverage import owners_are_dated
from sales_consultant.scoring.features.crm_fields import OWNERS, family, without_history
from sales_consultant.scoring.features.declarations import Entity, Feature, Group, Words, group_from_dict
from sales_consultant.scoring.features.field_names import doubted, known_leaker
from sales_consultant.scoring.features.field_snapshots import snapshots_of, unchanged_since
from sales_consultant.scoring.features.process_names import process_measure
from sales_consultant.scoring.features.sources import SINGULAR, activities, deal_contacts, has_written

__all__ = [
    "OWNERS",
    "OWN_SCORES",
    "SINGULAR",
    "THEMES",
    "Entity",
    "Feature",
    "FeatureTable",
    "Group",
    "Words",
    "activities",
    "build",
    "build_table",
    "deal_contacts",
    "deal_state",
    "doubted",
    "family",
    "group_from_dict",
    "has_written",
    "known_leaker",
    "meanings",
    "owners_are_dated",
    "process_measure",
    "snapshots_of",
    "standard",
    "unchanged_since",
    "with_contacts",
    "without_history",
]
