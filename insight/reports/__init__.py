"""Reports: sections of figures with their method, in the reader's language."""
