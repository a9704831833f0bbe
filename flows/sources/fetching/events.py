"""Global Fishing Watch's Events API: port visits, gaps, encounters and loitering in the waters of
Iran's ports, as one JSON object a line.

Documented at https://globalfishingwatch.org/our-apis/documentation (Events API, "POST /v3/events")
and in github.com/GlobalFishingWatch/gfw-api-python-client, resources/events/list: `limit` and
`offset` in the query; datasets, `startDate`, `endDate` (exclusive) and `geometry` in the body;
`total`, `nextOffset` and `entries` in the answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from shapely.geometry.base import BaseGeometry

from flows.home.settings import BarometerError, Settings
from flows.sources.definitions import Definition
from flows.sources.fetching.answers import Order, Question, json_answer
from flows.sources.fetching.credentials import gfw_token
from flows.sources.fetching.download import Version, drop, size_of
from flows.sources.fetching.faults import Changed, Fault, Refused, disk_fault, tried
from flows.sources.fetching.fetch import FIRST_DAYS, adopt, part_of
from flows.sources.fetching.fetched import Fetched, log_fetched
from flows.sources.fetching.waters import geojson, waters

PAGE = 1000
"""Events a page. The service allows 99,999; smaller pages are answered sooner. A choice."""

MOST_PAGES = 1000
"""A million events of one kind in one water are a fault of the paging."""


def fetch(order: Order) -> list[Fetched]:
    """A file for each kind of event and each water, of all days asked for; it replaces an earlier
    one of the same days.

    Days that are not published yet are left out. What was fetched before is asked for again, as an
    event changes until it has ended.

    Raises
    ------
    BarometerError
        If the token is missing or refused.
    """
    published = order.published
    token = gfw_token(str(published.address))
    late = order.settings.as_of.date() - timedelta(days=published.delay_days)
    if late < order.first:
        hours = 24 * published.delay_days
        message = f"events are published some {hours} hours later."
        result = Fetched(order.first, None, "not_published", message)
        log_fetched(result)
        return [result]
    return [
        _fetched(kind, dataset, water, area, token, order)
        for kind, dataset in published.parts.items()
        for water, area in waters().items()
    ]


def due(settings: Settings, source: Definition, folder: Path) -> list[tuple[date, date]]:
    """The days to ask for on the schedule: whole weeks, so that a week's files are replaced, from
    the week of `again_days` before the newest published day to the week of that day."""
    published = source.published
    assert published is not None
    last = settings.as_of.date() - timedelta(days=published.delay_days)
    first = last - timedelta(days=max(published.again_days, FIRST_DAYS))
    first -= timedelta(days=first.weekday())
    weeks = range(0, (last - first).days + 1, 7)
    return [(first + timedelta(days=n), first + timedelta(days=n + 6)) for n in weeks]


def question(
    dataset: str,
    area: BaseGeometry,
    days: tuple[date, date],
    page: tuple[int, int],
    token: str,
    order: Order,
) -> Question:
    """The question for a page of events: its days, first and last, its offset and most events."""
    (first, last), (offset, limit) = days, page
    params = {"limit": str(limit), "offset": str(offset), "sort": "+start"}
    body = {
        "datasets": [dataset],
        "startDate": str(first),
        "endDate": str(last + timedelta(days=1)),
        "geometry": geojson(area),
    }
    return Question(str(order.published.address), params, body, token)


def entries_of(answer: Any, asked: Question, fields: tuple[str, ...]) -> list[dict[str, Any]]:
    """The events of a page.

    Raises
    ------
    Changed
        If it has none, or one of them lacks a field.
    """
    entries = answer.get("entries") if isinstance(answer, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Changed(f"{asked.address}: the answer has no list `entries`. See its page.")
    lacking = sorted({field for entry in entries for field in fields if field not in entry})
    if lacking:
        raise Changed(f"{asked.address}: an event lacks {', '.join(lacking)}. See its page.")
    return entries


def _fetched(
    kind: str, dataset: str, water: str, area: BaseGeometry, token: str, order: Order
) -> Fetched:
    # With the day of the fetch, as an event changes until it has ended: a file of few days that is
    # fetched later is the newer version of what an earlier one of many days has too.
    stem = f"gfw-{kind}-{water}-{order.first}_{order.last}"
    place = order.folder / f"{stem}-fetched-{order.settings.as_of.date()}.jsonl"
    part = part_of(place)
    try:
        count = 0
        # JSON can have half of a character (a lone surrogate), which UTF-8 cannot.
        with part.open("w", encoding="utf-8", errors="replace") as out:
            for event in _events(dataset, area, token, order):
                out.write(json.dumps(event, ensure_ascii=False) + "\n")
                count += 1
        address = str(order.published.address)
        version = Version(address, None, None, size_of(part))
        adopt(part, place, version, order.settings.as_of)
        for older in set(order.folder.glob(f"{stem}*.jsonl")) - {place}:
            drop(older)
        result = Fetched(
            order.first, place.name, "fetched", f"{count:,} events", place, size_of(place)
        )
    except Refused as fault:
        part.unlink(missing_ok=True)
        raise BarometerError(str(fault)) from fault
    except Fault as fault:
        part.unlink(missing_ok=True)
        result = Fetched(order.first, place.name, "failed", str(fault))
    except OSError as error:
        result = Fetched(order.first, place.name, "failed", str(disk_fault(error, place.parent)))
    log_fetched(result)
    return result


def _events(dataset: str, area: BaseGeometry, token: str, order: Order) -> Iterator[dict[str, Any]]:
    """All events, each once: a page that repeats what came before is an offset that fails."""
    fields = tuple(getattr(order.source, "fields", ()))
    seen: set[str] = set()
    offset, is_more = 0, True
    for _ in range(MOST_PAGES):
        asked = question(dataset, area, (order.first, order.last), (offset, PAGE), token, order)
        answer = tried(partial(json_answer, asked, order.session), order.session)
        entries = entries_of(answer, asked, fields)
        new = [entry for entry in entries if str(entry["id"]) not in seen]
        if entries and not new:
            raise Fault(
                f"{asked.address}: the page from event {offset:,} on repeats earlier ones, so that "
                "events are missing. Fetch again later."
            )
        seen |= {str(entry["id"]) for entry in new}
        yield from new
        following, total = answer.get("nextOffset"), answer.get("total")
        if not isinstance(following, int | None) or not isinstance(total, int):
            raise Changed(f"{asked.address}: `nextOffset` or `total` is not a number.")
        is_more = bool(entries) and following is not None and following < total
        if not is_more:
            break
        offset = following or 0
    if is_more:
        raise Fault(f"{asked.address}: more than {MOST_PAGES:,} pages. Ask for fewer days.")
    if len(seen) < total:
        raise Fault(f"{asked.address}: {len(seen):,} of {total:,} events came. Fetch again later.")
