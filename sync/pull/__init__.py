"""Bringing the warehouse up to date, and proving that no row is missing."""
