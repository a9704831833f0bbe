"""Files of publishers over HTTP: whole, resumable, conditional."""
