"""How good probabilities are: figures, calibration, and the report of a forward test."""
