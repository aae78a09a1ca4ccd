"""What an admin does to a portal: our properties made, shown, checked and taken away."""
