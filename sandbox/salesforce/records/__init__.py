"""Records of the org: values, writing, rules, and what time does to them."""

from sales_consultant.sandbox.salesforce.records.effects import FORECAST_LABEL, change, expected, snapshot
from sales_consultant.sandbox.salesforce.records.render import Getter, Shape, getter
from sales_consultant.sandbox.salesforce.records.writing import dumps

__all__ = ["FORECAST_LABEL", "Getter", "Shape", "change", "dumps", "expected", "getter", "snapshot"]
