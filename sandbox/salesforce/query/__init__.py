"""The endpoints that answer queries and searches."""
