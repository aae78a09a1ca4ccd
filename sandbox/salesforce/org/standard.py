"""The standard objects by name, and how they belong together."""

from collections.abc import Mapping

from sales_consultant.sandbox.salesforce.org.sobject import Sobject
from sales_consultant.sandbox.salesforce.org.standard_sales import FORECASTS, SALES
from sales_consultant.sandbox.salesforce.org.standard_setup import DATED, PEOPLE, SETUP, TOOLING

OBJECTS: Mapping[str, Sobject] = {o.name: o for o in (*SALES, *PEOPLE, DATED, *FORECASTS, *SETUP, *TOOLING)}
# What an org has while its forecasts are on.
QUOTAS = ("ForecastingQuota", "ForecastingType")
BY_LOWER: Mapping[str, str] = {n.lower(): n for n in OBJECTS}
# Tasks and events share one set of custom fields.
ACTIVITIES = ("Task", "Event")
CUSTOMIZABLE = (
    "Account", "Contact", "Lead", "Opportunity", "Task", "Event", "Product2", "OpportunityLineItem", "Campaign",
    "CampaignMember", "User", "OpportunityContactRole",
)  # fmt: skip
HISTORY_OF = {
    "Account": "AccountHistory",
    "Contact": "ContactHistory",
    "Lead": "LeadHistory",
    "Opportunity": "OpportunityFieldHistory",
}
