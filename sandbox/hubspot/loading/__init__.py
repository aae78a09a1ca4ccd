"""Fills the HubSpot portal from a data folder."""
