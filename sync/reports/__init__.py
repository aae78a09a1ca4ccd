"""What is told of a connection, its runs, its records and its companies."""
