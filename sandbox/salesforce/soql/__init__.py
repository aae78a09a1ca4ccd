"""SOQL: its grammar, and its conditions as SQL."""
