"""Customers: purchases, value in 12 months, churn, contracts, segments and clusters."""
