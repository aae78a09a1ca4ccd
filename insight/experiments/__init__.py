"""Whether the scores helped: groups drawn by lot, looked at every day."""

from sales_consultant.insight.experiments.attention import (
    Attention,
    BeforeAfter,
    attention,
    before_after,
    spill_over,
)
from sales_consultant.insight.experiments.checks import Ratio, balance, holm, sample_ratio
from sales_consultant.insight.experiments.cuped import Difference, difference
from sales_consultant.insight.experiments.design import (
    Design,
    Inflow,
    Setting,
    days_until,
    minimum_effect,
    units_needed,
)
from sales_consultant.insight.experiments.draw import CONTROL, EXCLUDED, TREATED, assign, draw
from sales_consultant.insight.experiments.drawn_steps import STEP_COLUMNS, against_model, step_effects
from sales_consultant.insight.experiments.effect import (
    Effect,
    Return,
    cycle_time,
    ratio_uplift,
    revenue_uplift,
    roi,
    uplift,
    winsorised,
)
from sales_consultant.insight.experiments.satisfaction import csat, nps, wilson
from sales_consultant.insight.experiments.sequential import (
    LOOK_COLUMNS,
    Plan,
    first_alarm,
    looks,
    plan_of,
    planned_clock,
)
from sales_consultant.insight.experiments.trial import Trial, outcomes, trial

__all__ = [
    "CONTROL",
    "EXCLUDED",
    "LOOK_COLUMNS",
    "STEP_COLUMNS",
    "TREATED",
    "Attention",
    "BeforeAfter",
    "Design",
    "Difference",
    "Effect",
    "Inflow",
    "Plan",
    "Ratio",
    "Return",
    "Setting",
    "Trial",
    "against_model",
    "assign",
    "attention",
    "balance",
    "before_after",
    "csat",
    "cycle_time",
    "days_until",
    "difference",
    "draw",
    "first_alarm",
    "holm",
    "looks",
    "minimum_effect",
    "nps",
    "outcomes",
    "plan_of",
    "planned_clock",
    "ratio_uplift",
    "revenue_uplift",
    "roi",
    "sample_ratio",
    "spill_over",
    "step_effects",
    "trial",
    "units_needed",
    "uplift",
    "wilson",
    "winsorised",
]
