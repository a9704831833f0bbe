"""frictionless, which validates data packages, without what its import does to Python's csv reader.

Its reader of CSV lifts the limit on the length of a field for the whole process.
"""

import csv

_limit = csv.field_size_limit()

import frictionless  # noqa: E402
import frictionless.formats.csv.parser  # noqa: E402

csv.field_size_limit(_limit)

__all__ = ["frictionless"]
