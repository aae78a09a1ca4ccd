"""What reports, experiments and exports show in a terminal."""
