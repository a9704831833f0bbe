"""From a seed to a fleet, its fixes and its true port calls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from flows.simulate.cargoes import DRAUGHTS, entered, measured, plan_cargo
from flows.simulate.files import write_simulation
from flows.simulate.fleet import (
    Role,
    Ship,
    build_fleet,
    build_locals,
    cast_roles,
    share_mmsis,
    traps_with_room,
)
from flows.simulate.hulls import load_classes
from flows.simulate.jamming import jam
from flows.simulate.overlays import TRAPS, plant_overlays, plant_roles
from flows.simulate.places import Floats, load_chart
from flows.simulate.reception import RECEPTIONS, thin
from flows.simulate.scripts import SCRIPTS, plan_local, plan_voyage
from flows.simulate.spoofing import Laid, lay
from flows.simulate.tracks import Call, Heard, Ints, find_calls, flag_change_s, hear
from flows.simulate.voyages import Voyage, month_edge_s, week_edge_s
from flows.sources.packings import FLEET_LIST, SPOOFED

TRAPS_NEED_DAYS = 7
"""The longest trap, of some six days, fits into a week."""

TIME_ZERO = np.datetime64("1970-01-01", "D")


class Tables(NamedTuple):
    """A simulation in memory.

    ``fixes`` has the columns of `position` that AIS gives, in order of time and mmsi; ``traps``
    names the MMSIs that carry each trap; ``laid`` has what `spoofing` did, seconds from the start.
    """

    fixes: pd.DataFrame
    truth: pd.DataFrame
    fleet: pd.DataFrame
    traps: dict[str, list[int]]
    laid: list[Laid]


class Simulation(NamedTuple):
    """What `simulate` wrote. ``rows`` counts the rows of all day files, headers apart."""

    truth: pd.DataFrame
    fleet: pd.DataFrame
    files: list[Path]
    rows: int


def simulate(
    directory: Path,
    *,
    start: date = date(2026, 3, 2),
    days: int = 21,
    ships: int = 40,
    seed: int = 1,
    traps: Sequence[str] = tuple(TRAPS),
    jammed_share: float = 0.0,
    reception: str = "all",
    draughts: str = "entered",
    layout: str = "marinecadastre-2025",
    report_minutes: float | None = None,
    compression: str | None = None,
    data_dir: Path | None = None,
    spoofing: Sequence[str] = (),
) -> Simulation:
    """Write AIS day files with known port calls.

    Parameters
    ----------
    directory : Path
        Gets ``ais/`` with a file a day, ``truth.csv``, ``fleet.csv``, ``expected.json`` and
        ``SIMULATED.txt``; made if missing. What an earlier simulation wrote there is removed.
    start : date
        First day, UTC.
    days, ships : int
        Whole days; voyaging ships. Fifteen local craft come on top.
    seed : int
        The same arguments write the same bytes.
    traps : sequence of str
        Names out of `TRAPS`; none for clean voyages.
    jammed_share : float
        Share of the ships' days with fixes on which GPS interference hits the ship, on top of the
        traps; local craft are spared.
    reception : {"all", "ashore", "1h-most", "2h", "6h", "6h-half", "silent"}
        What is received of each ship: all, minutes apart; all that a receiver on land gets, every 2
        to 10 seconds under way and 3 minutes at rest; one fix an hour, of which a third is lost;
        one every two or six hours; half of the latter; nothing for 18 hours out of every 36.
    draughts : {"entered", "measured"}
        The draught in static reports: as crews enter it, rounded, late, forgotten or wrong; or as
        it is when most of the cargo is over.
    layout : {"marinecadastre-2025", "marinecadastre-2024", "global-fishing-watch"}
        Columns and names of the day files. Global Fishing Watch's have cells of an hour and 0.01
        degrees in place of fixes.
    report_minutes : float, optional
        One reporting interval for all ships, in minutes; by default 10 to 18 under way and 48 to
        64 at rest, and a quarter of the plain ships heard in satellite passes only.
    compression : {"zst", "gz", "zip", "none"}, optional
        By default the layout's own: zst for 2025, zip for the others.
    data_dir : Path, optional
        Folder of the berths and lanes, by default ``data/simulator``.
    spoofing : sequence of str
        Names out of `spoofing.KINDS` and `spoofing.HONEST`: false tracks that plain tankers send
        during a call, and honest ones, each on as many ships. Adds ``spoofed.csv``.

    Returns
    -------
    Simulation
        The true calls, the fleet, the day files and the number of their rows.

    Raises
    ------
    ValueError
        If a trap, layout, reception, draughts or compression is unknown, a number is out of range,
        or the traps do not fit into the days and ships.
    """
    tables = simulate_tables(
        start=start,
        days=days,
        ships=ships,
        seed=seed,
        traps=traps,
        jammed_share=jammed_share,
        reception=reception,
        draughts=draughts,
        report_minutes=report_minutes,
        data_dir=data_dir,
        spoofing=spoofing,
    )
    files, rows = write_simulation(
        directory,
        tables.fixes,
        tables.truth,
        tables.fleet,
        tables.traps,
        start=start,
        days=days,
        layout=layout,
        compression=compression,
        # A generator of its own: what dirties the files leaves the voyages as they are.
        rng=np.random.default_rng([seed, 1]),
        descriptions={trap: TRAPS[trap] for trap in tables.traps},
        command=_command(
            start=start,
            days=days,
            ships=ships,
            seed=seed,
            traps=traps,
            jammed_share=jammed_share,
            reception=reception,
            draughts=draughts,
            layout=layout,
            report_minutes=report_minutes,
            compression=compression,
            spoofing=spoofing,
        ),
    )
    if spoofing:
        _laid_table(tables.laid, start).to_csv(directory / SPOOFED, index=False)
    return Simulation(tables.truth, tables.fleet, files, rows)


def simulate_tables(
    *,
    start: date = date(2026, 3, 2),
    days: int = 21,
    ships: int = 40,
    seed: int = 1,
    traps: Sequence[str] = tuple(TRAPS),
    jammed_share: float = 0.0,
    reception: str = "all",
    draughts: str = "entered",
    report_minutes: float | None = None,
    data_dir: Path | None = None,
    roles: Sequence[Role] = (),
    spoofing: Sequence[str] = (),
) -> Tables:
    """Make the fixes, the true calls and the fleet, and write nothing.

    The parameters are those of `simulate`, and ``roles``: the parts of the ships, in place of those
    that ``ships`` and ``traps`` give. Codes for "not available" are null here, and the traps
    ``repeated_rows`` and ``dirty_rows``, which are faults of files, change nothing.

    Examples
    --------
    >>> tables = simulate_tables(days=7, ships=2, traps=["roads_only"])
    >>> sorted(set(tables.truth["area_kind"]))
    ['anchorage', 'berth']
    """
    _refuse_nonsense(days, ships, traps, report_minutes, jammed_share, reception, draughts)
    traps = traps_with_room(ships, traps)
    rng = np.random.default_rng(seed)
    # A generator of its own: what ships carry leaves where they go as it is.
    cargo_rng = np.random.default_rng([seed, 5])
    chart = load_chart(data_dir)
    # A trap on Sunday's midnight needs one: seven days from a Monday have none inside.
    edges = {"week_edge": week_edge_s(start, days), "month_edge": month_edge_s(start, days)}
    fitting = [trap for trap in traps if edges.get(trap, True)]
    roles = roles or cast_roles(ships, fitting)
    fleet = build_fleet(
        roles,
        rng,
        cargo_rng,
        load_classes(data_dir),
        report_minutes,
        hostile_names="hostile_names" in fitting,
        is_heard_ashore=reception == "ashore",
    )
    fleet = share_mmsis(fleet)
    crafts = build_locals([local.kind for local in chart.locals], rng, report_minutes)
    voyages = [plan_voyage(chart, ship, rng, start, days) for ship in fleet]
    voyages += [
        plan_local(chart, local, ship, rng, days)
        for local, ship in zip(chart.locals, crafts, strict=True)
    ]
    for voyage in voyages:
        _load(voyage, draughts, cargo_rng)
    heard = [hear(voyage, rng, i) for i, voyage in enumerate(voyages)]
    carriers: dict[str, list[int]] = {trap: [] for trap in TRAPS if trap in traps}
    for ship in fleet:
        # Two hulls with one MMSI are one entry.
        if ship.role.trap and ship.mmsi not in carriers[ship.role.trap]:
            carriers[ship.role.trap].append(ship.mmsi)
    plant_roles(voyages[: len(fleet)], heard, fitting, seed)
    plant_overlays(voyages[: len(fleet)], heard, carriers, seed)
    carrying = {mmsi for mmsis in carriers.values() for mmsi in mmsis}
    free = [
        i for i, s in enumerate(fleet) if s.role.is_tanker and not {s.mmsi, s.later_mmsi} & carrying
    ]
    laid = lay(voyages, heard, spoofing, free, np.random.default_rng([seed, 7])) if spoofing else []
    if jammed_share > 0.0:
        jam(heard, range(len(fleet)), chart, np.random.default_rng([seed, 3]), share=jammed_share)
    reception_rng = np.random.default_rng([seed, 4])
    heard = [thin(fixes, reception, reception_rng) for fixes in heard]
    crews = [voyage.ship for voyage in voyages]
    calls = [
        call
        for voyage, fixes in zip(voyages, heard, strict=True)
        for call in find_calls(voyage, fixes, crews)
    ]
    return Tables(
        fixes=_fixes_table(crews, heard, start),
        truth=_truth_table(calls, start),
        fleet=_fleet_table(voyages, start),
        traps=carriers,
        laid=laid,
    )


def _load(voyage: Voyage, draughts: str, rng: np.random.Generator) -> None:
    """Give a voyage its cargoes, and the draughts that its crew enters."""
    ship = voyage.ship
    voyage.cargoes, legs = plan_cargo(voyage, rng)
    if ship.hull is not None:
        entries = entered(legs, ship.hull, ship.draught_habit, rng)
        voyage.draughts += entries if draughts == "entered" else measured(legs)


def _command(
    *,
    start: date,
    days: int,
    ships: int,
    seed: int,
    traps: Sequence[str],
    jammed_share: float,
    reception: str,
    draughts: str,
    layout: str,
    report_minutes: float | None,
    compression: str | None,
    spoofing: Sequence[str],
) -> str:
    """Return the command line that writes the same files, into whatever folder."""
    words = [f"barometer simulate DIR --start {start} --days {days} --ships {ships} --seed {seed}"]
    if set(traps) != set(TRAPS):
        words += [f"--trap {trap}" for trap in TRAPS if trap in traps] or ["--trap none"]
    if jammed_share > 0.0:
        words.append(f"--jammed-share {jammed_share:g}")
    if reception != "all":
        words.append(f"--reception {reception}")
    if draughts != "entered":
        words.append(f"--draughts {draughts}")
    words.append(f"--layout {layout}")
    if report_minutes is not None:
        words.append(f"--report-minutes {report_minutes:g}")
    if compression is not None:
        words.append(f"--compression {compression}")
    words += [f"--spoofing {kind}" for kind in spoofing]
    return " ".join(words)


def _refuse_nonsense(
    days: int,
    ships: int,
    traps: Sequence[str],
    report_minutes: float | None,
    jammed_share: float,
    reception: str,
    draughts: str,
) -> None:
    unknown = sorted(set(traps) - set(TRAPS))
    if unknown:
        raise ValueError(f"--trap: no such {', '.join(unknown)}; there are {', '.join(TRAPS)}")
    if days < 1 or ships < 1:
        raise ValueError(f"--days and --ships must be 1 or more, got {days} and {ships}")
    if ships > 5000:
        raise ValueError(f"--ships: at most 5000 have made-up MMSIs of their own, got {ships}")
    if report_minutes is not None and not 0.01 <= report_minutes <= 1440:
        raise ValueError(f"--report-minutes must be from 0.01 to 1440, got {report_minutes}")
    if not 0.0 <= jammed_share <= 0.5:
        raise ValueError(f"--jammed-share must be from 0 to 0.5, got {jammed_share}")
    if reception not in RECEPTIONS:
        raise ValueError(f"no such reception: {reception}; there are {', '.join(RECEPTIONS)}")
    if draughts not in DRAUGHTS:
        raise ValueError(f"no such draughts: {draughts}; there are {', '.join(DRAUGHTS)}")
    sailed = [trap for trap in traps if trap in SCRIPTS]
    if sailed and days < TRAPS_NEED_DAYS:
        raise ValueError(
            f"{', '.join(sailed)} need {TRAPS_NEED_DAYS} days or more, got {days}: "
            "give more --days, or --trap none"
        )


def _fixes_table(ships: list[Ship], heard: list[Heard], start: date) -> pd.DataFrame:
    heard_of: dict[str, Any] = {
        name: np.concatenate([getattr(fixes, name) for fixes in heard]) for name in Heard._fields
    }
    order = np.lexsort((heard_of["mmsi"], heard_of["seconds"]))
    of_ship = heard_of["sent_as"][order]
    heard_of = {name: column[order] for name, column in heard_of.items()}
    is_known = heard_of["has_static"]

    def static(values: list[Any], dtype: Any) -> Any:
        by_ship = pd.Series(values, dtype=dtype)
        return by_ship.take(of_ship).reset_index(drop=True).where(is_known)

    return pd.DataFrame(
        {
            "mmsi": heard_of["mmsi"].astype(np.int32),
            "reported_at": _moments(start, heard_of["seconds"]),
            "lon": heard_of["lon"],
            "lat": heard_of["lat"],
            "sog_kn": heard_of["sog_kn"],
            "cog_deg": heard_of["cog_deg"],
            "heading_deg": heard_of["heading_deg"],
            "nav_status": pd.array(heard_of["nav_status"], dtype="Int16"),
            "imo": static([ship.imo or None for ship in ships], "Int32"),
            "vessel_name": static([ship.name for ship in ships], "string"),
            "call_sign": static([ship.call_sign for ship in ships], "string"),
            "ship_type": static([ship.ship_type for ship in ships], "Int16"),
            "length_m": static([ship.length_m for ship in ships], "Float64"),
            "beam_m": static([ship.beam_m for ship in ships], "Float64"),
            "draught_m": np.where(
                is_known & (heard_of["draught_m"] > 0), heard_of["draught_m"], np.nan
            ),
            "transceiver": pd.Series([ship.transceiver for ship in ships]).take(of_ship).array,
        }
    )


def _truth_table(calls: list[Call], start: date) -> pd.DataFrame:
    table = pd.DataFrame(calls, columns=list(Call._fields))
    truth = pd.DataFrame(
        {
            "mmsi": table["mmsi"].astype("int32"),
            "imo": table["imo"].where(table["imo"] > 0).astype("Int32"),
            "port_id": table["port_id"].astype("string"),
            "area_kind": table["area_kind"].astype("string"),
            "arrived_at": _moments(start, table["arrived_s"].to_numpy(dtype=float)),
            "departed_at": _moments(start, table["departed_s"].to_numpy(dtype=float)),
            "began_at": _moments(start, table["began_s"].to_numpy(dtype=float)),
            "ended_at": _moments(start, table["ended_s"].to_numpy(dtype=float)),
            "direction": table["direction"].astype("string"),
            "payload_t": table["payload_t"].astype("Int32"),
            "laden_in": table["laden_in"].astype("string"),
            "laden_out": table["laden_out"].astype("string"),
            "draught_in_m": table["draught_in_m"].astype("Float64"),
            "draught_out_m": table["draught_out_m"].astype("Float64"),
        }
    )
    return truth.sort_values(["arrived_at", "mmsi"], ignore_index=True)


def _fleet_table(voyages: list[Voyage], start: date) -> pd.DataFrame:
    rows: list[dict[str, object]] = []
    for voyage in voyages:
        ship = voyage.ship
        why = _why_linked(ship.role, ship.mmsi)
        row: dict[str, object] = {
            "mmsi": ship.mmsi,
            "imo": ship.imo or None,
            "vessel_name": ship.name,
            "ship_type": ship.ship_type,
            "flag": ship.flag,
            "length_m": ship.length_m,
            "hull_class": ship.hull and ship.hull.hull_class,
            "deadweight_t": ship.hull and ship.hull.deadweight_t,
            "draughts": ship.draught_habit,
            "is_tanker": 80 <= ship.ship_type <= 89,
            "is_russian_linked": bool(ship.role.link),
            "why": why,
        }
        rows.append(row)
        if ship.later_mmsi:
            changed_on = start + timedelta(seconds=flag_change_s(voyage))
            until = f"flag: RU until {changed_on} under the same IMO number (MMSI {ship.mmsi})"
            rows.append({**row, "mmsi": ship.later_mmsi, "flag": ship.later_flag, "why": until})
    return pd.DataFrame(rows).astype({"mmsi": "int32", "imo": "Int32", "deadweight_t": "Int32"})


def _laid_table(laid: list[Laid], start: date) -> pd.DataFrame:
    table = pd.DataFrame(laid, columns=list(Laid._fields))
    for end in ("from", "to"):
        table[f"{end}_at"] = _moments(start, table.pop(f"{end}_s").to_numpy(float))
    return table


def _why_linked(role: Role, mmsi: int) -> str:
    if role.link == "flag":
        return f"flag: RU (MMSI {mmsi})"
    if role.link == "trade":
        return "trade: lay at Makhachkala before its calls in Iran"
    return f"{role.link}: by the list {FLEET_LIST}" if role.link else ""


def _moments(start: date, seconds: Ints | Floats) -> npt.NDArray[np.datetime64]:
    """Turn seconds from the start into UTC times; NaN into NaT."""
    offset_s = (np.datetime64(start, "D") - TIME_ZERO) / np.timedelta64(1, "s")
    missing = np.isnan(seconds)
    seconds_1970 = np.where(missing, 0, seconds + offset_s).astype(np.int64)
    moments = seconds_1970.astype("datetime64[s]").astype("datetime64[us]")
    moments[missing] = np.datetime64("NaT")
    return moments
