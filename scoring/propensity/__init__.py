"""The propensity model of a population, its points, and the reasons that add up to a score."""
