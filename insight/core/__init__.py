"""What all rooms of insight share: deals in time, money, periods."""

from sales_consultant.insight.core.deals import (
    DEAL_COLUMNS,
    HISTORY_COLUMNS,
    LOST,
    OPEN,
    STAGE_COLUMNS,
    UNKNOWN,
    WON,
    DealTables,
    among,
    as_known,
    latest,
    stage_kinds,
    states,
    visits,
)
from sales_consultant.insight.core.money import Rates
from sales_consultant.insight.core.periods import KINDS, Calendar, Kind, Period
from sales_consultant.insight.core.sieve import sieve

__all__ = [
    "DEAL_COLUMNS",
    "HISTORY_COLUMNS",
    "KINDS",
    "LOST",
    "OPEN",
    "STAGE_COLUMNS",
    "UNKNOWN",
    "WON",
    "Calendar",
    "DealTables",
    "Kind",
    "Period",
    "Rates",
    "among",
    "as_known",
    "latest",
    "sieve",
    "stage_kinds",
    "states",
    "visits",
]
