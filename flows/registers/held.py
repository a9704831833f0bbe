"""The versions at hand, as `barometer register list` shows them."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from flows.home.settings import Settings
from flows.lake.manifest import connect
from flows.registers import staging
from flows.registers.store import load_versions

HULLS = """
    select count(distinct hull), count(distinct hull) filter (where is_linked)
    from entry
"""


class Held(NamedTuple):
    """A version, as `register list` shows it.

    number: of the import; null for a bundled list. ships, linked_ships: its hulls, and those that
    it links to Russia. is_newest: whether today's links follow it.
    """

    number: int | None
    register: str
    link_source: str
    published_on: date
    ships: int
    linked_ships: int
    name: str
    imported_at: str | None
    is_newest: bool
    accepted: str | None


def held_versions(settings: Settings) -> list[Held]:
    """Every version that is not removed, bundled and imported, by register and day."""
    versions = [v for v in load_versions(settings.home) if v.removed_number is None]
    newest = {version.register: version for version in versions}
    held = []
    for version in sorted(versions, key=lambda v: v.register):  # stable: within a register by day
        with connect(settings) as con:
            staging.stage_version(con, version.entries, version.register)
            ships, linked = con.execute(HULLS).fetchall()[0]
        held.append(
            Held(
                number=version.import_number,
                register=version.register,
                link_source=version.link_source,
                published_on=version.published_on,
                ships=ships,
                linked_ships=linked,
                name=version.name,
                imported_at=version.imported_at,
                is_newest=version is newest[version.register],
                accepted=version.accepted,
            )
        )
    return held
