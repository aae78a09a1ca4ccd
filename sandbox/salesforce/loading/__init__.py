"""Fills the Salesforce org from a data folder."""
