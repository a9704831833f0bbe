"""Ingest: one input file to rows of the lake, committed whole or not at all."""
