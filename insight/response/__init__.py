"""What more leads, marketing and quality bring."""

from sales_consultant.insight.response.campaigns import CAMPAIGN_COLUMNS, campaign_returns
from sales_consultant.insight.response.model import LEAST_MONTHS, Response, WhatIf, respond, what_if
from sales_consultant.insight.response.shapes import Shape, adstock
from sales_consultant.insight.response.spend import spend_by_month
from sales_consultant.insight.response.spend_file import parse_spend, read_spend

__all__ = [
    "CAMPAIGN_COLUMNS",
    "LEAST_MONTHS",
    "Response",
    "Shape",
    "WhatIf",
    "adstock",
    "campaign_returns",
    "parse_spend",
    "read_spend",
    "respond",
    "spend_by_month",
    "what_if",
]
