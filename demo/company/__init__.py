"""What both demo companies share: invented names, tables, a cache on disk."""
