"""Stretches of a track that no ship can have made: circles, fake anchorages, replays, jumps.

Each detector has a module and says with its own numbers what it found; `stretches` runs them on the
periods in which tankers are followed. What a stretch means for calls is decided in
`sql/09_spoofing/`. A stretch is evidence that a place is false, never a verdict on a fix.
"""
