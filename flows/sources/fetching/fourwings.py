"""Global Fishing Watch's 4Wings report: the vessel presence of a day and a water, as a zip.

Documented at https://globalfishingwatch.org/our-apis/documentation (4Wings API, "report" and
"last-report"); the header of the CSV is in data/sources/global-fishing-watch.toml. Publisher's own
client, gfw-api-python-client, requires pandas below 3 and reads only JSON, which is several times
larger; so these are requests of our own.
"""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import tenacity
from shapely.geometry.base import BaseGeometry

from flows.home.settings import BarometerError, Settings
from flows.sources.definitions import Definition, Source
from flows.sources.fetching.answers import Order, Question, file_answer
from flows.sources.fetching.credentials import gfw_token
from flows.sources.fetching.download import Version, drop, record_of, size_of
from flows.sources.fetching.faults import Changed, Damaged, Fault, Refused, disk_fault, tried
from flows.sources.fetching.fetch import (
    BLOCK_BYTES,
    FIRST_DAYS,
    NOT_ANSWERED,
    adopt,
    check_whole,
    part_of,
    whole_version,
)
from flows.sources.fetching.fetched import Fetched, log_fetched
from flows.sources.fetching.waters import geojson, waters
from flows.sources.layouts import UnknownHeader, match_source
from flows.sources.packings import Explained, members, opened

KEPT_S = 1800
"""The service keeps the last report for 30 minutes (documentation, "last-report")."""

CELL_DEG = 0.01

MOST_LINE = 1 << 20
"""Characters; a row has some three hundred."""
MOST_FAILED = 3
"""Reports in a row that fail before the service is left alone until the next run. Each of them was
tried several times, for minutes where it answers 524: a choice."""


class Survey(NamedTuple):
    """What a report holds: its rows, and whether all are of the day and of the water asked for."""

    rows: int
    is_of_day: bool
    is_of_water: bool


def fetch(order: Order) -> list[Fetched]:
    """Ask for the days one by one, and for each water of a day one by one.

    What is here whole, asked for in the same words, and was fetched when the day was at least
    `again_days` old, is not asked for again. `MOST_FAILED` failures in a row end the list.

    Raises
    ------
    BarometerError
        If the token is missing, or the first question is refused; a later refusal ends the list.
    """
    areas = waters(with_trade=order.with_trade)
    token = gfw_token(str(order.published.address))
    results: list[Fetched] = []
    day, failed = order.first, 0
    while day <= order.last:
        if (order.settings.as_of.date() - day).days < order.published.delay_days:
            results.append(_late(day, order))
        else:
            for water, area in areas.items():
                try:
                    results.append(_fetched(day, water, area, token, order))
                except Refused as fault:
                    if not results:
                        raise BarometerError(str(fault)) from fault
                    return [*results, _not_asked(day, str(fault))]
                failed = failed + 1 if _is_failure(results[-1]) else 0
                if failed == MOST_FAILED:
                    why = f"{failed} reports in a row failed, the last: {results[-1].message}"
                    return [*results, _not_asked(day, why)]
        day += timedelta(days=1)
    return results


def due(settings: Settings, source: Definition, folder: Path) -> list[tuple[date, date]]:
    """The days to ask for on the schedule: from `again_days` before the newest that is here,
    without one from four weeks before the newest that is published, to the newest published."""
    published = source.published
    assert published is not None
    last = settings.as_of.date() - timedelta(days=published.delay_days)
    name = re.compile(rf"{re.escape(source.source_id)}-.*-(\d{{4}}-\d\d-\d\d)\.zip")
    here = [match[1] for path in folder.glob("*.zip") if (match := name.fullmatch(path.name))]
    if not here:
        return [(last - timedelta(days=FIRST_DAYS), last)]
    newest = min(date.fromisoformat(max(here)), last)
    return [(newest - timedelta(days=published.again_days), last)]


def question(day: date, area: BaseGeometry, token: str, order: Order) -> Question:
    """The question for a day of a water. The end of the range is exclusive."""
    (dataset,) = order.published.parts.values()
    params = {
        "datasets[0]": dataset,
        "date-range": f"{day},{day + timedelta(days=1)}",
        "spatial-resolution": "HIGH",
        "temporal-resolution": "HOURLY",
        "spatial-aggregation": "false",
        "group-by": "VESSEL_ID",
        "format": "CSV",
    }
    return Question(f"{order.published.address}/report", params, {"geojson": geojson(area)}, token)


def _is_failure(result: Fetched) -> bool:
    """Whether the service gave no answer, also where an earlier one is kept."""
    return result.state == "failed" or result.message.startswith(NOT_ANSWERED)


def _not_asked(day: date, why: str) -> Fetched:
    result = Fetched(day, None, "failed", f"not asked for, nor what follows: {why}")
    log_fetched(result)
    return result


def _late(day: date, order: Order) -> Fetched:
    hours = 24 * order.published.delay_days
    result = Fetched(day, None, "not_published", f"days are published some {hours} hours later.")
    log_fetched(result)
    return result


def _fetched(day: date, water: str, area: BaseGeometry, token: str, order: Order) -> Fetched:
    place = order.folder / f"{order.source.source_id}-{water}-{day}.zip"
    asked = question(day, area, token, order)
    state, message = "kept", ""
    try:
        if not _is_settled(place, day, asked, order):
            state, message = tried(lambda: _attempt(day, area, asked, place, order), order.session)
    except Refused:
        raise
    except Fault as fault:
        drop(part_of(place))
        state, message = "failed", str(fault)
        if whole_version(place) is not None:
            state = "kept"
            message = f"{NOT_ANSWERED}{fault}"
    is_here = state in ("kept", "fetched") and place.is_file()
    size = size_of(place) if is_here else None
    result = Fetched(day, place.name, state, message, place if is_here else None, size)
    log_fetched(result)
    return result


def _is_settled(place: Path, day: date, asked: Question, order: Order) -> bool:
    """Whether a file is here whole that the publisher will hardly restate."""
    try:
        if whole_version(place) is None:
            return False
        record = json.loads(record_of(place).read_text(encoding="utf-8"))
        fetched_on = date.fromisoformat(str(record["fetched_at"])[:10])
    except OSError as error:
        raise disk_fault(error, place.parent) from error
    except (ValueError, KeyError):
        return False
    age = fetched_on - day
    return record.get("question") == asked.digest and age.days >= order.published.again_days


def _attempt(
    day: date, area: BaseGeometry, asked: Question, place: Path, order: Order
) -> tuple[str, str]:
    """Get a report, check it and put it in its place; state and message."""
    part = part_of(place)
    try:
        report(day, area, asked, part, order)
        survey = surveyed(part, day, area, order)
        if not survey.is_of_day:
            drop(part)
            raise Fault(f"{asked.address}: the answer has rows of another day.", may_pass=True)
        is_new = (order.settings.as_of.date() - day).days < order.published.again_days
        if survey.rows == 0 and is_new:
            drop(part)
            return "not_published", "the answer has no ship; for a day so new it may not be whole."
        version = Version(asked.address, None, None, size_of(part))
        adopt(part, place, version, order.settings.as_of, asked.digest)
    except Damaged as error:
        drop(part)
        raise Fault(f"{asked.address}: {error}", may_pass=True) from error
    except OSError as error:
        raise disk_fault(error, place.parent) from error
    return "fetched", "" if survey.rows else "no ship in the answer."


def report(day: date, area: BaseGeometry, asked: Question, part: Path, order: Order) -> None:
    """Write a report's zip to a file.

    Where the service is busy with a report of this token, or computes for longer than a request
    lasts, its last report is waited for, and taken if it is this one.

    Raises
    ------
    Fault
        If it was not got; `may_pass` if another try may help.
    """
    try:
        answer = file_answer(asked, part, _most(order), order.session)
        if answer is None:
            return
        fault = _not_zip(answer, asked)
    except Fault as caught:
        fault = caught
    if not fault.is_running or order.session.stop.wait(fault.wait_s):
        raise fault
    fault.wait_s = 0
    if not _is_last(day, area, part, asked, order):
        raise fault


def _most(order: Order) -> int:
    assert order.published.max_bytes is not None
    return order.published.max_bytes


def _not_zip(answer: Any, asked: Question) -> Fault:
    """JSON in the place of a zip: the report is running, or something else."""
    status = answer.get("status") if isinstance(answer, dict) else None
    if status == "running":
        return Fault(f"{asked.address}: the report is running.", may_pass=True, is_running=True)
    return Changed(f"{asked.address}: the answer is JSON, not a zip with a CSV. See its page.")


def _is_last(day: date, area: BaseGeometry, part: Path, asked: Question, order: Order) -> bool:
    """Wait for the service's last report; whether it is the one that was asked for, in the part."""
    last = Question(f"{order.published.address}/last-report", {}, None, asked.token)

    def ask() -> bool:
        """Whether a file came; None and an error do not."""
        answer = file_answer(last, part, _most(order), order.session)
        if answer is None:
            survey = surveyed(part, day, area, order)
            # Without a row it may be the report of any day and water.
            return survey.rows > 0 and survey.is_of_day and survey.is_of_water
        fault = _not_zip(answer, last)
        if fault.is_running:
            raise fault
        return False

    patience = order.session.patience
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(lambda e: isinstance(e, Fault) and e.is_running),
        stop=tenacity.stop_after_delay(KEPT_S),
        wait=tenacity.wait_exponential(multiplier=patience.wait_s, max=patience.longest_wait_s),
        sleep=tenacity.sleep_using_event(order.session.stop),
        reraise=True,
    )
    try:
        return bool(retrying(ask))
    except Refused:
        raise
    except (Fault, Damaged):
        return False


def surveyed(part: Path, day: date, area: BaseGeometry, order: Order) -> Survey:
    """Read a report to its end.

    Raises
    ------
    Damaged
        If the zip is cut, holds no CSV or expands to more than AIS does.
    Changed
        If its header lacks a column that is needed.
    """
    check_whole(part, "report.zip", order.session.stop)
    west, south, east, north = area.bounds
    rows, is_of_day, is_of_water = 0, True, True
    for row in rows_of(part, order.source):
        rows += 1
        try:
            lon, lat = float(row["Lon"]), float(row["Lat"])
        except (TypeError, ValueError):
            is_of_water = False
            continue
        is_of_day &= str(row["Time Range"]).startswith(str(day))
        is_of_water &= west - CELL_DEG <= lon <= east + CELL_DEG
        is_of_water &= south - CELL_DEG <= lat <= north + CELL_DEG
    return Survey(rows, is_of_day, is_of_water)


def rows_of(part: Path, source: Definition) -> Iterator[dict[str, Any]]:
    """The rows of the CSVs in a report, after their header was checked. Raises as `surveyed`."""
    assert isinstance(source, Source)
    for member in members(part):
        if isinstance(member, BarometerError):
            raise Damaged(str(member))
        with opened(member) as stream:
            lines = csv.DictReader(_lines(stream.content))
            try:
                names = lines.fieldnames
                if names is None:
                    raise Damaged("the CSV in the answer is empty, without a header.")
                match_source(",".join(f'"{name.replace(chr(34), "")}"' for name in names), [source])
                yield from lines
            except UnknownHeader as error:
                raise Changed(f"the CSV in the answer: {error}") from error
            except csv.Error as error:
                raise Damaged(f"the CSV in the answer cannot be read ({error}).") from error


def header_of(part: Path) -> list[str]:
    """The columns of the first CSV in a report that was surveyed."""
    first = next(member for member in members(part) if not isinstance(member, BarometerError))
    with opened(first) as stream:
        return next(csv.reader(_lines(stream.content)), [])


def _lines(content: Explained) -> Iterator[str]:
    decoder, rest = codecs.getincrementaldecoder("utf-8-sig")("replace"), ""
    while piece := content.read(BLOCK_BYTES):
        *lines, rest = (rest + decoder.decode(piece)).split("\n")
        for line in lines:
            yield f"{line}\n"
        if len(rest) > MOST_LINE:  # few bytes can expand to a line that fills memory
            raise Damaged(
                f"the CSV in the answer has a line of more than {MOST_LINE:,} characters."
            )
    if rest:
        yield rest
