"""What a user of the org may see and change."""
