"""Additive models: encoding of columns, the linear and the boosted form, competing outcomes, cross-validation."""
