"""Features as of a cut-off: declared as data, compiled to the engine, built into one table."""
