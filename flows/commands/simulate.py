"""`barometer simulate`: AIS files with known port calls."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from flows.commands.shared import DONE, Command, iso_day, positive
from flows.home.settings import BarometerError, SettingError


def add(command: Command) -> None:
    """Its arguments."""
    simulate = command(
        "simulate",
        execute,
        "AIS files with known port calls, for demos, tests and benchmarks",
        """
        barometer simulate /tmp/sim
        barometer simulate /tmp/sim --days 7 --ships 200 --seed 3 --trap pass_by --trap pilot_stop
        """,
    )
    simulate.add_argument(
        "directory",
        metavar="DIR",
        help="a new or empty folder, or one of an earlier simulate, which is replaced",
    )
    simulate.add_argument(
        "--start",
        type=iso_day,
        default=date(2026, 3, 2),
        metavar="DAY",
        help="first day (2026-03-02, a Monday)",
    )
    simulate.add_argument("--days", type=positive, default=21)
    simulate.add_argument("--ships", type=positive, default=40)
    simulate.add_argument("--seed", type=int, default=1)
    simulate.add_argument(
        "--trap", action="append", metavar="NAME", help="only these traps (all); 'none' for none"
    )
    simulate.add_argument(
        "--spoofing",
        action="append",
        metavar="KIND",
        default=[],
        help="tankers that send false tracks while they call: circle, fake_anchorage, replay, "
        "offset, slow_roll, other_port; or honest ones beside them: at_anchor, adrift, "
        "slow_steaming, racetrack, moored",
    )
    simulate.add_argument(
        "--jammed-share",
        type=float,
        default=0.0,
        help="share of ship days with GPS interference, in addition to the traps (0)",
    )
    simulate.add_argument(
        "--reception",
        default="all",
        choices=("all", "ashore", "1h-most", "2h", "6h", "6h-half", "silent"),
        help="all; what a receiver ashore gets (every few seconds); a fix an hour, a third of them "
        "lost; a fix every 2 or 6 hours; half of those; or silence for 18 of 36 hours",
    )
    simulate.add_argument(
        "--draughts",
        default="entered",
        choices=("entered", "measured"),
        help="in static reports: as crews enter them, late, forgotten or wrong; or as they are",
    )
    simulate.add_argument(
        "--layout",
        default="marinecadastre-2025",
        choices=("marinecadastre-2025", "marinecadastre-2024", "global-fishing-watch"),
        help="of the files; global-fishing-watch has cells of an hour and 0.01 degrees",
    )
    simulate.add_argument(
        "--report-minutes", type=float, help="one reporting interval for all ships"
    )
    simulate.add_argument(
        "--compression", choices=("zst", "gz", "zip", "none"), help="(the layout's own)"
    )


def execute(flags: argparse.Namespace) -> int:
    from flows.simulate import TRAPS, simulate
    from flows.simulate.files import refuse_occupied

    if flags.days > (date.max - flags.start).days:
        raise SettingError(f"--days: {flags.days} from {flags.start} on end after {date.max}.")
    if flags.seed < 0:
        raise SettingError(f"--seed: {flags.seed} is below 0.")
    traps = tuple(TRAPS) if flags.trap is None else tuple(t for t in flags.trap if t != "none")
    try:
        refuse_occupied(Path(flags.directory))
        simulation = simulate(
            Path(flags.directory),
            start=flags.start,
            days=flags.days,
            ships=flags.ships,
            seed=flags.seed,
            traps=traps,
            jammed_share=flags.jammed_share,
            reception=flags.reception,
            draughts=flags.draughts,
            layout=flags.layout,
            report_minutes=flags.report_minutes,
            compression=flags.compression,
            spoofing=flags.spoofing,
        )
    except ValueError as error:
        raise SettingError(f"{error}. No simulation was written.") from error
    except OSError as error:
        raise BarometerError(f"{flags.directory}: no simulation written: {error}") from error
    print(
        f"{simulation.rows:,} SIMULATED rows in {len(simulation.files)} files in "
        f"{flags.directory}, {len(simulation.truth)} port calls in truth.csv"
    )
    return DONE
