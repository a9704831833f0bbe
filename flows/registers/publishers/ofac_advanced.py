"""OFAC's SDN_ADVANCED.XML."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from xml.etree.ElementTree import Element  # the tree only: the parser is defused

from flows.registers.lists.entry import Entry, Junk, day
from flows.registers.lists.letters import plain_text
from flows.registers.publishers.ofac_rows import (
    ADVANCED_TAGS,
    LINE,
    RAW_LENGTH,
    TAKEN,
    Days,
    Ship,
    ShipNames,
    closed_entries,
    date_text,
    entry_rows,
    is_vessel,
    programmes_of,
    statements_of,
)


def read_advanced(path: Path) -> Iterator[Entry | Junk]:
    """Only ships are kept in memory, until their SanctionsEntry, which comes last in the file."""
    names: ShipNames = {}
    documents: dict[str, list[tuple[str, str]]] = defaultdict(list)
    ships: dict[str, Ship] = {}
    unlisted: set[str] = set()
    with path.open("rb") as source:
        for element in closed_entries(source, ADVANCED_TAGS):
            if isinstance(element, Junk):
                yield _with_ships_lost(element, len(unlisted))
                return
            if element.tag == "ReferenceValueSets":
                names = _reference_values(element)
            elif element.tag == "IDRegDocument":
                identity, label, number = _document(element, names)
                if label in TAKEN:
                    documents[identity].append((label, number))
            elif element.tag == "DistinctParty":
                for party in _ships_of(element, names, documents):
                    if isinstance(party, Junk):
                        yield party
                    else:
                        ships[party[0]] = party[1]
                        unlisted.add(party[0])
            elif element.tag == "SanctionsEntry":
                profile = element.get("ProfileID", "")
                unlisted.discard(profile)
                if profile in ships and _named(names, "List", element, "SDN List") == "SDN List":
                    yield from _listing(element, names, ships[profile])
    for profile in (p for p in ships if p in unlisted):
        ship = ships[profile]
        reason = "ship without a SanctionsEntry, so without programme and day of listing"
        raw = f"{ship.reference} {ship.name or ''}"
        yield Junk(ship.line, reason, raw[:RAW_LENGTH], is_whole=True)


def _with_ships_lost(cut: Junk, ships: int) -> Junk:
    lost = f"; {ships} ships are lost whose SanctionsEntry was not reached" if ships else ""
    return cut._replace(reason=cut.reason + lost)


def _reference_values(element: Element) -> dict[tuple[str, str], str]:
    """The words of the reference value sets, by the set's element and the word's ID.

    The Explanatory Notes promise no fixed IDs, so each file's own are used.
    """
    return {
        (value.tag, value.get("ID", "")): (value.text or "").strip()
        for values in element
        for value in values
    }


def _named(names: ShipNames, kind: str, element: Element, default: str = "") -> str:
    """The word that an attribute of the element, such as ListID, refers to."""
    return names.get((kind, element.get(f"{kind}ID", "")), default)


def _document(element: Element, names: ShipNames) -> tuple[str, str, str]:
    """Whose document it is (an Identity's ID), its label and its number."""
    number = plain_text(element.findtext("IDRegistrationNo")) or ""
    is_fraudulent = _named(names, "Validity", element) == "Fraudulent"
    return (
        element.get("IdentityID", ""),
        _named(names, "IDRegDocType", element).casefold(),
        f"{number} (fraudulent)" if is_fraudulent else number,
    )


def _ships_of(
    element: Element, names: ShipNames, documents: Mapping[str, list[tuple[str, str]]]
) -> Iterator[tuple[str, Ship] | Junk]:
    """The ships among a DistinctParty's profiles, each with the profile's ID."""
    line = int(element.get(LINE, "0"))
    for profile in element.iterfind("Profile"):
        key = profile.get("ID", "")
        name, former_names = _alias_names(profile, names)
        is_ship = is_vessel(_named(names, "PartySubType", profile))
        if is_ship is None or (is_ship and not key):
            reason = "no ID of the profile" if is_ship else "unknown PartySubType"
            yield Junk(line, reason, f"{key} {name or ''}"[:RAW_LENGTH], is_whole=True)
        elif is_ship:
            statements: list[tuple[str | None, str | None]] = [
                (_named(names, "FeatureType", feature), detail.text or _detail(names, detail))
                for feature in profile.iterfind("Feature")
                for detail in feature.iterfind("FeatureVersion/VersionDetail")
            ]
            for identity in profile.iterfind("Identity"):
                statements += documents.get(identity.get("ID", ""), [])
            yield key, Ship(line, f"SDN {key}", (), name, former_names, statements_of(statements))


def _detail(names: ShipNames, detail: Element) -> str:
    return names.get(("DetailReference", detail.get("DetailReferenceID", "")), "")


def _alias_names(profile: Element, names: ShipNames) -> tuple[str | None, tuple[str, ...]]:
    """The primary name and the others, in Latin script, as in AIS, where available."""
    primary, others = None, []
    for alias in profile.iterfind("Identity/Alias"):
        written = [
            (
                all(_named(names, "Script", part, "Latin") == "Latin" for part in parts),
                " ".join(part.text or "" for part in parts),
            )
            for documented in alias.iterfind("DocumentedName")
            if (parts := documented.findall("DocumentedNamePart/NamePartValue"))
        ]
        latin = [text for is_latin, text in written if is_latin] or [text for _, text in written]
        if alias.get("Primary") == "true" and latin and primary is None:
            primary, *latin = latin
        others += latin
    return primary, tuple(others)


def _listing(element: Element, names: ShipNames, ship: Ship) -> Iterator[Entry | Junk]:
    """The rows of one SanctionsEntry: its measures are the programmes, its events the dates."""
    programmes = programmes_of(
        measure.findtext("Comment")
        for measure in element.iterfind("SanctionsMeasure")
        if _named(names, "SanctionsType", measure) == "Program"
    )
    events = []
    for event in element.iterfind("EntryEvent"):
        when = event.find("Date")
        text = date_text(when) if when is not None else ""
        listed_on = day(text, "%Y-%m-%d")
        if _named(names, "EntryEventType", event, "Created") != "Created":
            continue
        if listed_on:
            events.append((_named(names, "LegalBasis", event), listed_on))
        else:
            reason = "unreadable day of listing, expected Year, Month and Day"
            yield Junk(int(element.get(LINE, "0")), reason, text[:RAW_LENGTH], is_whole=False)
    yield from entry_rows(ship._replace(programmes=programmes), _listed_on(programmes, events))


def _listed_on(programmes: Iterable[str | None], events: Iterable[tuple[str, date]]) -> Days:
    """The day from which an entry is listed under each of its programmes.

    OFAC gives an entry one event for each legal basis, not for each programme. Where a programme's
    tag contains the number of the executive order that an event names, that event dates the
    programme; any other programme has the earliest event that no programme claims, or, where all
    are claimed, the earliest of the entry.

    >>> basis = "Executive Order 14024 (Russia)"
    >>> events = [("Unknown", date(2012, 7, 12)), (basis, date(2025, 1, 10))]
    >>> dates = _listed_on(("IRAN", "RUSSIA-EO14024"), events)
    >>> dates["IRAN"].isoformat(), dates["RUSSIA-EO14024"].isoformat()
    ('2012-07-12', '2025-01-10')
    """
    claims = {programme: _orders(programme or "") for programme in programmes}
    dated = [(_orders(basis), listed_on) for basis, listed_on in events]
    claimed = frozenset().union(*claims.values())
    dates = {}
    for programme, own in claims.items():
        days = (
            [listed_on for orders, listed_on in dated if orders & own]
            or [listed_on for orders, listed_on in dated if not orders & claimed]
            or [listed_on for _, listed_on in dated]
        )
        if days:
            dates[programme] = min(days)
    return dates


def _orders(text: str) -> frozenset[str]:
    """The numbers of executive orders in a text: five digits since 1959, the first of them 1."""
    return frozenset(re.findall(r"(?<![0-9])1[0-9]{4}(?![0-9])", text))
