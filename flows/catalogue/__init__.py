"""The catalogue `barometer.duckdb`: its relations, built, read and checked."""
