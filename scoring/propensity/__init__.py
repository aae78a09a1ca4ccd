"""The propensity model of a population, its points, and the reasons that add up to a score."""

from sales_consultant.scoring.propensity.competing import TablesBeside, fit_competing_risks
from sales_consultant.scoring.propensity.model import PopulationModel
from sales_consultant.scoring.propensity.points import BASE, GRADES, HIGH, LOW, grade, grade_edges, split
from sales_consultant.scoring.propensity.propensity import LARGEST_MARGIN, PropensityModel, Suspects
from sales_consultant.scoring.propensity.reasons import ELSE, Reason, reasons, shown
from sales_consultant.scoring.propensity.rules import RuleModel
from sales_consultant.scoring.propensity.tiers import MIN_BOOSTED, MIN_FULL, MIN_SHRUNK, Tier, tier_of
from sales_consultant.scoring.propensity.translated import in_language
from sales_consultant.scoring.propensity.wording import band, clean, length, say, since

__all__ = [
    "BASE",
    "ELSE",
    "GRADES",
    "HIGH",
    "LARGEST_MARGIN",
    "LOW",
    "MIN_BOOSTED",
    "MIN_FULL",
    "MIN_SHRUNK",
    "PopulationModel",
    "PropensityModel",
    "Reason",
    "RuleModel",
    "Suspects",
    "TablesBeside",
    "Tier",
    "band",
    "clean",
    "fit_competing_risks",
    "grade",
    "grade_edges",
    "in_language",
    "length",
    "reasons",
    "say",
    "shown",
    "since",
    "split",
    "tier_of",
]
