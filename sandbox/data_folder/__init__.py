"""Reads a folder of tables strictly: what is broken is named by line and column."""
