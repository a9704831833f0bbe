"""The plain words of the series, apart from what finds them, which loads scipy."""

from __future__ import annotations

from flows.home.rules import rule

RISE, FALL, NO_CHANGE, UNHEARD = "rise", "fall", "no clear change", "not enough heard"

LEAST_DISPERSION = rule("least_dispersion")
"""Above this calls cluster (data/rules.csv)."""
