"""What an admin does to an org: fields, permissions, lists, checks, and taking all of it away."""
