"""The simulated ships: made-up names, and numbers that no real ship bears."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from flows.simulate.hulls import Hull, HullClass, build_hull, class_of
from flows.simulate.places import CASPIAN, GULF

MID_OF_FLAG = {
    "RU": 273,
    "IR": 422,
    "AZ": 423,
    "TM": 434,
    "KZ": 436,
    "OM": 461,
    "AE": 470,
    "CK": 518,
    "MH": 538,
    "CM": 613,
    "KM": 620,
    "GA": 626,
    "LR": 636,
    "PA": 352,
}
"""Maritime identification digits, one set a flag (ITU, Table of Maritime Identification Digits)."""

STARS = (
    *("AURORA", "BOREAS", "CASSIOPEIA", "DENEB", "ELECTRA", "FORNAX", "GEMMA"),
    *("HALCYON", "IZAR", "JANUS", "KRAZ", "LYRA", "MIRA", "NASHIRA"),
    *("OBERON", "PHACT", "QUASAR", "RIGEL", "SADR", "TALITHA", "UMBRA"),
    *("VEGA", "WEZEN", "XENON", "YILDUN", "ZOSMA", "ALCOR", "BELLATRIX"),
    *("CAPH", "DIADEM", "ERRAI", "FURUD", "GIENAH", "HAMAL", "JABBAH"),
    *("KOCHAB", "LESATH", "MEROPE", "NAVI", "OKAB", "PROCYON"),
)

HOSTILE_NAMES = (
    "=1+1",
    "<SCRIPT>ALERT(1)",
    '@SIM "QUOTED", COMMA',
    "-2+3",
    "+SIM(A1:A9)",
    '=HYPERLINK("X.ORG")',
    "SIM; DROP TABLE X",
)
"""Names that must stay text. All fit AIS: 20 characters of its six-bit alphabet (ITU-R M.1371)."""


class Role(NamedTuple):
    """What a ship is in the play: the trap that it carries ("" for none), its water, kind, flag.

    ``link`` is why it is linked to Russia, "" if it is not. ``part`` tells apart the ships of a
    trap: an even one plays with the odd one after it, where two play together. A plain ship is
    first heard on ``from_day``, and waits ``idle_days`` abroad between two calls, on average.
    """

    trap: str
    water: str
    is_tanker: bool
    flag: str
    link: str = ""
    part: int = 0
    from_day: int = 0
    idle_days: float = 0.0


class Ship(NamedTuple):
    """One hull, with the habits of its crew and of those who hear it.

    Speeds in knots, sizes in metres, intervals in minutes. ``later_mmsi`` is 0 for a ship that
    keeps its flag. ``is_satellite`` marks one that is heard in passes only. ``hull`` is None for
    craft that carry no cargo; ``draught_habit`` is one of `DRAUGHT_HABITS`.
    """

    mmsi: int
    later_mmsi: int
    imo: int
    name: str
    call_sign: str
    ship_type: int
    flag: str
    later_flag: str
    length_m: float
    beam_m: float
    cruise_kn: float
    moving_min: float
    still_min: float
    is_satellite: bool
    status_lag_s: float
    has_heading: bool
    transceiver: str
    role: Role
    hull: Hull | None
    draught_habit: str


TRAP_ROLES: tuple[tuple[Role, ...], ...] = (
    # Each row is one trap; copies of a trap take the next role of its row in turn.
    (Role("pass_by", GULF, True, "LR"), Role("pass_by", CASPIAN, True, "TM")),
    (Role("pilot_stop", GULF, True, "MH"), Role("pilot_stop", CASPIAN, True, "AZ")),
    (
        Role("waiting_outside", GULF, True, "PA"),
        Role("waiting_outside", CASPIAN, True, "RU", "flag"),
    ),
    (
        Role("roads_then_berth", GULF, True, "RU", "flag"),
        Role("roads_then_berth", CASPIAN, True, "AZ"),
    ),
    (Role("roads_only", GULF, True, "CM"), Role("roads_only", CASPIAN, True, "RU", "flag")),
    (Role("harbour_shift", GULF, True, "IR"), Role("harbour_shift", CASPIAN, True, "RU", "flag")),
    (Role("out_and_back", GULF, True, "CK"), Role("out_and_back", CASPIAN, True, "RU", "flag")),
    (Role("neighbours", CASPIAN, True, "RU", "flag"), Role("neighbours", CASPIAN, False, "IR")),
    (Role("neighbours", GULF, False, "IR"), Role("neighbours", GULF, True, "RU", "flag")),
    (Role("neighbours", GULF, True, "GA", "", 1), Role("neighbours", GULF, True, "IR", "", 1)),
    (
        Role("neighbours", GULF, True, "RU", "flag", 2),
        Role("neighbours", GULF, True, "KM", "", 2),
    ),
    (Role("silent_berth", CASPIAN, True, "RU", "flag"), Role("silent_berth", GULF, True, "PA")),
    (Role("silent_departure", GULF, True, "PA"), Role("silent_departure", CASPIAN, True, "TM")),
    (
        Role("first_heard_in_berth", GULF, False, "IR"),
        Role("first_heard_in_berth", CASPIAN, True, "KZ"),
    ),
    (
        Role("still_in_port_at_end", CASPIAN, True, "AZ"),
        Role("still_in_port_at_end", GULF, True, "CM"),
    ),
    (Role("week_edge", GULF, True, "RU", "flag"), Role("week_edge", CASPIAN, True, "RU", "flag")),
    (
        Role("flag_change", GULF, True, "RU", "flag"),
        Role("flag_change", CASPIAN, True, "RU", "flag"),
    ),
    (Role("month_edge", GULF, True, "RU", "flag"), Role("month_edge", CASPIAN, True, "RU", "flag")),
    (Role("spoofed_stay", GULF, True, "PA"), Role("spoofed_stay", CASPIAN, True, "RU", "flag")),
    # Two rows each: these are played by two ships.
    (
        Role("sts_outside", GULF, True, "RU", "flag", 0),
        Role("sts_outside", CASPIAN, True, "RU", "flag", 0),
        Role("sts_outside", GULF, True, "CM", "", 2),
    ),
    (
        Role("sts_outside", GULF, True, "IR", "", 1),
        Role("sts_outside", CASPIAN, True, "AZ", "", 1),
        Role("sts_outside", GULF, True, "RU", "flag", 3),
    ),
    # One MMSI has one flag, and one link with it.
    (
        Role("shared_mmsi", GULF, True, "RU", "flag", 0),
        Role("shared_mmsi", GULF, True, "KM", "", 0),
    ),
    (
        Role("shared_mmsi", CASPIAN, True, "RU", "flag", 1),
        Role("shared_mmsi", GULF, True, "KM", "", 1),
    ),
    # In the Caspian both are linked: an MMSI that is not must not be heard in a Russian port.
    (
        Role("identity_swap", GULF, True, "RU", "flag", 0),
        Role("identity_swap", CASPIAN, True, "RU", "flag", 0),
    ),
    (
        Role("identity_swap", GULF, True, "CM", "", 1),
        Role("identity_swap", CASPIAN, True, "RU", "flag", 1),
    ),
)

ASHORE_S = (2.0, 10.0)
ASHORE_STILL_MIN = 3.0
"""What class A sends: every 2 to 10 seconds under way, by speed and turn, and every 3 minutes at
anchor or moored (ITU-R M.1371-5, annex 1, table 1)."""

OVERLAYS = {
    "fix_jumps": 3,
    "circles": 2,
    "drift_away": 2,
    "still_twin": 2,
    "clock_error": 3,
    "jamming": 6,
    "frozen_place": 2,
    "stuck_speed": 2,
    "several_clocks": 2,
    "late_receiver": 2,
}
"""Traps laid on plain ships, each on ships of its own: how many of them for a block."""

SPARE = frozenset({"frozen_place", "stuck_speed", "several_clocks", "late_receiver"})
"""Traps that are left out of a fleet that is too small for all that were asked for."""

PLAIN_ROLES = (
    Role("", CASPIAN, True, "RU", "flag"),
    Role("", GULF, True, "RU", "flag"),
    Role("", CASPIAN, True, "TM", "trade"),
    Role("", GULF, False, "AE"),
    Role("", CASPIAN, False, "RU", "flag"),
    Role("", GULF, True, "KM"),
    Role("", CASPIAN, True, "RU", "flag"),
    Role("", GULF, True, "IR"),
    Role("", GULF, False, "IR"),
    Role("", CASPIAN, False, "IR"),
    Role("", GULF, True, "PA"),
    Role("", GULF, True, "GA"),
    Role("", CASPIAN, True, "AZ"),
)

DRAUGHT_HABITS = ("kept", "aft", "careless", "design", "none")
"""How a crew keeps the draught of its static reports: up to date; up to date, but read at the
stern; often forgotten; the summer draught in all states; empty."""
DRAUGHT_HABIT_SHARES = (0.55, 0.15, 0.16, 0.07, 0.07)
"""A choice: what is known is that many are wrong or old (see `cargoes`)."""

BLOCK = 100
"""One copy of every trap for each so many ships: a large fleet is mostly plain traffic."""


def ships_needed(traps: Collection[str]) -> int:
    """How many ships some traps need: two plain ones for each that is laid on them, as not every
    ship's voyage has room for it."""
    sailed = sum(row[0].trap in traps for row in TRAP_ROLES)
    return sailed + 2 * sum(trap in OVERLAYS for trap in traps)


def traps_with_room(ships: int, traps: Sequence[str]) -> list[str]:
    """The traps of those asked for that a fleet has room for, `SPARE` ones left out if need be.

    >>> "late_receiver" in traps_with_room(2, ["late_receiver"])
    True
    >>> traps_with_room(2, ["fix_jumps", "late_receiver"])
    ['fix_jumps']
    """
    if ships >= ships_needed(traps):
        return list(traps)
    return [trap for trap in traps if trap not in SPARE]


def cast_roles(ships: int, traps: Sequence[str]) -> list[Role]:
    """Give each ship its part.

    Raises
    ------
    ValueError
        If the traps asked for need more ships.

    Examples
    --------
    >>> [role.trap for role in cast_roles(3, ["roads_only"])]
    ['roads_only', '', '']
    """
    rows = [row for row in TRAP_ROLES if row[0].trap in traps]
    needed = ships_needed(traps)
    if needed > ships:
        raise ValueError(
            f"these traps need {needed} ships, got {ships}: give more --ships, or fewer --trap"
        )
    copies = blocks(ships)
    trapped = [row[copy % len(row)] for copy in range(copies) for row in rows]
    plain = [PLAIN_ROLES[i % len(PLAIN_ROLES)] for i in range(ships - len(trapped))]
    return trapped + plain


def blocks(ships: int) -> int:
    """Return how many copies of each trap a fleet carries.

    >>> blocks(40), blocks(200)
    (1, 2)
    """
    return max(1, ships // BLOCK)


def pairs(fleet: Sequence[Ship], trap: str) -> list[tuple[int, int]]:
    """Return where in the fleet the ships are that play a trap together, two and two."""
    players = [i for i, ship in enumerate(fleet) if ship.role.trap == trap]
    first = [i for i in players if fleet[i].role.part % 2 == 0]
    second = [i for i in players if fleet[i].role.part % 2 == 1]
    return list(zip(first, second, strict=True))


def share_mmsis(fleet: Sequence[Ship]) -> list[Ship]:
    """Let the second ship of each pair of ``shared_mmsi`` send the MMSI of the first."""
    shared = list(fleet)
    for first, second in pairs(fleet, "shared_mmsi"):
        shared[second] = fleet[second]._replace(mmsi=fleet[first].mmsi)
    return shared


def imo_check_digit(first_six: int) -> int:
    """Return the seventh digit of an IMO number (IMO resolution A.1117(30)).

    >>> imo_check_digit(907472)
    9
    """
    digits = [int(digit) for digit in f"{first_six:06d}"]
    return sum(d * w for d, w in zip(digits, range(7, 1, -1), strict=True)) % 10


def build_fleet(
    roles: Sequence[Role],
    rng: np.random.Generator,
    hull_rng: np.random.Generator,
    classes: list[HullClass],
    report_minutes: float | None,
    hostile_names: bool,
    is_heard_ashore: bool = False,
) -> list[Ship]:
    """Make one ship for each role.

    Of a hull ``rng`` draws the class and ``hull_rng`` the rest, so that another hull of the class
    makes the same voyages.

    With ``is_heard_ashore`` fixes come as often as a receiver on land gets them: see `ASHORE_S`.

    The IMO numbers begin with 2 or 3. A ship's IMO number is its Lloyd's Register number, which
    began at 5 (older ships) and later at 6 to 9, and at 1 since that range ran short; 2 and 3 have
    not been given out. The MMSIs are the flag's true MID and 99xxxx, numbers taken from the top of
    the range that no administration is known to have reached; a test holds both against registers.
    """
    bases = rng.choice(np.arange(200_000, 399_000), size=len(roles), replace=False)
    tails = rng.choice(np.arange(990_000, 1_000_000), size=2 * len(roles), replace=False)
    plain = [i for i, role in enumerate(roles) if not role.trap]
    hostile = dict(zip(plain[::2], HOSTILE_NAMES, strict=False)) if hostile_names else {}
    fleet: list[Ship] = []
    for i, role in enumerate(roles):
        hull = build_hull(class_of(classes, role.water, role.is_tanker, rng), hull_rng)
        later_flag = "CM" if role.trap == "flag_change" else role.flag
        # Class A sends every few seconds to minutes; public files are thinned to such intervals.
        # Half an hour in a port's limit must give some fixes, or the trap would test nothing.
        is_brief = role.trap in {"pass_by", "pilot_stop"}
        moving_min = rng.uniform(6.0, 8.0) if is_brief else rng.uniform(10.0, 18.0)
        still_min = rng.uniform(48.0, 64.0)
        # Traps that hang on an hour need an ear ashore; of the rest a quarter has none. At 18
        # minutes at rest a pass of 30 hears one fix at least, so gaps stay under four hours.
        is_satellite = bool(rng.random() < 0.25) and not role.trap and report_minutes is None
        if is_heard_ashore:
            moving_min, still_min = rng.uniform(*ASHORE_S) / 60.0, ASHORE_STILL_MIN
            is_satellite = False
        fleet.append(
            Ship(
                mmsi=MID_OF_FLAG[role.flag] * 1_000_000 + int(tails[2 * i]),
                later_mmsi=(
                    MID_OF_FLAG[later_flag] * 1_000_000 + int(tails[2 * i + 1])
                    if later_flag != role.flag
                    else 0
                ),
                imo=int(bases[i]) * 10 + imo_check_digit(int(bases[i])),
                name=hostile.get(i, ship_name(i)),
                call_sign=f"SIM{i:04d}",
                ship_type=int(
                    rng.choice([80, 81, 82, 84, 89] if role.is_tanker else [70, 70, 71, 79])
                ),
                flag=role.flag,
                later_flag=later_flag,
                length_m=float(round(hull.length_m)),
                beam_m=float(round(hull.beam_m)),
                cruise_kn=float(rng.uniform(10.0, 13.5)),
                moving_min=report_minutes or moving_min,
                still_min=report_minutes or (18.0 if is_satellite else still_min),
                is_satellite=is_satellite,
                status_lag_s=float(rng.uniform(2.0, 25.0) * 60.0),
                has_heading=bool(rng.random() < 0.95),
                transceiver="A",
                role=role,
                hull=hull,
                draught_habit=str(hull_rng.choice(DRAUGHT_HABITS, p=DRAUGHT_HABIT_SHARES)),
            )
        )
    return fleet


def build_locals(
    kinds: Sequence[str], rng: np.random.Generator, report_minutes: float | None
) -> list[Ship]:
    """Make the craft that stay about one port: tugs (with an IMO number) and fishing boats."""
    bases = rng.choice(np.arange(399_000, 400_000), size=len(kinds), replace=False)
    crafts: list[Ship] = []
    for i, kind in enumerate(kinds):
        is_tug = kind == "tug"
        crafts.append(
            Ship(
                # Below 99xxxx, where the fleet's numbers are.
                mmsi=MID_OF_FLAG["IR"] * 1_000_000 + 980_000 + i,
                later_mmsi=0,
                imo=int(bases[i]) * 10 + imo_check_digit(int(bases[i])) if is_tug else 0,
                name=f"SIM {kind.upper()} {i + 1}",
                call_sign=f"SIML{i:03d}",
                ship_type=52 if is_tug else 30,
                flag="IR",
                later_flag="IR",
                length_m=32.0 if is_tug else 18.0,
                beam_m=10.0 if is_tug else 5.0,
                cruise_kn=8.0 if is_tug else 5.0,
                moving_min=report_minutes or 30.0,
                still_min=report_minutes or 90.0,
                is_satellite=False,
                status_lag_s=float(rng.uniform(2.0, 10.0) * 60.0),
                has_heading=is_tug,
                transceiver="A" if is_tug else "B",
                role=Role("", GULF, False, "IR"),
                hull=None,
                draught_habit="kept",
            )
        )
    return crafts


def ship_name(i: int) -> str:
    """Return the name of the i-th ship.

    >>> ship_name(0), ship_name(len(STARS))
    ('SIM AURORA', 'SIM AURORA 2')
    """
    star, round_ = STARS[i % len(STARS)], i // len(STARS)
    return f"SIM {star}" if round_ == 0 else f"SIM {star} {round_ + 1}"
