"""AIS files with known port calls, for demos, tests and benchmarks.

The steps: `places` (berths and lanes), `fleet` (ships), `voyages` (where they go, traps), `tracks`
(what is heard, the true calls), `interference` (false places, times and names in it), `reception`
(what is left of it), `files` (day files, and the dirt in them). Nothing is shared with the code
under test, neither fences nor thresholds.
"""

from __future__ import annotations

from flows.simulate.overlays import TRAPS
from flows.simulate.simulation import Simulation, Tables, simulate, simulate_tables

__all__ = ["TRAPS", "Simulation", "Tables", "simulate", "simulate_tables"]
