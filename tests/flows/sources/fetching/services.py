"""The services of Global Fishing Watch and PortWatch for tests, which answer as documented and
misbehave as told; and a home whose definitions name them."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from shapely.geometry import Point, shape

from flows.home.resources import data_path
from flows.home.settings import Settings
from flows.sources.fetching.faults import Patience
from flows.sources.fetching.fetched import Fetched
from flows.sources.fetching.services import fetch_days, fetch_due, known
from tests.build.files import SOURCES
from tests.build.web import Web, _Handler

TOKEN = "t0ken.of.a.test"
QUICK = Patience(timeout_s=2, tries=3, wait_s=0.01, longest_wait_s=0.5, slow_s=1)
HEADER = SOURCES["global-fishing-watch"].header
KHARG, NEKA = (50.32, 29.23), (53.29, 36.85)


class Cell(NamedTuple):
    """A ship's hour in a cell, as a report has it."""

    hour: str
    place: tuple[float, float]
    mmsi: str = "210000001"
    name: str = "BARO ONE"

    @property
    def row(self) -> list[str]:
        lon, lat = self.place
        times = [f"{self.hour[:10]}T00:00:00Z"] * 2
        return [
            *(f"{lat:.6g}", f"{lon:.6f}", self.hour, "8c7304226-6c71", "PAN", self.name, *times),
            *("INCONCLUSIVE", "OTHER", self.mmsi, "9074729", "EPAB1", *times, "1"),
        ]


def report_csv(*cells: Cell, header: tuple[str, ...] = HEADER) -> bytes:
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(header)
    table.writerows([*cell.row, "x"][: len(header)] for cell in cells)
    return out.getvalue().encode()


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("_csv", ".csv"), content)
    return out.getvalue()


def event(number: int, day: str, place: tuple[float, float] = KHARG) -> dict[str, Any]:
    lon, lat = place
    return {
        "id": f"e{number}",
        "type": "port_visit",
        "start": f"{day}T01:00:00.000Z",
        "end": f"{day}T09:00:00.000Z",
        "position": {"lat": lat, "lon": lon},
        "vessel": {"id": "v", "name": "BARO <ONE>", "ssvid": "210000001", "flag": "PAN"},
        "port_visit": {"visitId": f"v{number}", "confidence": "4"},
    }


class Services(Web):
    """As `Web`, with what the services know: `cells`, `events`, and rows of PortWatch's layer.

    `last` holds the next answers of last-report: bytes, an object, or a status.
    """

    def __init__(self) -> None:
        super().__init__()
        self.RequestHandlerClass = _Service
        self.questions: list[tuple[str, dict[str, str], Any, dict[str, str]]] = []
        self.cells: list[Cell] = []
        self.events: list[dict[str, Any]] = []
        self.is_offset_ignored = False
        self.last: list[Any] = []
        self.date_field, self.date_type = "date", "esriFieldTypeDateOnly"
        self.page = 1000
        self.port_days: list[tuple[str, str, str]] = []
        self.renamed: dict[str, str] = {}

    def asked_for(self, end: str) -> list[tuple[dict[str, str], Any]]:
        """Parameters and body of each question to a path with this end."""
        return [(query, body) for path, query, body, _ in self.questions if path.endswith(end)]


class _Service(_Handler):
    server: Services

    def do_POST(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        web, url = self.server, urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        query = dict(parse_qsl(url.query))
        with web.counting:
            web.questions.append((url.path, dict(query), body, dict(self.headers.items())))
            waiting = web.plan.get(url.path) or web.plan.get("*")
            told = waiting.pop(0) if waiting else {}
        if url.path in web.files:
            self.path = url.path
            return self._answer(told)
        kinds = {
            "/4wings/report": self._report,
            "/4wings/last-report": self._last,
            "/events": self._events,
            "/layer/0": self._layer,
            "/layer/0/query": self._query,
        }
        status, answer = 401, b'{"error":"Unauthorized"}'
        if "layer" in url.path or self.headers.get("Authorization") == f"Bearer {TOKEN}":
            status, answer = kinds[url.path](query, body)
        content = told.get("body", answer)
        return self._send(told.get("status", status), told.get("headers", {}), content, told)

    def _report(self, query: dict[str, str], body: Any) -> tuple[int, bytes]:
        asked = {
            "datasets[0]": "public-global-presence:latest",
            "spatial-resolution": "HIGH",
            "temporal-resolution": "HOURLY",
            "spatial-aggregation": "false",
            "group-by": "VESSEL_ID",
            "format": "CSV",
        }
        first, end = query.pop("date-range").split(",")
        assert query == asked
        geometry = body["geojson"]
        parts = [f["geometry"] for f in geometry.get("features", [])] or [geometry]
        inside = [
            cell
            for cell in self.server.cells
            if first <= cell.hour[:10] < end
            and any(shape(part).contains(Point(cell.place)) for part in parts)
        ]
        return 200, zipped(public_csv=report_csv(*inside))

    def _last(self, query: dict[str, str], body: Any) -> tuple[int, bytes]:
        answer = self.server.last.pop(0) if self.server.last else 404
        if isinstance(answer, int):
            return answer, b"{}"
        return 200, answer if isinstance(answer, bytes) else json.dumps(answer).encode()

    def _events(self, query: dict[str, str], body: Any) -> tuple[int, bytes]:
        offset, limit = int(query["offset"]), int(query["limit"])
        offset = 0 if self.server.is_offset_ignored else offset
        water = shape(body["geometry"])
        kind = body["datasets"][0].split("-")[2]
        found = [
            event
            for event in self.server.events
            if event["type"].startswith(kind.rstrip("s"))
            and body["startDate"] <= event["start"][:10] < body["endDate"]
            and water.contains(Point(event["position"]["lon"], event["position"]["lat"]))
        ]
        page = found[offset : offset + min(limit, self.server.page)]
        following = offset + len(page) if offset + len(page) < len(found) else None
        answer = {"limit": limit, "offset": offset, "nextOffset": following, "total": len(found)}
        return 200, json.dumps(answer | {"entries": page}).encode()

    def _fields(self) -> dict[str, str]:
        names = ["year", "month", "day", "portid", "portname", "country", "ISO3", "portcalls"]
        names += ["portcalls_tanker", "import_tanker", "export_tanker"]
        fields = {"ObjectId": "esriFieldTypeOID", self.server.date_field: self.server.date_type}
        fields |= dict.fromkeys(names, "esriFieldTypeInteger")
        return {self.server.renamed.get(name, name): kind for name, kind in fields.items()}

    def _layer(self, query: dict[str, str], body: Any) -> tuple[int, bytes]:
        fields = [{"name": name, "type": kind} for name, kind in self._fields().items()]
        answer = {"objectIdField": "ObjectId", "maxRecordCount": 1000, "fields": fields}
        return 200, json.dumps(answer).encode()

    def _query(self, query: dict[str, str], body: Any) -> tuple[int, bytes]:
        """A real SQL engine reads the condition; SQLite has no DATE literal."""
        assert "resultOffset" not in query
        con, names = sqlite3.connect(":memory:"), list(self._fields())
        con.execute(f"create table t ({', '.join(names)})")
        for number, (day, port, iso) in enumerate(self.server.port_days):
            year, month, of_month = map(int, day.split("-"))
            row = [number * 3, day, year, month, of_month, port, port, "c", iso, 9, 4, 0, 12000]
            con.execute(f"insert into t values ({', '.join('?' * len(row))})", row)
        where = query["where"].replace("DATE '", "'")
        found = con.execute(f"select * from t where {where} order by 1").fetchall()
        if query.get("returnCountOnly"):
            return 200, json.dumps({"count": len(found)}).encode()
        page = [dict(zip(names, row, strict=True)) for row in found[: self.server.page]]
        if self.server.date_type == "esriFieldTypeDate":
            for row in page:
                day = date.fromisoformat(row[self.server.date_field])
                row[self.server.date_field] = (day - date(1970, 1, 1)).days * 86_400_000
        answer: dict[str, Any] = {"features": [{"attributes": row} for row in page]}
        if len(found) > len(page):
            answer["exceededTransferLimit"] = True
        return 200, json.dumps(answer).encode()


@contextmanager
def services() -> Iterator[Services]:
    with Services() as web:
        threading.Thread(target=web.serve_forever, args=(0.01,), daemon=True).start()
        yield web
        web.quiet.set()
        web.shutdown()


def name_services(home: Settings, address: str) -> None:
    """Let the home's definitions name these services in the place of the real ones."""
    for folder, name in (
        ("sources", "global-fishing-watch"),
        ("witnesses", "gfw-events"),
        ("witnesses", "portwatch"),
        ("witnesses", "psc"),
    ):
        text = data_path(folder, f"{name}.toml").read_text()
        for real, ours in (
            ("https://gateway.api.globalfishingwatch.org/v3", address),
            (
                "https://services9.arcgis.com/weJ1QsnbMYJlCHdG/arcgis/rest/services/"
                "Daily_Ports_Data/FeatureServer",
                f"{address}/layer",
            ),
            ("https://data.opensanctions.org", address),
        ):
            text = text.replace(real, ours)
        (home.home / folder).mkdir(exist_ok=True)
        (home.home / folder / f"{name}.toml").write_text(text)


def fetch(
    home: Settings, name: str, first: date, days: int = 1, *, with_trade: bool = False
) -> list[Fetched]:
    source, last = known(home.home, name), first + timedelta(days=days - 1)
    return fetch_days(home, source, first, last, with_trade=with_trade, patience=QUICK)


def due(home: Settings, name: str) -> list[Fetched]:
    return fetch_due(home, known(home.home, name), patience=QUICK)
