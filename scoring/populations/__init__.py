"""Who is in a population at a cut-off, since when, and with which label."""
