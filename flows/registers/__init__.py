"""Registers: the lists that link a hull to Russia.

`store` keeps every imported version in the home, `bundled` reads those that come with Barometer,
`decisions` the decisions of a person. `publishers/` reads the publishers' own formats, `lists/` has
what they share.
"""
