"""The journal of every change, and when people saw a score."""
