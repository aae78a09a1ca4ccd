"""What all of scoring stands on: errors for the person who must act, days and milliseconds, the neutral tables."""
