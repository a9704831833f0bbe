"""IMF PortWatch: daily port calls and tonnes of Iran's ports, from an ArcGIS feature service.

The service's questions and answers are Esri's (developers.arcgis.com/rest, "Feature layer" and
"Query (Feature Service/Layer)"). It is paged by ObjectId: offsets fail from some 20,000 rows on.
The date's field is found in the layer's own description, as it was renamed and retyped before.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from flows.home.settings import Settings
from flows.sources.definitions import Definition
from flows.sources.fetching.answers import Order, Question, json_answer, shown
from flows.sources.fetching.download import Version, size_of
from flows.sources.fetching.faults import Changed, Fault, disk_fault, tried
from flows.sources.fetching.fetch import adopt, part_of
from flows.sources.fetching.fetched import Fetched, log_fetched

COUNTRY = "IRN"
PAGE = 1000
"""Rows a page: what PortWatch's layers give at most (`maxRecordCount` of their description)."""
MOST_PAGES = 1000
DATES = ("date", "date_")
DATE_TYPES = ("esriFieldTypeDate", "esriFieldTypeDateOnly", "esriFieldTypeString")
MAY_PASS = (429, 500, 502, 503, 504)
"""Codes of an error object that another try may end."""


class Layer(NamedTuple):
    """A layer as it describes itself: its fields in order, its row number and its date."""

    fields: tuple[str, ...]
    row_id: str
    date: str
    is_text: bool


def fetch(order: Order) -> list[Fetched]:
    """One file with the rows of all days asked for, named by the day of the fetch, as the publisher
    restates them."""
    today = order.settings.as_of.date()
    name = f"portwatch-daily-ports-{order.first}_{order.last}-fetched-{today}.csv"
    place = order.folder / name
    part = part_of(place)
    try:
        newest = _write(part, order)
        if newest is None:
            part.unlink()
            is_late = order.first > today - timedelta(days=order.published.delay_days)
            result = Fetched(order.first, name, *_nothing(is_late=is_late))
        else:
            version = Version(str(order.published.address), None, None, size_of(part))
            adopt(part, place, version, order.settings.as_of)
            result = Fetched(
                order.first, name, "fetched", f"days to {newest}", place, size_of(place)
            )
    except Fault as fault:
        part.unlink(missing_ok=True)
        result = Fetched(order.first, name, "failed", str(fault))
    except OSError as error:
        result = Fetched(order.first, name, "failed", str(disk_fault(error, place.parent)))
    log_fetched(result)
    return [result]


def due(settings: Settings, source: Definition, folder: Path) -> list[tuple[date, date]]:
    """The days to ask for on the schedule: `again_days` up to yesterday."""
    published = source.published
    assert published is not None
    last = settings.as_of.date() - timedelta(days=1)
    return [(last - timedelta(days=published.again_days), last)]


def described(order: Order) -> Layer:
    """The layer's description of itself.

    Raises
    ------
    Changed
        If a field that is needed is missing.
    """
    asked = Question(str(order.published.address), {"f": "json"})
    answer = asked_of(asked, order)
    fields = answer.get("fields")
    types = {
        str(field["name"]): str(field.get("type"))
        for field in (fields if isinstance(fields, list) else [])
        if isinstance(field, dict) and "name" in field
    }
    row_id = str(answer.get("objectIdField") or "") or next(
        (name for name, kind in types.items() if kind == "esriFieldTypeOID"), None
    )
    dated = next((name for name in types if name.lower() in DATES), None)
    needed = (*getattr(order.source, "fields", ()), "ISO3")
    lacking = sorted({field for field in needed if field not in types})
    lacking += ["date or date_"] * (dated is None) + ["ObjectId"] * (row_id not in types)
    if lacking or dated is None:
        raise Changed(f"{asked.address}: the layer lacks {', '.join(lacking)}. See its page.")
    if types[dated] not in DATE_TYPES:
        raise Changed(f"{asked.address}: {dated} is of type {shown(types[dated])}, not a date.")
    names = tuple(name for name in types if name != row_id)
    return Layer(names, str(row_id), dated, types[dated] == "esriFieldTypeString")


def asked_of(asked: Question, order: Order) -> dict[str, Any]:
    """An answer of the service that is no error: errors come with status 200 too.

    Raises
    ------
    Fault
        As `json_answer`, and if it is an error.
    """

    def attempt() -> dict[str, Any]:
        answer = json_answer(asked, order.session)
        if not isinstance(answer, dict):
            raise Changed(f"{asked.address}: the answer is not an object. See its page.")
        if "error" in answer:
            error = answer["error"] if isinstance(answer["error"], dict) else {}
            code = error.get("code")
            raise Fault(
                f"{asked.address}: the service answers with error {shown(str(code))} "
                f"({shown(str(error.get('message')))}). Fetch again later.",
                may_pass=code in MAY_PASS,
            )
        return answer

    return tried(attempt, order.session)


def _nothing(*, is_late: bool) -> tuple[str, str]:
    if is_late:
        return "not_published", "no rows yet: published on Tuesdays, with some days' delay."
    return "failed", "no rows of Iran's ports in these days. Is the layer still the right one?"


def _where(layer: Layer, order: Order) -> str:
    """Rows of Iran's ports in the days asked for. Dates are compared as SQL's DATE literals, texts
    as texts (Esri, "Standardized queries"); only dates of ours go in."""
    kind = "" if layer.is_text else "DATE "
    return (
        f"ISO3 = '{COUNTRY}' AND {layer.date} >= {kind}'{order.first}' "
        f"AND {layer.date} < {kind}'{order.last + timedelta(days=1)}'"
    )


def _write(part: Path, order: Order) -> date | None:
    """Write the rows as CSV, with the published names; the newest day in it, None without rows."""
    layer = described(order)
    newest = None
    # JSON can have half of a character (a lone surrogate), which UTF-8 cannot.
    with part.open("w", encoding="utf-8", errors="replace", newline="") as out:
        table = csv.DictWriter(out, layer.fields, extrasaction="ignore")
        table.writeheader()
        for row in rows(layer, order):
            day = day_of(row[layer.date])
            newest = day if newest is None else max(newest, day)
            table.writerow(row | {layer.date: str(day)})
    return newest


def rows(layer: Layer, order: Order) -> Iterator[dict[str, Any]]:
    """All rows, by ObjectId; their number is compared with the service's own count.

    Raises
    ------
    Fault
        If rows are missing.
    """
    address, where = f"{order.published.address}/query", _where(layer, order)
    count = asked_of(
        Question(address, {"where": where, "returnCountOnly": "true", "f": "json"}), order
    ).get("count")
    reached, read = -1, 0
    for _ in range(MOST_PAGES):
        params = {
            "where": f"{where} AND {layer.row_id} > {reached}",
            "outFields": "*",
            "orderByFields": layer.row_id,
            "resultRecordCount": str(PAGE),
            "returnGeometry": "false",
            "f": "json",
        }
        answer = asked_of(Question(address, params), order)
        page = _rows_of(answer, layer, address)
        numbers = [row[layer.row_id] for row in page]
        if numbers != sorted(set(numbers)) or (numbers and numbers[0] <= reached):
            raise Changed(f"{address}: the rows are not in the order of {layer.row_id}.")
        yield from page
        read += len(page)
        if not page or not (answer.get("exceededTransferLimit") or len(page) == PAGE):
            break
        reached = numbers[-1]
    if count != read:
        raise Fault(f"{address}: {read:,} rows came, and the service counts {shown(str(count))}.")


def _rows_of(answer: dict[str, Any], layer: Layer, address: str) -> list[dict[str, Any]]:
    features = answer.get("features")
    page: list[dict[str, Any]] = []
    for feature in features if isinstance(features, list) else [None]:
        row = feature.get("attributes") if isinstance(feature, dict) else None
        if not isinstance(row, dict) or not isinstance(row.get(layer.row_id), int):
            raise Changed(f"{address}: an answer without rows, or a row without its number.")
        if layer.date not in row:
            raise Changed(f"{address}: a row lacks {layer.date}.")
        page.append(row)
    return page


def day_of(value: Any) -> date:
    """A day as published: milliseconds since 1970, or text that begins with it.

    >>> day_of(1775001600000), day_of("2026-04-01"), day_of("2026/04/01 00:00:00+00")
    (datetime.date(2026, 4, 1), datetime.date(2026, 4, 1), datetime.date(2026, 4, 1))
    """
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value / 1000, UTC).date()
        return date.fromisoformat(str(value)[:10].replace("/", "-"))
    except (ValueError, OverflowError, OSError):
        raise Changed(f"{shown(str(value))!r} is not a day.") from None
