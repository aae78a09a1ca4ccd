"""What will be closed: from the deals, from the series, and how sure that is."""
