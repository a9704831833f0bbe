"""`make lapse`, second part: weeks of Iran's coast from nothing but a token, on real servers.

`barometer serve --fetch` without a name, on a Prefect server of its own, takes the sanctions lists,
Global Fishing Watch's cells and events, PortWatch and port state control from local servers, and
reports and mails to a local SMTP server: four SIMULATED weeks in minutes. The week is set by
`as_of` in the home's barometer.toml. In each of the first three another source fails: alarm, mail
and page must name it; in the fourth all is well, and the home must hold what one does in which
nothing failed.
"""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple

import trustme

from flows.catalogue import access
from flows.home import history, lock
from flows.home.resources import data_path, data_rows
from flows.home.settings import Settings, load_settings
from flows.lake.prepare import prepare_home
from flows.mail.message import SUBJECT
from flows.registers.refresh import refresh
from flows.report.tables import week_folder
from flows.runner import run
from flows.simulate import simulate
from flows.sources.fetching import services as fetching
from flows.sources.lists import FetchedList
from tests.build import lists, ofac, witness
from tests.build.files import ingest
from tests.build.post import Post, serve
from tests.conftest import no_pictures
from tests.flows.sources.fetching.services import (
    KHARG,
    TOKEN,
    Services,
    event,
    name_services,
    services,
)

START = date(2026, 8, 31)
"""A Monday, after the last of the bundled lists."""
RUNS = tuple(datetime(2026, 10, 1, 6) + timedelta(days=7 * n) for n in range(4))
"""Thursdays: the whole week before is published then."""
LAST = RUNS[-1].date() - timedelta(days=3)
DAYS = (LAST - START).days + 1
SHIPS = 20
RUN_S = 900.0
"""The longest that anything is waited for; a run takes a minute on an idle machine."""
OPERATOR = "operator@example.org"
LISTS = {
    "eu-annex-xlii": "32014R0833.csv",
    "ofac-sdn": "sdn.csv",
    "opensanctions-eu-journal": "eu_journal_sanctions.ftm.json",
    "opensanctions-war-sanctions": "ua_war_sanctions.ftm.json",
    "uk-sanctions": "UK-Sanctions-List.csv",
}
POSITIONS = "global-fishing-watch"
FAULTS = ("gfw-events", POSITIONS, "uk-sanctions", None)
"""What fails in each run: a refused token, a report that times out for ever, a list that lost half
of its ships, nothing."""


class SimCell(NamedTuple):
    """A row of a simulated file, as a cell of the server."""

    hour: str
    place: tuple[float, float]
    row: list[str]


def main() -> int:
    """Play the runs, print what was seen, and give 1 where a promise was not kept."""
    with tempfile.TemporaryDirectory() as folder, services() as web:
        work = Path(folder)
        (work / "post").mkdir()
        posts = serve(work / "post", trustme.CA(), "starttls")
        post = next(posts)
        try:
            return _play(work, web, post)
        finally:
            next(posts, None)


def _play(work: Path, web: Services, post: Post) -> int:
    home = work / "home"
    simulate(
        work / "sim",
        start=START,
        days=DAYS,
        ships=SHIPS,
        seed=7,
        traps=(),
        reception="1h-most",
        layout="global-fishing-watch",
    )
    web.cells = list(_cells(work / "sim"))  # type: ignore[arg-type]
    web.events = [event(n, f"{START + timedelta(days=n)}", KHARG) for n in range(DAYS)]
    ports = [row["portid"] for row in data_rows(data_path("witnesses", "portwatch.csv"))]
    days = [START + timedelta(days=n) for n in range(-91, DAYS)]
    web.port_days = [(f"{day}", port, "IRN") for day in days for port in ports]
    settings = load_settings({"home": home, "as_of": RUNS[0].isoformat()})
    prepare_home(home)
    _name(settings, web)
    environ = os.environ | post.environ(BAROMETER_OPERATOR_TO=OPERATOR, BAROMETER_GFW_TOKEN=TOKEN)
    environ |= {"SSL_CERT_FILE": str(post.authority), "PREFECT_SERVER_API_PORT": "4274"}
    environ.pop("BAROMETER_AS_OF", None)
    command = [sys.executable, "-m", "flows.cli", "serve", "--fetch", "--home", str(home)]
    faults: list[str] = []
    _set(home, web, work / "sim", 0)
    with (work / "serve.log").open("wb") as log:
        served = subprocess.Popen([*command, "--cron", "* * * * *"], stderr=log, env=environ)
        try:
            for number, as_of in enumerate(RUNS):
                if number:
                    with _held(home):
                        _set(home, web, work / "sim", number)
                faults += _after(home, post, as_of, FAULTS[number], served)
        finally:
            served.send_signal(signal.SIGTERM)
            code = served.wait(120)
    print((work / "serve.log").read_text()[-3000:] if code or faults else "", end="")
    print(f"serve ended with {code}")
    faults += _compared(work, home, web)
    for fault in faults:
        print(f"NOT KEPT: {fault}")
    print(f"{len(RUNS)} weeks on the schedule; {len(faults)} promises not kept. SIMULATED.")
    return 1 if faults else 0


def _cells(folder: Path) -> Iterator[SimCell]:
    """The rows of a simulation's files, of which the server makes a report of a day and water."""
    for path in sorted((folder / "ais").glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                rows = csv.reader(io.StringIO(archive.read(name).decode("utf-8", "replace")))
                next(rows)
                for row in rows:
                    try:
                        place = float(row[1]), float(row[0])
                    except (ValueError, IndexError):
                        continue  # a faulty row, as simulated files have them
                    yield SimCell(row[2], place, row)


def _name(home: Settings, web: Services) -> None:
    """Let the home's definitions of services and lists name the local server."""
    name_services(home, web.address)
    (home.home / "lists").mkdir()
    for name, file in LISTS.items():
        definition = data_path("lists", f"{name}.toml").read_text()
        head, _, _ = definition.partition("[fetch.parts]")
        text = f'{head}[fetch.parts]\n"{file}" = "{web.address}/{file}"\n'
        (home.home / "lists" / f"{name}.toml").write_text(text)


@contextmanager
def _held(home: Path) -> Iterator[None]:
    """The home's lock, between two runs; scheduled ones wait for it."""
    while True:
        try:
            with lock.locked(home):
                yield
            return
        except lock.HeldError:
            time.sleep(0.2)


def _set(home: Path, web: Services, sim: Path, number: int) -> None:
    """The day of a run, what is published then, and what fails."""
    as_of, fault = RUNS[number], FAULTS[number]
    (home / "barometer.toml").write_text(f'as_of = "{as_of:%Y-%m-%dT%H:%M}"\n')
    web.plan = {
        "gfw-events": {"/events": [{"status": 401}] * 9999},
        "global-fishing-watch": {"/4wings/report": [{"status": 524}] * 9999},
    }.get(str(fault), {})
    web.files = {f"/{LISTS[name]}": text for name, text in _lists(sim, as_of.date()).items()}
    if fault == "uk-sanctions":
        web.files["/UK-Sanctions-List.csv"] = _uk(sim, as_of.date(), share=2)
    psc = fetching.known(home, "psc").published
    assert psc is not None
    for name, address in psc.parts.items():
        dataset = name.removesuffix(".ftm.json")
        ship = ("a", f"{lists.imo(1)}", f"{as_of.date() - timedelta(days=20)}")
        web.files[address.removeprefix(web.address)] = witness.entities(ship, dataset=dataset)


def _lists(sim: Path, day: date) -> dict[str, bytes]:
    """Each list in its publisher's form: the bundled facts, and on the UK's the simulated ships."""
    registers = data_path("registers")
    annex = lists.annexes(
        *(
            lists.APAR
            | {"name": row["vessel_name"], "previousName": "", "imoNumber": row["imo"]}
            | {"startDate": f"{date.fromisoformat(row['listed_on']):%d.%m.%Y}"}
            for row in data_rows(registers / "eu_833_2014_annex_xlii.csv")
        )
    )
    sdn = "".join(
        ofac.row(
            number,
            row["vessel_name"],
            program=row["programme"],
            remarks=f"Vessel Registration Identification IMO {row['imo']}",
        )
        for number, row in enumerate(data_rows(registers / "ofac_sdn_2026_03.csv"), 9000)
    )
    return {
        "eu-annex-xlii": annex.encode(),
        "ofac-sdn": sdn.encode(),
        "opensanctions-eu-journal": _entities("eu_journal_sanctions", "EU-RUS", day),
        "opensanctions-war-sanctions": _entities("ua_war_sanctions", "UA-WS-MARE", day),
        "uk-sanctions": _uk(sim, day),
    }


def _entities(dataset: str, programme: str, day: date) -> bytes:
    items = []
    for hull in map(lists.imo, range(20)):
        ship = lists.entity("Vessel", f"v{hull}", [dataset], imoNumber=[f"IMO{hull}"], name=["SIM"])
        listing = {"entity": [f"v{hull}"], "programId": [programme]}
        items += [ship, lists.entity("Sanction", f"s{hull}", [dataset], **listing)]
    return lists.json_lines(*(item | {"last_seen": f"{day}T01:02:03"} for item in items))


def _uk(sim: Path, day: date, share: int = 1) -> bytes:
    """The UK's list of a day; every ship, or one in `share`."""
    with (sim / "fleet.csv").open(encoding="utf-8", newline="") as file:
        fleet = [row for row in csv.DictReader(file) if row["is_tanker"] == "True" and row["imo"]]
    ours = [(row["imo"], row["vessel_name"], "2026-08-01") for row in fleet]
    known = data_rows(data_path("registers", "uk_russia.csv"))
    ships = [*((r["imo"], r["vessel_name"], r["listed_on"]) for r in known), *ours]
    rows = [
        lists.KOROLEV
        | {"Unique ID": f"RUS{number}", "Name 6": name, "IMO number": f"IMO{imo}"}
        | {"Date Designated": f"{date.fromisoformat(listed):%d/%m/%Y}"}
        for number, (imo, name, listed) in enumerate(ships, 1000)
    ]
    top = f"Report Date: {day - timedelta(days=1):%d-%b-%Y}\n"
    return lists.uk_list(*rows[::share], top=top).encode()


def _wait(what: str, served: subprocess.Popen[bytes], is_there: Any) -> None:
    end = time.monotonic() + RUN_S
    while not is_there():
        if time.monotonic() > end or served.poll() is not None:
            raise SystemExit(f"{what} did not come")
        time.sleep(0.5)


def _after(
    home: Path, post: Post, as_of: datetime, fault: str | None, served: subprocess.Popen[bytes]
) -> list[str]:
    """Wait for the run of a day and its mails; the promises that were not kept."""
    week = f"{as_of - timedelta(days=7):%G-W%V}"

    def has_run() -> bool:
        runs = history.read_history(home, history.RUN)
        return any(datetime.fromisoformat(each["as_of"]) == as_of for each in runs)

    def alarms() -> list[str]:
        texts = [_text(mail) for mail in post.taken() if mail["To"] == OPERATOR]
        return [text for text in texts if fault is not None and fault in text]

    def mails() -> list[str]:
        return [_text(m) for m in post.taken() if f"{SUBJECT} {week}" in m["Subject"]]

    _wait(f"the run of {as_of}", served, has_run)
    if fault is not None:
        _wait(f"the alarm of {as_of}", served, alarms)
    if fault != POSITIONS:  # else too few days of the week are here for a mail on it
        _wait(f"the mail on {week}", served, mails)
    page = (week_folder(home, week) / "report.html").read_text(encoding="utf-8")
    limits = [line for line in page.splitlines() if _is_named(line)]
    with access.reading(load_settings({"home": home, "as_of": as_of.isoformat()})) as con:
        query = """
            select russian_linked_tanker_calls, observed_share, state from barometer
            where week = $week and series = 'russian_linked_tankers'
        """
        number = con.execute(query, {"week": week}).fetchone()
    seen = {"as_of": f"{as_of:%F}", "week": week, "number": number, "fails": fault}
    shown_limits = [" ".join(each.split())[:300] for each in limits]
    print(json.dumps(seen | {"limits": shown_limits}), flush=True)
    if fault is None:
        return [f"{week} names {limits}"] if limits else []
    shown = {"page": " ".join(limits)} | ({} if fault == POSITIONS else {"mail": mails()[0]})
    return [
        f"{as_of:%F}: the {what} does not name {fault}"
        for what, text in shown.items()
        if fault not in text
    ]


def _is_named(line: str) -> bool:
    return "Not fetched on" in line or "was not refreshed" in line


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return " ".join(str(body.get_content()).split())


def _compared(work: Path, home: Path, web: Services) -> list[str]:
    """What differs from a home that got all at once, on the last day, with nothing that failed."""
    as_of = RUNS[-1].isoformat()
    one, other = (load_settings({"home": p, "as_of": as_of}) for p in (work / "one", home))
    prepare_home(one.home)
    _name(one, web)
    os.environ["BAROMETER_GFW_TOKEN"] = TOKEN
    first = RUNS[0].date() - timedelta(days=30)  # as the first run: four weeks, three days late
    paths = []
    for name in fetching.expanded(one.home, [fetching.IRAN]):
        source = fetching.known(one.home, name)
        if isinstance(source, FetchedList):
            refresh(one, source)
        elif name == POSITIONS:
            got = fetching.fetch_days(one, source, first, LAST)
            paths += [each.path for each in got if each.path is not None]
    with no_pictures():
        run.derive(one, ingest(one, *paths), publish=True)
    faults = []
    for relation, columns in (
        ("position", "mmsi, reported_at, lon, lat"),
        ("port_call", "*"),
        ("coverage", "*"),
        # Its other columns have what was published before.
        ("weekly_port_calls", "series, week, port_id, link_tier, port_calls, berth_calls, vessels"),
    ):
        rows = []
        for settings in (one, other):
            with access.reading(settings) as con:
                rows.append(con.table(relation).project(columns).order("all").fetchall())
        print(f"{relation}: {len(rows[1]):,} rows, undisturbed {len(rows[0]):,}")
        if rows[0] != rows[1]:
            faults.append(f"{relation} differs from an undisturbed home")
    return faults


if __name__ == "__main__":
    sys.exit(main())
