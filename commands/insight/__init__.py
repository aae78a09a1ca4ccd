"""Commands of people who decide: reports, experiments, tables for a data scientist."""
