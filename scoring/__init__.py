"""Scores, reasons, values, segments and next steps: tables and frames in, frames out.

This room knows no CRM and no journal. Functions take an engine that holds the neutral tables and an as-of
time in milliseconds. Each room in it says in its own docstring what it offers.
"""
