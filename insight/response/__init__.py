"""What more leads, marketing and quality bring."""

from sales_consultant.insight.response.campaigns import CAMPAIGN_COLUMNS, campaign_returns
from sales_consultant.insight.response.model import LEAST_MONTHS, Response, WhatIf, respond, what_if
from sales_consultant.insight.response.shapes import Shape, adstock

__all__ = [
    "CAMPAIGN_COLUMNS",
    "LEAST_MONTHS",
    "Response",
    "Shape",
    "WhatIf",
    "adstock",
    "campaign_returns",
    "respond",
    "what_if",
]
