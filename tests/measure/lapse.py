"""`make lapse`: weeks on the schedule in minutes, on real servers, with what goes wrong at 3 a.m.

`barometer serve` with a tick every minute, on a Prefect server of its own, fetches SIMULATED days
from a local web server, ingests, reports and mails to a local SMTP server: four runs, between which
the publisher brings out more days. In the second a download is garbage, in the third the mail
server is down. Nobody cleans up. At the end the home must hold the rows of one that got all at
once, and everybody each week's number once.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import trustme

from flows.catalogue import access
from flows.home import history
from flows.home.resources import data_path
from flows.home.settings import Settings, load_settings
from flows.lake.prepare import prepare_home
from flows.runner import run
from flows.simulate import simulate
from tests.build.files import ingest
from tests.build.post import TEAM, Post, serve
from tests.build.web import Web, serving
from tests.conftest import no_pictures

SOURCE = "marinecadastre-2025"
DELAY_DAYS = 21
SPAN_DAYS = 49
LAST_OUT = (21, 14, 7, 7)
"""How many days before today the newest published day is, run by run."""
RUN_S = 420.0
"""The longest that a run is waited for; one takes half a minute on an idle machine."""

OPERATOR = "operator@example.org"


def main() -> int:
    """Play the runs, print what was seen, and give 1 where a promise was not kept."""
    with tempfile.TemporaryDirectory() as folder, serving() as web:
        work = Path(folder)
        posts = serve(_made(work / "post"), trustme.CA(), "starttls")
        post = next(posts)
        try:
            return _play(work, web, post)
        finally:
            next(posts, None)  # which stops the server; to close it would wait for it for ever


def _play(work: Path, web: Web, post: Post) -> int:
    today = datetime.now(UTC).date()
    days = _simulated(work / "sim", today - timedelta(days=SPAN_DAYS))
    home = _made(work / "home")
    _define(home, web)
    environ = os.environ | post.environ(BAROMETER_OPERATOR_TO=OPERATOR)
    environ |= {"SSL_CERT_FILE": str(post.authority), "PREFECT_SERVER_API_PORT": "4273"}
    command = [sys.executable, "-m", "flows.cli", "serve", "--fetch", SOURCE, "--home", str(home)]
    _publish(web, days, today - timedelta(days=LAST_OUT[0]))
    seen = []
    with (work / "serve.log").open("wb") as log:
        served = subprocess.Popen([*command, "--cron", "* * * * *"], stderr=log, env=environ)
        try:
            for number, back in enumerate(LAST_OUT, 1):
                garbage = _path(today - timedelta(days=back + 2))
                web.plan = {garbage: [{"body": b"<html>maintenance</html>"}] * 9 * (number == 2)}
                post.behave(**({"connect": "close"} if number == 3 else {}))
                _publish(web, days, today - timedelta(days=back))
                seen.append(_after(home, number) | {"mails": len(post.taken())})
                print(f"run {number}: {json.dumps(seen[-1])}", flush=True)
        finally:
            served.send_signal(signal.SIGTERM)
            code = served.wait(60)
    print((work / "serve.log").read_text()[-2000:] if code else "", f"serve ended with {code}")
    faults = _faults(work, home, days, today - timedelta(days=LAST_OUT[-1]), post)
    for fault in faults:
        print(f"NOT KEPT: {fault}")
    print(f"{len(LAST_OUT)} runs on the schedule; {len(faults)} promises not kept. SIMULATED.")
    return 1 if faults else 0


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _simulated(folder: Path, first: date) -> dict[date, bytes]:
    """A day's file for each day."""
    how = {"days": SPAN_DAYS, "ships": 30, "seed": 7, "traps": (), "reception": "2h"}
    files = sorted(simulate(folder, start=first, **how).files)
    return {first + timedelta(days=n): file.read_bytes() for n, file in enumerate(files)}


def _define(home: Path, web: Web) -> None:
    """Let the home's definition of the source name the local server."""
    text = data_path("sources", f"{SOURCE}.toml").read_text().partition("[fetch]")[0]
    text += f"[fetch]\ndelay_days = {DELAY_DAYS}\n[[fetch.files]]\nfirst = 2025-01-01\n"
    text += f'addresses = ["{web.address}/simulated-ais-{{day:%Y-%m-%d}}.csv.zst"]\n'
    text += "max_bytes = 100_000_000\n"
    _made(home / "sources").joinpath(f"{SOURCE}.toml").write_text(text)


def _path(day: date) -> str:
    return f"/simulated-ais-{day}.csv.zst"


def _publish(web: Web, days: dict[date, bytes], newest: date) -> None:
    web.files = {_path(day): content for day, content in days.items() if day <= newest}


def _after(home: Path, number: int) -> dict[str, Any]:
    """What the home says once its history has one run more and the outbox rests."""
    before = len(history.read_history(home, history.RUN))
    end = time.monotonic() + RUN_S
    while len(history.read_history(home, history.RUN)) <= before:
        if time.monotonic() > end:
            raise SystemExit(f"run {number} did not come within {RUN_S:.0f} s")
        time.sleep(0.5)
    time.sleep(15)  # its mail goes after its record, three tries in 25 seconds at most
    last = history.read_history(home, history.RUN)[-1]
    outbox = history.read_history(home, history.OUTBOX)
    return {
        "files": last["files_ingested"],
        "weeks_mailed": sorted({r["week"] for r in outbox if r["state"] == "sent"}),
        "weeks_failed": sorted({r["week"] for r in outbox if r["state"] == "failed"}),
    }


def _rows(settings: Settings, name: str, columns: str = "*") -> list[tuple[Any, ...]]:
    with access.reading(settings) as con:
        return con.table(name).project(columns).order("all").fetchall()


def _faults(work: Path, home: Path, days: dict[date, bytes], newest: date, post: Post) -> list[str]:
    """The promises that were not kept."""
    for day, content in days.items():
        if day <= newest:
            (work / f"simulated-ais-{day}.csv.zst").write_bytes(content)
    as_of = history.read_history(home, history.RUN)[-1]["as_of"]
    one = load_settings({"home": work / "undisturbed", "as_of": as_of})
    prepare_home(one.home)
    with no_pictures():
        run.derive(one, ingest(one, *sorted(work.glob("*.csv.zst"))), publish=True)
    other = load_settings({"home": home, "as_of": as_of})
    faults = [
        f"{name} differs from an undisturbed home"
        for name in ("port_call", "weekly_split", "coverage", "series_window")
        if _rows(one, name) != _rows(other, name)
    ]
    fixes, undisturbed = (
        _rows(it, "position", "mmsi, reported_at, lon, lat") for it in (other, one)
    )
    if fixes != undisturbed:
        faults.append(f"positions: {len(fixes)}, undisturbed {len(undisturbed)}")
    sent = [r for r in history.read_history(home, history.OUTBOX) if r["state"] == "sent"]
    keys = [(r["week"], r["version"], address) for r in sent for address in r["to"]]
    if len(keys) != len(set(keys)):
        faults.append("a version of a week was mailed twice to somebody")
    closed = [week for week, state in _rows(other, "barometer", "week, state") if state != "open"]
    if lacking := [a for a in TEAM if (closed[-1], a) not in {(k[0], k[2]) for k in keys}]:
        faults.append(f"{closed[-1]} did not reach {lacking}")
    alarms = [mail for mail in post.taken() if mail["To"] == OPERATOR]
    if not any("days failed" in str(mail.get_content()) for mail in alarms):
        faults.append("nobody was told of the download that failed")
    return faults


if __name__ == "__main__":
    sys.exit(main())
