"""Where deals go: stages passed, time in them, bottlenecks, the pipeline from one date to another, losses."""
