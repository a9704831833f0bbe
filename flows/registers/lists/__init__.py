"""Reading of lists of ships: entries, junk, text and CSV."""
