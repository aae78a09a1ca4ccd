"""Charts as SVG and PNG, each with the table of its numbers."""
