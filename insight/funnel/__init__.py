"""Where deals are lost, how long they take, and what made the pipeline of one date into that of another."""

from sales_consultant.insight.funnel.bottlenecks import (
    LEAST,
    PAST,
    PEERS,
    bottlenecks,
    same_stage,
    what_won_deals_did,
)
from sales_consultant.insight.funnel.cycle import Coverage, Cycle, coverage, cycle, cycles, journey
from sales_consultant.insight.funnel.endings import ALL, endings, groups, period_labels
from sales_consultant.insight.funnel.intervals import (
    Estimate,
    benjamini_hochberg,
    holm,
    mean,
    median,
    share,
    share_difference,
    wilson,
)
from sales_consultant.insight.funnel.losses import (
    NO_REASON,
    Handovers,
    handovers,
    loss_reasons,
    owner_changes,
    pushed,
)
from sales_consultant.insight.funnel.stages import (
    CAUSES,
    STAY_COLUMNS,
    Funnel,
    funnel,
    incidence,
    skips,
    stays,
    time_in_stage,
)
from sales_consultant.insight.funnel.survival import (
    Curve,
    RiskTable,
    aalen_johansen,
    kaplan_meier,
    log_rank,
    quantile,
    risk_table,
)
from sales_consultant.insight.funnel.waterfall import BUCKETS, Waterfall, waterfall, waterfalls

__all__ = [
    "ALL", "BUCKETS", "CAUSES", "LEAST", "NO_REASON", "PAST", "PEERS", "STAY_COLUMNS", "Coverage", "Curve", "Cycle", "Estimate",
    "Funnel", "Handovers", "RiskTable", "Waterfall", "aalen_johansen", "benjamini_hochberg", "bottlenecks", "coverage",
    "cycle", "cycles", "endings", "funnel", "groups", "handovers", "holm", "incidence", "journey", "kaplan_meier", "log_rank",
    "loss_reasons", "mean", "median", "owner_changes", "period_labels", "pushed", "quantile", "risk_table", "same_stage",
    "share", "share_difference", "skips", "stays", "time_in_stage", "waterfall", "waterfalls", "what_won_deals_did", "wilson",
]  # fmt: skip
