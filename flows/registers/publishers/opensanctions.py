"""OpenSanctions: its table of ships, `maritime.csv`, and its entities as FollowTheMoney JSON lines.

`maritime.csv` (zavod/exporters/maritime.py of github.com/opensanctions/opensanctions) has a row for
each IMO number of a ship and names no programme, only the datasets that the ship is in.

`entities.ftm.json` (opensanctions.org/docs/bulk/json) has one entity per line: ships, and the
sanctions and ownerships that refer to them by id. `targets.nested.json` has the same entities
nested in one another (opensanctions.org/faq/26/nested). The properties are defined in
followthemoney/schema of github.com/opensanctions/followthemoney.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from flows.registers.lists.entry import (
    Entry,
    Junk,
    ListFile,
    flag_code,
    imo_number,
    name_text,
    ship_mmsi,
    whole_number,
)
from flows.registers.lists.letters import plain_code, plain_text
from flows.registers.lists.table import (
    TableRow,
    bounded_lines,
    header_columns,
    read_head,
    table_rows,
)
from flows.registers.publishers.opensanctions_entities import (
    Entity,
    dataset_programmes,
    entities_on,
    first_text,
    only_dataset,
    raw_text,
    split_text,
    texts_of,
    values_of,
    written,
)
from flows.registers.publishers.opensanctions_owners import (
    ENDS,
    Claim,
    Owner,
    Run,
    claims_of,
    runs_of,
)

FORMS = "OpenSanctions' entities.ftm.json and maritime.csv"
"""What it reads, in the message of what can be read."""

FAMILY = "opensanctions"
"""Prefix of its registers' names; `data/registers/programmes.csv` has its tags."""

_NEEDED = {"type", "caption", "imo", "risk", "flag", "mmsi", "id", "datasets"}

_COUNTRIES = ("jurisdiction", "mainCountry", "nationality", "citizenship", "country")
"""The properties with an owner's country, the most specific first. Thing.yaml: `country` is "an
association [...] that is not covered by a more specific property", so it is read only alone."""

_NAMES = ("name", "previousName", "alias")

_SHIP = re.compile(rb'"schema"\s*:\s*"Vessel"')
_LINK = re.compile(rb'"schema"\s*:\s*"(?:Sanction|Ownership|UnknownLink|Representation)"')
"""Text of a line with such an entity. Searching for it, or for an id, costs a tenth of parsing."""

_ID = re.compile(rb'"id"\s*:\s*"([^"]*)"')

_DATA_SET = re.compile("[A-Za-z0-9_-]{1,100}")
"""The name of a data set. A register has it, and a register is a folder of the home."""

# A look-up of a flag costs as much as the rest of a row, and flags are few.
_flag = functools.lru_cache(maxsize=4096)(flag_code)


class _Survey(NamedTuple):
    """Result of a first pass over a file.

    runs: every ship by its id, with the owners and operators named on its own line.
    """

    register: str
    published_on: date | None
    runs: dict[str, list[Run]]


class _Graph(NamedTuple):
    """Sanctions, owners and operators on other lines than the ships' own; faults by line."""

    claims: dict[str, list[Claim]]
    runs: dict[str, list[Run]]
    owners: dict[str, Owner]
    faults: dict[int, list[Junk]]


def open_list(path: Path) -> ListFile | None:
    """OpenSanctions' ships, from `maritime.csv` or FollowTheMoney JSON lines; else None.

    Returns
    -------
    ListFile or None
        Of `maritime.csv`: an entry for each row of a ship and each of its datasets, with the
        programme ``dataset:<name>`` and the risk tags as the ground. It gives no dates.

        Of JSON lines: an entry for each ship and sanction. Its programme is `programId`, else the
        text of `program`, else its datasets; `listed_on` is `listingDate`, else `startDate` ("the
        date on which the designation goes into effect", Sanction.yaml), the earliest of several;
        `delisted_on` is `endDate`, the latest of several. And an entry for each ship, owner,
        operator or manager, and country of theirs, with the programme ``owner:<alpha-2 country>``,
        valid from `startDate` to `endDate`; the ground is the role, and the property with the
        country. If only one list names the owner, its name follows: ``owner:RU:ua_war_sanctions``.
        A ship with neither has an entry for each dataset. A ship with several IMO numbers has all
        of these entries for each number.

        `register` is ``opensanctions:<data set>`` of the one data set that all ships of JSON lines
        are in, ``opensanctions:collection`` where they are in several, ``opensanctions:unnamed``
        where that is no name, and ``opensanctions:maritime`` for the table. `published_on` is the
        newest `last_seen` or `last_change` of the ships; null for the table, which has no dates.

    Raises
    ------
    OSError
        If the file cannot be read.

    Notes
    -----
    The register is that of the data set: each of OpenSanctions' data sets is a list of its own.

    A date with only year or month is left out; a sanction that ended then has `is_delisted`. An
    ownership that ended on an unknown day is no entry: it would count for all time. An owner
    without a country is skipped. JSON lines are read four times, so that they may come in any
    order, and only ships and the parties linked to them are kept in memory.
    """
    head = read_head(path)
    columns = header_columns(head)
    if _NEEDED.issubset(columns):
        return ListFile(f"{FAMILY}:maritime", None, _table_entries(path, columns))
    if any(_looks_like_entity(line) for line in head.splitlines()):
        survey = _survey(path)
        return ListFile(survey.register, survey.published_on, _graph_entries(path, survey))
    return None


def _looks_like_entity(line: str) -> bool:
    has_schema = re.search(r'"schema"\s*:\s*"[A-Z]', line) is not None
    return line.startswith("{") and has_schema and '"properties"' in line


def _table_entries(path: Path, columns: list[str]) -> Iterator[Entry | Junk]:
    for row in table_rows(path, columns):
        if isinstance(row, Junk):
            yield row
            continue
        cells = row.texts()
        if cells["type"].upper() == "VESSEL":  # the others are organisations
            yield from _row_entries(row, cells)


def _row_entries(row: TableRow, cells: dict[str, str]) -> Iterator[Entry | Junk]:
    properties = {
        "imoNumber": split_text(cells["imo"]),
        "mmsi": split_text(cells["mmsi"]),
        "flag": split_text(cells["flag"]),
        "topics": split_text(cells["risk"]),
        "alias": split_text(cells.get("aliases", "")),
    }
    datasets = split_text(cells["datasets"])
    ship = Entity(cells["id"], "Vessel", cells["caption"], properties, datasets, None, [])
    hulls, faults = _hulls(ship, row.line, f"{FAMILY}:maritime")
    yield from (Junk(row.line, fault, row.raw, not hulls) for fault in faults)
    for programme in dataset_programmes(ship):
        yield from (hull._replace(programme=programme) for hull in hulls)


def _hulls(ship: Entity, line: int, register: str) -> tuple[list[Entry], list[str]]:
    """A ship's entry for each of its IMO numbers, without a programme, and its faults.

    Without an entry the ship is lost.
    """
    imos, imo_faults = values_of(
        ship, "imoNumber", imo_number, "seven digits with a right check digit"
    )
    mmsis, mmsi_faults = values_of(ship, "mmsi", ship_mmsi, "a ship's nine digits")
    flags, flag_faults = values_of(ship, "flag", _flag, "a known country")
    faults = [*ship.faults, *imo_faults, *mmsi_faults, *flag_faults]
    if len(flags) > 1:
        faults.append(f"{len(flags)} flags, expected one: the current flag is unknown")
    texts = [ship.caption, *(t for name in _NAMES for t in texts_of(ship, name))]
    names = list(dict.fromkeys(name for text in texts if (name := name_text(text))))
    reference = plain_text(ship.id)
    if reference is None:
        return [], ["no id: nothing to refer to"]
    if not (imos or mmsis or names):
        return [], ["a ship without IMO number, MMSI and name"]
    years = [
        int(text[:4]) for text in texts_of(ship, "buildDate") if re.match(r"[12][0-9]{3}", text)
    ]
    hull = Entry(
        register=register,
        link_source=f"OpenSanctions {register.removeprefix(f'{FAMILY}:')}",
        reference=reference,
        imo=imos[0] if imos else None,
        mmsis=tuple(mmsis),
        vessel_name=names[0] if names else None,
        former_names=tuple(names[1:]),
        call_sign=first_text(ship, "callSign"),
        flag=flags[0] if len(flags) == 1 else None,
        vessel_type=first_text(ship, "type"),
        deadweight_t=whole_number(first_text(ship, "deadweightTonnage")),
        gross_t=whole_number(first_text(ship, "grossRegisteredTonnage")),
        built_year=min(years, default=None),
        ground=";".join(texts_of(ship, "topics")) or None,
        line=line,
    )
    return [hull, *(hull._replace(imo=imo) for imo in imos[1:])], faults


def _survey(path: Path) -> _Survey:
    runs: dict[str, list[Run]] = {}
    datasets: set[str] = set()
    days: set[date] = set()
    for number, line in bounded_lines(path):
        ships = _ships(number, line) if _SHIP.search(line) else []
        for ship in [] if isinstance(ships, Junk) else ships:
            runs[ship.id] = [
                Run(owner, role, None, None, only_dataset(ship), number)
                for role in ("owner", "operator")  # Vehicle.yaml; no dates there
                for owner in ship.properties.get(role, ())
            ]
            datasets |= {name for text in ship.datasets if (name := plain_code(text))}
            days |= {ship.seen_on} if ship.seen_on else set()
    name = "collection" if len(datasets) > 1 else next(iter(datasets), "")
    register = f"{FAMILY}:{name if _DATA_SET.fullmatch(name) else 'unnamed'}"
    return _Survey(register, max(days, default=None), runs)


def _graph_entries(path: Path, survey: _Survey) -> Iterator[Entry | Junk]:
    graph = _read_graph(path, survey.runs)
    done: set[str] = set()
    for number, line in bounded_lines(path):
        ships = _ships(number, line)
        if isinstance(ships, Junk):
            yield ships
            continue
        yield from graph.faults.get(number, ())
        for ship in ships:
            if ship.id not in done:  # nested, a ship is on its own line and on its owner's
                done.add(ship.id)
                yield from _ship_entries(ship, number, raw_text(line), graph, survey.register)


def _ships(number: int, line: bytes) -> list[Entity] | Junk:
    """The ships on a line. A line without any is not parsed, only checked for its form."""
    if _SHIP.search(line) or not line.endswith(b"\n"):
        entities = entities_on(number, line)
        return (
            entities
            if isinstance(entities, Junk)
            else [e for e in entities if e.schema == "Vessel"]
        )
    text = line.strip()
    if text and not (text.startswith(b"{") and text.endswith(b"}") and b'"schema"' in text):
        return Junk(number, "not an entity of FollowTheMoney", raw_text(line), True)
    return []


def _ship_entries(
    ship: Entity, line: int, raw: str, graph: _Graph, register: str
) -> Iterator[Entry | Junk]:
    hulls, faults = _hulls(ship, line, register)
    yield from (Junk(line, fault, raw, not hulls) for fault in faults)
    statements = [*_listings(ship.id, graph), *_ownerships(ship.id, graph)]
    for tail, fields in statements or [
        ("", {"programme": name}) for name in dataset_programmes(ship)
    ]:
        for hull in hulls:
            yield hull._replace(reference=hull.reference + tail, **fields)


def _listings(ship: str, graph: _Graph) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each sanction: the end of the reference, and the fields of an entry."""
    for claim in graph.claims.get(ship, ()):
        yield (
            claim.tail,
            {
                "programme": claim.programme,
                "listed_on": claim.listed_on,
                "delisted_on": claim.delisted_on,
                "is_delisted": claim.is_delisted,
            },
        )


def _ownerships(ship: str, graph: _Graph) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each country of each owner, as `_listings`."""
    for run in graph.runs.get(ship, ()):
        owner = graph.owners.get(run.owner, Owner("", {}))  # a missing one is Junk
        for country, name in owner.countries.items():
            yield (
                f", owner {owner.name}",
                {
                    "programme": f"owner:{country}" + (f":{run.dataset}" if run.dataset else ""),
                    "valid_from": run.valid_from,
                    "valid_to": run.valid_to,
                    "ground": f"{run.role} ({name})",
                },
            )


def _read_graph(path: Path, on_ships: dict[str, list[Run]]) -> _Graph:
    """The graph of a file, in two passes over it."""
    claims, on_links, faults = _read_links(path, on_ships)
    runs = {ship: [*own, *on_links.get(ship, ())] for ship, own in on_ships.items()}
    owners, owner_faults = _read_owners(path, {r.owner for tied in runs.values() for r in tied})
    for number, junk in owner_faults.items():
        faults[number] += junk
    for run in (run for tied in runs.values() for run in tied if run.owner not in owners):
        fault = f"{run.role} {run.owner[:40]!r} is not in the file, so its country is unknown"
        faults[run.line].append(Junk(run.line, fault, "", True))
    return _Graph(claims, runs, owners, faults)


def _read_links(
    path: Path, ships: Collection[str]
) -> tuple[dict[str, list[Claim]], dict[str, list[Run]], dict[int, list[Junk]]]:
    """Sanctions and links of ships, by the ship's id, and faults, by line.

    A line without a ship's id is not parsed.
    """
    claims: dict[str, list[Claim]] = defaultdict(list)
    runs: dict[str, list[Run]] = defaultdict(list)
    faults: dict[int, list[Junk]] = defaultdict(list)
    sought, done = written(ships), set()
    for number, line in bounded_lines(path):
        is_wanted = _LINK.search(line) and not sought.isdisjoint(line.split(b'"'))
        entities = entities_on(number, line) if is_wanted else []
        if isinstance(entities, Junk):
            faults[number].append(entities)
            continue
        for entity in entities:
            for ship_end, other_end in ENDS.get(entity.schema, ()):
                about = [ship for ship in entity.properties.get(ship_end, ()) if ship in ships]
                if not about or (entity.id, ship_end) in done:
                    continue
                done.add((entity.id, ship_end))  # nested, it is on several lines
                ship_claims, claim_faults = (
                    claims_of(entity) if other_end is None else ([], entity.faults)
                )
                ship_runs, run_junk = runs_of(entity, other_end, number) if other_end else ([], [])
                raw = raw_text(line)
                faults[number] += [Junk(number, fault, raw, False) for fault in claim_faults]
                faults[number] += [junk._replace(raw=raw) for junk in run_junk]
                for ship in about:
                    claims[ship] += ship_claims
                    runs[ship] += ship_runs
    return claims, runs, faults


def _read_owners(path: Path, wanted: set[str]) -> tuple[dict[str, Owner], dict[int, list[Junk]]]:
    """The entities with these ids, with their countries, and faults, by line."""
    owners: dict[str, Owner] = {}
    faults: dict[int, list[Junk]] = defaultdict(list)
    sought = written(wanted)
    for number, line in bounded_lines(path):
        entities = [] if sought.isdisjoint(_ID.findall(line)) else entities_on(number, line)
        if isinstance(entities, Junk):
            faults[number].append(entities)
            continue
        for entity in (e for e in entities if e.id in wanted and e.id not in owners):
            owners[entity.id], wrong = _owner(entity)
            faults[number] += [Junk(number, fault, raw_text(line), False) for fault in wrong]
    return owners, faults


def _owner(entity: Entity) -> tuple[Owner, list[str]]:
    countries: dict[str, str] = {}
    faults = []
    for name in _COUNTRIES:
        if name == "country" and countries:
            break  # its country is known: an association with another one does not count
        for text in texts_of(entity, name):
            if re.fullmatch(r"[A-Za-z]{2}", text):
                countries.setdefault(text.upper(), name)
            else:
                faults.append(f"{name} {text[:40]!r}, expected two letters")
    title = plain_text(entity.caption) or first_text(entity, "name") or "without a name"
    return Owner(title, countries), faults
