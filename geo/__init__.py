"""The geometry and the movement of ships: ports, fences, plausibility, port calls."""
