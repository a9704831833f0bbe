"""Why a row is refused, in the words of the relation `reject`."""

from __future__ import annotations

MAX_LINE_BYTES = 128 << 10
"""A longer line is not AIS; it is rejected without being held in memory. The csv module takes no
longer field, so up to here both ways of parsing see the same."""

BAD_FIELDS = "wrong number of fields"
BAD_RECORD = "not a CSV record"
BAD_OBJECT = "not a JSON object"
BAD_SENTENCE = "not an AIS sentence of NMEA with its checksum"
BAD_CHECKSUM = "NMEA checksum wrong"
NO_CLOCK = "no time: neither c: in a tag block nor a field before or after the sentence"
NO_REST = "a part of a message whose other parts are missing"
BAD_MESSAGE = "AIS message too short or unreadable"
OTHER_MESSAGE = "AIS message of a kind without a ship's position or static data"
LONG_LINE = f"line longer than {MAX_LINE_BYTES >> 10} KiB"
BAD_MMSI = "mmsi is not a ship's"
NO_MMSI = "mmsi missing or unreadable"
BAD_TIME = "time missing or unreadable"
OLD_TIME = "time before AIS"
FUTURE_TIME = "time in the future"
FAR_TIME = "time far outside the file's span"
NO_POSITION = "position not available"
NO_NUMBERS = "position unreadable"
BAD_POSITION = "position not on Earth"
