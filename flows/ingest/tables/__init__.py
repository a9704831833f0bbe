"""Tables and messages that are no CSV: Parquet, JSON lines and NMEA, as typed positions."""
