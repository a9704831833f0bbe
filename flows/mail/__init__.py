"""The week's report by mail, once for each version, and the alarm."""
