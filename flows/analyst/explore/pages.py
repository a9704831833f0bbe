"""The views of the page: what each shows of the catalogue, as HTML."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from flows.analyst import portmap, vessel
from flows.analyst.explore import pictures, shown
from flows.analyst.explore.catalogue import MOST_ROWS, Catalogue
from flows.analyst.explore.job import LONGEST_S, Job
from flows.analyst.query import explained
from flows.home.resources import port_files, sql_path
from flows.home.settings import BarometerError
from flows.home.text import safe_text
from flows.report.tables import Table, as_records, json_records, records
from flows.report.words import SIMULATED
from geo.ports import load_ports

SERIES, PORTS, SHIP, RECEPTION = "Series", "Ports", "Ship", "Reception"
VOLUME, RESTATEMENTS, SQL = "Volume", "Restatements", "SQL"
VIEWS = (SERIES, PORTS, SHIP, RECEPTION, VOLUME, RESTATEMENTS, SQL)
TABS = {view: f'<span style="color: var(--ink)">{view}</span>' for view in VIEWS}
"""View -> its label. marimo's grey on its own grey is too faint for small letters (WCAG 2.2,
1.4.3), and no style sheet of the page reaches into its tabs, which are a shadow tree."""

FORMATS = {
    "CSV": ("csv", "csv"),
    "Parquet": ("parquet", "parquet"),
    "GeoParquet": ("geoparquet", "parquet"),
    "GeoJSON": ("geojson", "geojson"),
    "Excel": ("xlsx", "xlsx"),
    "JSON": ("json", "json"),
}
"""What a result can be saved as: the format of `flows.analyst.formats`, and the file's suffix."""

HEADLINE = "russian_linked_tankers"
"""The series that the page shows first."""
MOST_SHIPS = 50
"""Most ships of a search that are listed (a choice)."""

OIL_OF_CALL = (
    *("arrived_at", "port_name", "vessel_name", "imo", "direction", "payload_t"),
    *("payload_low_90_t", "payload_high_90_t", "is_russian_linked", "is_headline"),
)


class Head(NamedTuple):
    """The top of the page, and what can be chosen there."""

    html: str
    series: dict[str, str]
    weeks: list[str]
    title: str | None
    week: str | None
    view: str


def head(
    catalogue: Catalogue, title: str | None = None, week: str | None = None, view: str = SERIES
) -> Head:
    """The catalogue in short, its series by title and its weeks, newest first.

    What was chosen before stays chosen where it is still there; else the headline and the newest
    closed week are.
    """
    with explained(catalogue.con, catalogue.settings):
        query = catalogue.con.execute
        titles = query("select title, series from series order by title desc").fetchall()
        weeks = query("select week, is_open from week order by week desc").fetchall()
        ((as_of,),) = query("select max(as_of) from run").fetchall()
        (notes,) = records(catalogue.con, "report/notes", week=weeks[0][0] if weeks else "")
    closed = [week for week, is_open in weeks if not is_open]
    span = f"{weeks[-1][0]} to {weeks[0][0]}" if weeks else "no week yet"
    when = f"{as_of:%Y-%m-%d %H:%M} UTC" if as_of else "unknown"
    parts = [
        '<div class="b-page"><h1>Barometer</h1></div>',
        shown.banner(SIMULATED) if notes["is_simulated"] else "",
        shown.message(f"{span}, as of {when}. Times are UTC. Home: {catalogue.settings.home}"),
    ]
    names = [week for week, _ in weeks]
    series = {str(text): str(name) for text, name in titles}
    if title not in series:
        title = next((text for text, name in series.items() if name == HEADLINE), None)
    if week not in names:
        week = (closed or names or [None])[0]
    return Head("".join(parts), series, names, title, week, view)


def series(catalogue: Catalogue, name: str, week: str) -> str:
    """A series with its limits, and the windows that end with the week."""
    result = catalogue.example("series_by_week", series=name)
    rows = as_records(result)
    windows = catalogue.example("windows_by_week", series=name, week=week)
    if not rows:
        return shown.message("This series has no weeks yet.")
    title = str(rows[0]["title"])
    now = next((row for row in rows if row["week"] == week), rows[-1])
    return "".join(
        [
            shown.heading(title, _sentence(now)),
            pictures.series(rows, title),
            shown.heading(f"Windows that end with {week}"),
            shown.table(_without(windows, "series", "week"), f"Windows that end with {week}"),
            shown.heading("All weeks"),
            shown.table(_without(_reversed(result), "title", "series"), "All weeks"),
        ]
    )


def _sentence(row: Mapping[str, Any]) -> str:
    count = row["russian_linked_tanker_calls"]
    low, high = row["low_95"], row["high_95"]
    limits = f" (95 % limits of the rate {low:g} to {'open' if high is None else f'{high:g}'})"
    at_least = "at least " if row["state"] == "partial" and count else ""
    number = "no number" if count is None else f"{at_least}{count}"
    so_far = " so far" if row["state"] == "open" else ""
    return (
        f"{row['week']}: {number}{so_far}{limits if low is not None else ''}. "
        f"{row['observed_share'] or 0:.0%} of the coast's hours were heard."
    )


def ports(catalogue: Catalogue, name: str, week: str) -> str:
    """A week's calls on the map, by ship and by port."""
    by_port = catalogue.example("ports_by_week", series=name, week=week)
    calls = catalogue.example("callers_by_week", series=name, week=week)
    of_series = catalogue.con.execute("select cargo from series where series = ?", [name])
    ((cargo,),) = of_series.fetchall()
    note = "Circles are calls of all ships of this series, filled in the share that is linked."
    return "".join(
        [
            shown.heading(f"Calls at Iranian ports, {week}", note),
            pictures.ports(as_records(by_port), cargo) if by_port.rows else "",
            shown.heading("Calls"),
            shown.table(_without(calls, "series", "week"), f"Calls of {week}"),
            shown.heading("Ports"),
            shown.table(_without(by_port, "series", "week"), f"Ports in {week}"),
        ]
    )


def reception(catalogue: Catalogue, _: str, week: str) -> str:
    """What was heard of each port, and by which source."""
    by_port = catalogue.example("reception_by_port", week=week)
    by_source = catalogue.example("reception_by_source", week=week)
    note = "Share of the hours in which a ship near the port was heard. Little heard: no zero."
    return "".join(
        [
            shown.heading(f"Reception by port, {week}", note),
            shown.table(_without(by_port, "week"), f"Reception by port in {week}"),
            shown.heading("By source"),
            shown.table(_without(by_source, "week"), f"Reception by source in {week}"),
        ]
    )


def volume(catalogue: Catalogue, name: str, week: str) -> str:
    """The oil that the calls moved: estimates with their interval."""
    result = catalogue.example("oil_by_week", series=name)
    rows = as_records(result)
    if not rows:
        return shown.message("This series has no volume: its ships carry no oil.")
    calls = catalogue.example("callers_by_week", series=name, week=week)
    of_week = Table(result.names, result.types, [row for row in result.rows if row[1] == week])
    return "".join(
        [
            shown.heading(
                "Oil moved", "Estimates, each with an interval of 90 %. Null: not known."
            ),
            pictures.oil(rows),
            shown.heading(f"{week} by direction and water", "Null is all of a dimension."),
            shown.table(_without(of_week, "series", "week"), f"Oil of {week}"),
            shown.heading("By call"),
            shown.table(shown.chosen(calls, *OIL_OF_CALL), f"Oil of the calls of {week}"),
        ]
    )


def restatements(catalogue: Catalogue, name: str, _: str) -> str:
    """Published numbers that changed later, and every version of the headline."""
    changed = catalogue.example("changed_numbers", series=name)
    versions = catalogue.example("restated_weeks")
    return "".join(
        [
            shown.heading("Changed numbers of this series"),
            shown.table(_without(changed, "series"), "Changed numbers", MOST_ROWS),
            shown.heading("Every published version of the headline"),
            shown.table(_reversed(versions), "Published versions", MOST_ROWS),
        ]
    )


OF_WEEK: dict[str, Callable[[Catalogue, str, str], str]] = {
    SERIES: series,
    PORTS: ports,
    RECEPTION: reception,
    VOLUME: volume,
    RESTATEMENTS: restatements,
}
"""The views of a series and a week."""


def of_week(view: str, catalogue: Catalogue, name: str, week: str) -> str:
    """A view of `OF_WEEK`, or why there is none."""
    try:
        return OF_WEEK[view](catalogue, name, week)
    except BarometerError as error:
        return shown.message(str(error), is_error=True)


class File(NamedTuple):
    """A file that can be saved."""

    label: str
    name: str
    content: Callable[[], bytes]


class Ship(NamedTuple):
    """A ship as shown, and its files."""

    html: str
    files: list[File]


def callers(catalogue: Catalogue, name: str, week: str) -> dict[str, str]:
    """The ships with a call in the week, linked ones first: how each is shown -> its number."""
    try:
        calls = as_records(catalogue.example("callers_by_week", series=name, week=week))
    except BarometerError:  # a search for the ship says why
        calls = []
    ships: dict[str, str] = {}
    for call in calls:
        number = f"IMO {call['imo']}" if call["imo"] else f"MMSI {call['mmsi']}"
        linked = "linked" if call["is_russian_linked"] else "not linked"
        ships[f"{_name(call)}, {number}, {linked}"] = number
    return ships


def ship(catalogue: Catalogue, sought: str | None) -> Ship:
    """A ship by number or name: identity, evidence, calls, doubts, silences, and its track."""
    if not sought:
        return Ship(shown.message("Choose a ship that called in the week, or search for one."), [])
    try:
        return _ship(catalogue, sought)
    except BarometerError as error:
        return Ship(shown.message(str(error), is_error=True), [])


def _ship(catalogue: Catalogue, sought: str) -> Ship:
    con = catalogue.con
    with explained(con, catalogue.settings):
        ships = vessel.find_ships(con, sought)
        if len(ships) != 1:
            why = f"{len(ships)} ships: give the number of one." if ships else "No such ship."
            choice = (
                shown.table(shown.of_records(ships), "Ships found", MOST_SHIPS) if ships else ""
            )
            return Ship(shown.message(why) + choice, [])
        (known,) = ships
        record = vessel.ship_record(con, known)
        (found,) = vessel.find_ships(con, sought, json_records)
        as_json = json.dumps(vessel.ship_record(con, found, json_records)).encode()
        of_ship = portmap.ship_on_map(con, known) if known["first_at"] is not None else None
    fences = load_ports(*port_files())
    title = f"{_name(known)}, {known['hull_id']}"
    if of_ship is None:
        parts = [shown.heading(title, "Listed, but never received.")]
    else:
        parts = [shown.heading(title), pictures.track(of_ship, fences), _verdicts(of_ship)]
    for part in vessel.PARTS:
        label = part.capitalize()
        parts += [shown.heading(label), shown.table(shown.of_records(record[part]), label)]
    name = known["hull_id"].replace(" ", "-") if known["imo"] or known["mmsi"] else "ship"
    files = [File("Record (JSON)", f"{name}.json", lambda: as_json)]
    if of_ship is not None:
        page = lambda: portmap.map_page(fences, of_ship).encode()  # noqa: E731
        files.append(File("Map with every fix (HTML)", f"{name}.html", page))
    return Ship("".join(parts), files)


def _verdicts(of_ship: Mapping[str, Any]) -> str:
    """How many fixes have which verdict, and why."""
    fix = of_ship["fix"].fillna({"reason": ""})
    groups = fix.groupby(["kind", "reason"], sort=True)["reported_at"].agg(["size", "min", "max"])
    rows = [
        (*key, int(size), first.to_pydatetime(), last.to_pydatetime())
        for key, size, first, last in groups.itertuples()
    ]
    names = ["verdict", "reason", "fixes", "first_at", "last_at"]
    return shown.heading("Verdicts on its fixes") + shown.table(
        Table(names, [""] * len(names), rows), "Verdicts on its fixes"
    )


def starts(catalogue: Catalogue) -> dict[str, str]:
    """Queries to start from: the examples by what they ask, and each relation whole."""
    queries = {}
    for path in sorted(sql_path("examples").glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        queries[text.partition("\n")[0].removeprefix("-- ")] = text
    return queries | {f"all of {name}": f"from {name}" for name in catalogue.relations()}


def running(job: Job[Table], tick: object) -> str:
    """What is shown of a query until it is done: `tick`, which looks again, needs no reader."""
    return shown.message(f"Running for {job.seconds:.0f} seconds.") + f"<div hidden>{tick}</div>"


def result(job: Job[Table]) -> str:
    """The rows of a finished query, or why there are none."""
    if job.error is not None:
        return shown.message(job.error, is_error=True)
    assert job.result is not None
    rows = job.result.rows
    count = f"{len(rows):,} rows" if len(rows) <= MOST_ROWS else f"more than {MOST_ROWS:,} rows"
    return shown.message(count) + (shown.table(job.result, "Result", MOST_ROWS) if rows else "")


class Saved(NamedTuple):
    """A result as a file: the work that made it, which is done, its name and label."""

    job: Job[bytes]
    name: str
    label: str


def saved(catalogue: Catalogue, text: str, label: str) -> Saved:
    """All rows of a query in one of `FORMATS`; where that fails, the job has the error."""
    output_format, suffix = FORMATS[label]
    job = catalogue.start_export(text, output_format)
    job.wait(LONGEST_S)
    return Saved(job, f"barometer.{suffix}", f"Download {label}")


def _name(row: Mapping[str, Any]) -> str:
    return safe_text(row["vessel_name"] or "") or "unnamed"


def _without(result: Table, *names: str) -> Table:
    return shown.chosen(result, *(name for name in result.names if name not in names))


def _reversed(result: Table) -> Table:
    return result._replace(rows=result.rows[::-1])
