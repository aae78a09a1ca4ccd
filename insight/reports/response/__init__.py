"""Section "response": what leads, marketing and lead quality go along with in booked revenue."""

from sales_consultant.insight.reports.response.section import MORE, CampaignRows, Quality, Series, section

__all__ = ["MORE", "CampaignRows", "Quality", "Series", "section"]
