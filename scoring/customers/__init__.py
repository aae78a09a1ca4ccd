"""Customers: purchases, value in 12 months, churn, contracts, segments and clusters."""

from sales_consultant.scoring.customers.cluster_model import ClusterModel
from sales_consultant.scoring.customers.clusters import find
from sales_consultant.scoring.customers.contracts import ContractFields
from sales_consultant.scoring.customers.customer_of import customers_of, key_of, record_of
from sales_consultant.scoring.customers.purchases import not_valued, purchases, summary
from sales_consultant.scoring.customers.renewals import ShiftedBetaGeometric
from sales_consultant.scoring.customers.segments import SegmentModel
from sales_consultant.scoring.customers.value import ValueModel, arrays, modelled

__all__ = [
    "ClusterModel",
    "ContractFields",
    "SegmentModel",
    "ShiftedBetaGeometric",
    "ValueModel",
    "arrays",
    "customers_of",
    "find",
    "key_of",
    "modelled",
    "not_valued",
    "purchases",
    "record_of",
    "summary",
]
