"""Live streams, recorded into hourly files."""
