"""AIS files with known port calls, for demos, tests and benchmarks.

The steps: `places` (berths and lanes), `fleet` (ships), `voyages` (where they go, traps), `tracks`
(the fixes, the true calls), `interference` (false places, times and names), `reception`
(what is left of it), `files` (day files, with faulty rows). Nothing is shared with the code under
test, neither fences nor thresholds, except the definition of a call: out and back within
`out_and_back_h` is one.
"""

from __future__ import annotations

from flows.simulate.overlays import TRAPS
from flows.simulate.simulation import Simulation, Tables, simulate, simulate_tables

__all__ = ["TRAPS", "Simulation", "Tables", "simulate", "simulate_tables"]
