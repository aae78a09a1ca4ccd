"""Whether the scores helped: groups drawn by lot, looked at every day."""
