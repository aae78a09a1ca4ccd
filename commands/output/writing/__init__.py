"""How anything is written for a terminal: safe text, numbers and times as people write them, pages, progress."""
