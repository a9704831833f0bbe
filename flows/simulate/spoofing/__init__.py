"""Tankers that send false tracks while they load or discharge in Iran, and honest ones beside them.

`kinds` has six false tracks, `honest` five true ones that may look like them; `laid` lays them on
ships of a simulation. The true voyages, calls and draughts are not changed.
"""

from __future__ import annotations

from flows.simulate.spoofing.honest import HONEST
from flows.simulate.spoofing.kinds import KINDS
from flows.simulate.spoofing.laid import Laid, lay

__all__ = ["HONEST", "KINDS", "Laid", "lay"]
