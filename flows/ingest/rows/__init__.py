"""From the text of a file to typed rows, and what is wrong with the others."""
