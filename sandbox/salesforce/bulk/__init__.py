"""Bulk API 2.0: jobs that write and jobs that query."""
