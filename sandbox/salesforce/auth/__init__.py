"""Ways to sign in to the org."""
