"""Owners, operators and managers of a ship in OpenSanctions' graph."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from flows.registers.lists.entry import Junk
from flows.registers.lists.letters import as_latin
from flows.registers.publishers.opensanctions_entities import (
    Entity,
    dataset_programmes,
    days_of,
    only_dataset,
    tags_of,
    texts_of,
)

ENDS = {
    "Sanction": (("entity", None),),
    "Ownership": (("asset", "owner"),),
    "UnknownLink": (("object", "subject"), ("subject", "object")),
    "Representation": (("client", "agent"),),
}
"""The entities that refer to a ship: the property with the ship, and the one with the party that
owns or runs it. The GUR catalogue's managers are an UnknownLink or a Representation with a role
(datasets/ua/war_sanctions)."""

_PAST_WORDS = frozenset(
    (
        *("former", "formerly", "previous", "previously", "past", "prior", "ex", "old", "until"),
        *("inactive", "expired", "ended", "ceased", "terminated", "historic", "historical"),
        *("revoked", "removed", "delisted", "lifted", "withdrawn"),
    )
)
"""Words of a role or a status that ended. Sanction.yaml has the statuses."""

_RUNS_SHIP = frozenset(
    (
        *("owner", "owners", "shipowner", "shipowners", "owned", "owning", "owns", "ownership"),
        *("operator", "operators", "operated", "operating", "operates"),
        *("manager", "managers", "managed", "managing", "manages", "management", "ism", "doc"),
    )
)
_SHIP_ROLE = (
    _RUNS_SHIP
    | _PAST_WORDS
    | {
        *("registered", "beneficial", "legal", "ultimate", "nominal", "group", "joint", "co"),
        *("commercial", "commerce", "technical", "disponent", "current", "present", "sole", "main"),
        *("ship", "ships", "vessel", "vessels", "fleet", "company", "holder", "party", "third"),
        *("controlled", "controlling", "by", "or", "and", "of", "the", "for", "a", "its"),
    }
)
"""The words of a role that makes an owner, operator or manager, one of `_RUNS_SHIP` among them:
``commerce_manager``, ``ISM company``, ``Owned or Controlled By``. A role with another word, such as
``security manager``, ``crew manager``, ``cargo owner`` or ``managing director``, runs no ship."""

_HOLDS_SHARE = frozenset(("shareholder", "shareholding", "share", "shares", "stake", "percent"))
"""Further words of the role of an Ownership, beside `_SHIP_ROLE`."""


class Claim(NamedTuple):
    """A sanction of a ship. tail: end of the reference, after the ship's id."""

    programme: str | None
    tail: str
    listed_on: date | None
    delisted_on: date | None
    is_delisted: bool


class Run(NamedTuple):
    """An owner, operator or manager of a ship, by id.

    dataset: the only list that names it; empty where several or none do. line: its line in the
    file.
    """

    owner: str
    role: str
    valid_from: date | None
    valid_to: date | None
    dataset: str
    line: int


class Owner(NamedTuple):
    """countries: alpha-2, each with the property that has it."""

    name: str
    countries: dict[str, str]


def claims_of(sanction: Entity) -> tuple[list[Claim], list[str]]:
    """A claim for each programme of a sanction, and the faults of what is left out."""
    listed, faults = days_of(sanction, "listingDate")
    if not listed:
        listed, start_faults = days_of(sanction, "startDate")
        faults += start_faults
    ended, end_faults = days_of(sanction, "endDate")
    is_past = any(_is_past(text) for text in texts_of(sanction, "status"))
    has_end = bool(texts_of(sanction, "endDate"))
    named = tags_of(sanction, "programId") or tags_of(sanction, "program")
    tail = ", ".join(
        text
        for name in ("authority", "authorityId")
        if (text := " / ".join(texts_of(sanction, name)))
    )
    claims = [
        Claim(
            programme,
            f", {tail}" if tail else "",
            min(listed, default=None),
            max(ended, default=None),
            not ended and (has_end or is_past),
        )
        for programme in named or dataset_programmes(sanction)
    ]
    return claims, [*sanction.faults, *faults, *end_faults]


def runs_of(link: Entity, owner_end: str, line: int) -> tuple[list[Run], list[Junk]]:
    """The owners, operators or managers of a link, and junk for what is left out."""
    given = [*texts_of(link, "role"), *texts_of(link, "ownershipType")]
    is_ownership = link.schema == "Ownership"
    roles = [role for role in given if _is_running(role, is_ownership)]
    if not given and is_ownership:
        roles = ["owner"]
    if not roles and is_ownership:
        fault = f"role {given[0][:40]!r} is neither an owner nor an operator or manager"
        return [], [Junk(line, fault, "", True)]
    if not roles:
        return [], []
    started, start_faults = days_of(link, "startDate")
    ended, end_faults = days_of(link, "endDate")
    junk = [Junk(line, fault, "", False) for fault in (*start_faults, *end_faults)]
    is_past = any(_is_past(text) for text in (*given, *texts_of(link, "status")))
    if not ended and (is_past or texts_of(link, "endDate")):
        return [], [*junk, Junk(line, f"{roles[0]} until an unknown day", "", True)]
    span = (min(started, default=None), max(ended, default=None))
    dataset = only_dataset(link)
    owners = link.properties.get(owner_end, ())
    return [Run(owner, roles[0], *span, dataset, line) for owner in owners], junk


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W_]+", as_latin(text).casefold()))


def _is_past(text: str) -> bool:
    return not _PAST_WORDS.isdisjoint(_words(text))


def _is_running(role: str, is_ownership: bool) -> bool:
    """Whether a role makes an owner, operator or manager of a ship; see `_SHIP_ROLE`.

    >>> [_is_running(role, False) for role in ("Registered owner", "security manager", "insurer")]
    [True, False, False]
    """
    words = {word for word in _words(role) if not (is_ownership and word.isdecimal())}
    runs = _RUNS_SHIP | _HOLDS_SHARE if is_ownership else _RUNS_SHIP
    known = _SHIP_ROLE | runs
    if "management" in words:  # the ISM Code's company, as the GUR catalogue calls it
        known |= {"safety"}
    return words <= known and not words.isdisjoint(runs)
