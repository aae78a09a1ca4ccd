"""From the neutral tables to a model of a population with its card."""
