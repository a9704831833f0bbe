"""What an import asks about before it takes a list, and how it is taken back.

A list is told by its data set, has a day of its own, and never ends the links of another one
unnoticed.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pyarrow import dataset as ds

from flows import cli
from flows.catalogue.run_record import hashes, registers_in_use
from flows.home.history import REGISTER, read_history
from flows.home.settings import BarometerError, Settings
from flows.lake.entry import Manifest
from flows.registers import guard, held, staging, store
from flows.registers import shown as show
from flows.registers.difference import difference
from flows.registers.lists.entry import Entry, as_table
from tests.build.derivation import only, register_rows
from tests.build.lists import (
    APAR,
    FSF_SHIP,
    MARITIME_SHIP,
    annexes,
    entity,
    fsf_xml,
    imo,
    json_lines,
    line,
    lines,
)
from tests.build.ofac import row
from tests.conftest import ROOT

CASES = ROOT.parent / "shared" / "cases"
REGISTERS = ROOT.parent / "shared" / "data" / "registers"
DAY = "2026-04-15"


def opensanctions(
    settings: Settings,
    ships: int | range,
    key: str,
    dataset: str = "gb_fcdo_sanctions",
    seen_on: str = DAY,
    listed_on: str = "2025-05-09",
) -> Path:
    """Ships of a data set of OpenSanctions, each with a sanction under one programme key."""
    items = []
    for number in range(ships) if isinstance(ships, int) else ships:
        ship = f"{dataset}-{imo(number)}"
        days = {"listingDate": [listed_on]} if listed_on else {}
        items += [
            entity("Vessel", ship, [dataset], imoNumber=[f"IMO{imo(number)}"]),
            entity("Sanction", f"{ship}-s", [dataset], entity=[ship], programId=[key], **days),
        ]
    content = json_lines(*(item | {"last_seen": f"{seen_on}T01:02:03"} for item in items))
    return written(settings, content.decode(), f"{dataset}-{key}-{seen_on}.json")


def written(settings: Settings, content: str, name: str = "list.txt") -> Path:
    path = settings.home.parent / name
    path.write_text(content, encoding="utf-8")
    return path


def imported(
    settings: Settings, path: Path, on: str | None = None, *, accept_loss: bool = False
) -> store.Imported:
    day = date.fromisoformat(on) if on else None
    return store.import_list(settings, path, published_on=day, accept_loss=accept_loss)


def entries(home: Path) -> list[dict[str, Any]]:
    """The rows of register_entry about ships of a home's imports."""
    return register_rows([v for v in store.load_versions(home) if v.import_number is not None])


def links(home: Path) -> set[tuple[str, int]]:
    """Register and hull of the evidence of Russia that stands."""
    return {
        (e["register"], e["imo"])
        for e in entries(home)
        if e["country"] == "RU" and e["link_tier"] and e["gone_by"] is None
    }


# The day of a list


def test_a_list_without_any_day_is_refused_unless_it_was_imported_before(
    settings: Settings,
) -> None:
    remarks = "Vessel Registration Identification IMO {}."
    rows = (row(n, f"SIM {n}", program="CUBA", remarks=remarks.format(imo(n))) for n in (1, 2, 1))
    path = written(settings, "".join(rows), "sdn.csv")
    with pytest.raises(BarometerError, match=r"does not give its day.*--published-on"):
        imported(settings, path)
    assert read_history(settings.home, REGISTER) == []
    first = imported(settings, path, DAY, accept_loss=True)
    assert (first.entries, first.hulls) == (2, 2)  # a ship that is printed twice is listed once
    assert imported(settings, path).state == "known"


def test_opensanctions_has_the_day_on_which_it_last_saw_its_ships(settings: Settings) -> None:
    for listed_on in ("2026-03-01", "2026-04-30"):
        path = opensanctions(settings, 4, "GB-RUS", listed_on=listed_on)
        assert str(imported(settings, path).published_on) == DAY


def test_a_list_without_a_day_has_the_newest_in_it_that_is_not_to_come(settings: Settings) -> None:
    days = ["25.6.2024", "24.4.2026", "9.7.2026"]
    ships = [
        APAR | {"recordId": str(n), "startDate": day, "imoNumber": str(imo(n))}
        for n, day in enumerate(days)
    ]
    iran = {"celex": "32012R0267", "programKey": "EU-IRN", "imoNumber": "", "startDate": "1.2.2012"}
    result = imported(settings, written(settings, annexes(*ships, APAR | iran)))
    assert (result.register, str(result.published_on)) == ("eu-journal", "2026-04-24")
    assert result.published_by == "newest day in it"
    assert "does not give its day" in show.as_text(result, "annex.csv")


def test_days_are_compared_where_the_publisher_is(settings: Settings) -> None:
    """The Commission writes a file soon after midnight in Brussels, which is 22:00 in UTC."""
    path = written(settings, fsf_xml(FSF_SHIP, generated="2026-04-16T00:12:04.000+02:00"))
    with pytest.raises(BarometerError, match="after the as-of time"):
        imported(settings._replace(as_of=datetime(2026, 4, 15, 21, 59)), path)
    for as_of in (datetime(2026, 4, 15, 22, 12), datetime(2026, 4, 16, 9)):
        assert imported(settings._replace(as_of=as_of), path).published_on == date(2026, 4, 16)


# Ships that are gone


def listed(*numbers: int) -> list[Entry]:
    return [Entry("ofac-sdn", "OFAC SDN", str(n), "SDGT", imo=imo(n)) for n in numbers]


@pytest.mark.parametrize("more", [0, 60])
@pytest.mark.parametrize(
    ("before", "gone"),
    [
        (1, 0),
        (1, 1),
        (2, 2),
        (10, 1),
        (10, 2),
        (19, 1),
        (19, 2),
        (20, 2),
        (20, 3),
        (59, 6),
        (60, 60),
    ],
)
def test_ships_are_compared_and_not_sizes(before: int, gone: int, more: int) -> None:
    """One ship may always be missing, and a tenth of them: not more, however many are new."""
    old, new = listed(*range(before)), listed(*range(gone, before + more + 1))
    with duckdb.connect() as con:
        staging.stage_list(con, new, "ofac-sdn")
        held, day = ds.dataset(as_table(old)), date(2026, 1, 1)
        staging.stage_before(con, held, "ofac-sdn", day)
        doubts = guard.doubts(con, "ofac-sdn", day)
    assert bool(doubts) == (gone > max(1, before / 10))


def test_links_are_compared_where_the_ships_stay(settings: Settings) -> None:
    imported(settings, opensanctions(settings, 20, "GB-RUS"))
    both = opensanctions(settings, 20, "GB-IRAN", seen_on="2026-04-20")
    with pytest.raises(BarometerError, match=r"20 of 20 links to Russia end.*none of the pro"):
        imported(settings, both)
    before = links(settings.home)
    assert len(before) == 20
    older = imported(settings, opensanctions(settings, 12, "GB-RUS", seen_on="2025-12-01"))
    assert not older.is_newest and links(settings.home) == before


@pytest.mark.skipif(not REGISTERS.exists(), reason=f"{REGISTERS} is not here")
def test_ofacs_list_of_2023_does_not_end_todays_links(settings: Settings) -> None:
    """698 of the 1,005 ships that come along are not in it, although it has 685."""
    path = REGISTERS / "ofac_sdn_vessels_2023-11.csv"
    with pytest.raises(BarometerError, match="does not give its day"):
        imported(settings, path)
    with pytest.raises(BarometerError, match=r"698 of these are not in it, and 347 of 458 links"):
        imported(settings, path, "2026-04-30")
    before = {v.register: v for v in held.held_versions(settings)}["ofac-sdn"]
    found = imported(settings, path, "2023-11-30")
    assert not found.is_newest and found.accepted is None
    newest = [v for v in held.held_versions(settings) if v.is_newest]
    assert before in newest and before.linked_ships == 458
    accepted = imported(settings, path, "2026-04-30", accept_loss=True).accepted
    assert accepted is not None and "698 of these" in accepted


# The data set


def test_each_data_set_of_opensanctions_is_a_list_of_its_own(settings: Settings) -> None:
    for key, dataset in (
        ("US-RUSHAR", "us_ofac_sdn"),
        ("GB-RUS", "gb_fcdo_sanctions"),
        ("EU-MARE", "eu_journal_sanctions"),
    ):
        result = imported(settings, opensanctions(settings, 4, key, dataset))
        assert (result.register, list(result.gone)) == (f"opensanctions:{dataset}", [])
    ship = line(MARITIME_SHIP, datasets="us_ofac_sdn;gb_fcdo_sanctions")
    table = written(settings, lines(MARITIME_SHIP, ship))
    with pytest.raises(BarometerError, match="does not give its day"):
        imported(settings, table)
    assert not imported(settings, table, "2026-04-20").gone
    assert len(links(settings.home)) == 12
    assert len({r["link_source"] for r in read_history(settings.home, REGISTER)}) == 4


@pytest.mark.parametrize("name", ["../../../elsewhere", "a/b", "/tmp", "..", "x" * 300, ""])
def test_a_data_set_of_any_name_stays_among_the_registers(settings: Settings, name: str) -> None:
    text = opensanctions(settings, 4, "GB-RUS", "the_data_set").read_text()
    path = written(settings, text.replace('["the_data_set"]', json.dumps([name])))
    assert imported(settings, path).register == "opensanctions:unnamed"
    folders = {file.parent for file in settings.home.parent.rglob("*.parquet")}
    assert folders == {settings.home / "registers" / "opensanctions-unnamed"}
    assert len(links(settings.home)) == 4


def test_a_collection_is_a_list_of_its_own(settings: Settings) -> None:
    one = opensanctions(settings, 4, "US-RUSHAR", "us_ofac_sdn")
    two = opensanctions(settings, range(4, 8), "GB-RUS")
    both = written(settings, one.read_text() + two.read_text(), "both.json")
    imported(settings, one)
    assert imported(settings, both).register == "opensanctions:collection"
    assert len(links(settings.home)) == 4 + 8
    # A smaller collection under the same name would end the links of the rest.
    one = opensanctions(settings, 4, "US-RUSHAR", "us_ofac_sdn", "2026-04-20")
    two = opensanctions(settings, range(4, 5), "GB-RUS", seen_on="2026-04-20")
    with pytest.raises(BarometerError, match="3 of these are not in it"):
        imported(settings, written(settings, one.read_text() + two.read_text(), "smaller.json"))


# Programme keys


@pytest.mark.parametrize("listed_on", ["2025-05-09", ""], ids=["with its day", "without one"])
def test_a_renamed_key_is_a_change_and_no_delisting(settings: Settings, listed_on: str) -> None:
    imported(settings, opensanctions(settings, 4, "GB-RUS", listed_on=listed_on))
    before = links(settings.home)
    renamed = opensanctions(settings, 4, "GB-RUS-MARE", seen_on="2026-04-20", listed_on=listed_on)
    with pytest.raises(BarometerError, match=r"no known programme key.*'GB-RUS-MARE'"):
        imported(settings, renamed)
    result = imported(settings, renamed, accept_loss=True)
    assert (len(result.changed), len(result.added), len(result.gone)) == (4, 0, 0)
    assert result.changed[0].programme == "GB-RUS -> GB-RUS-MARE"
    assert result.unknown_keys == {"GB-RUS-MARE": 4}
    assert "WARNING: unknown programme keys: 'GB-RUS-MARE'" in show.as_text(result, "x")
    assert links(settings.home) == before and len(before) == 4
    # A third version without the ship ends it after all.
    third = opensanctions(settings, 3, "GB-RUS-MARE", seen_on="2026-04-25", listed_on=listed_on)
    imported(settings, third, accept_loss=True)
    assert len(links(settings.home)) == 3


def test_a_key_that_comes_back_under_its_old_name_is_one_listing(settings: Settings) -> None:
    for key, on in (("GB-RUS", DAY), ("GB-RUS-MARE", "2026-04-20"), ("GB-RUS", "2026-04-25")):
        imported(settings, opensanctions(settings, 4, key, seen_on=on), accept_loss=True)
    found = [e for e in entries(settings.home) if e["programme"] == "GB-RUS"]
    assert [(str(e["first_seen_on"]), str(e["last_seen_on"]), e["gone_by"]) for e in found] == [
        (DAY, "2026-04-25", None)
    ] * 4
    assert {e["valid_from"] for e in found} == {None}


def test_another_listing_is_no_renamed_key(settings: Settings) -> None:
    """Neither one of another day nor one under a known key."""
    for later, listed_on in (("GB-RUS-MARE", "2026-02-01"), ("GB-IRAN", "2025-05-09")):
        imported(settings, opensanctions(settings, 4, "GB-RUS"), accept_loss=True)
        path = opensanctions(settings, 4, later, seen_on="2026-04-20", listed_on=listed_on)
        imported(settings, path, accept_loss=True)
        assert links(settings.home) == set()
        store.remove_import(settings, len(read_history(settings.home, REGISTER)))


def test_unknown_keys_of_most_ships_are_refused_and_a_few_named(settings: Settings) -> None:
    path = opensanctions(settings, 4, "XX-NEW", "xx_new")
    with pytest.raises(BarometerError, match="4 of 4 hulls have no known programme key"):
        imported(settings, path)
    one = opensanctions(settings, 4, "GB-RUS").read_text()
    two = opensanctions(settings, range(4, 6), "XX-NEW").read_text()
    assert imported(settings, written(settings, one + two)).unknown_keys == {"XX-NEW": 2}


ROLES = (
    *("owner", "Registered owner", "Shipowner", "beneficial_owner", "operator", "Ship manager"),
    *("commerce_manager", "Technical manager", "ISM company", "Owned or Controlled By"),
    "Ship Safety Management Manager",
)


@pytest.mark.parametrize(
    ("dataset", "tier"), [("ua_war_sanctions", "weak"), ("us_ofac_sdn", "strong")]
)
def test_an_owner_is_as_strong_as_the_list_that_names_him(
    settings: Settings, dataset: str, tier: str
) -> None:
    items = [entity("Company", "c", [dataset], name=["SIM LLC"], country=["ru"])]
    for n, role in enumerate(ROLES):
        tie = {"object": [f"v{n}"], "subject": ["c"], "role": [role]}
        items.append(entity("Vessel", f"v{n}", [dataset], imoNumber=[f"IMO{imo(n)}"]))
        items.append(entity("UnknownLink", f"l{n}", [dataset], **tie))
    imported(settings, written(settings, json_lines(*items).decode()), DAY)
    owned = [e for e in entries(settings.home) if e["link_reason"] == "owner"]
    assert [(e["country"], e["link_tier"]) for e in owned] == [("RU", tier)] * len(ROLES)


# Undo


def test_an_import_that_is_removed_counts_no_more_and_stays_in_the_history(
    settings: Settings,
) -> None:
    empty = hashes(settings.home, Manifest({}))
    imported(settings, opensanctions(settings, 20, "GB-RUS"))
    before = links(settings.home), registers_in_use(settings.home, date(2026, 5, 1))
    counted = hashes(settings.home, Manifest({}))
    newer = opensanctions(settings, 5, "GB-RUS", seen_on="2026-04-20")
    imported(settings, newer, accept_loss=True)
    assert len(links(settings.home)) == 5
    store.remove_import(settings, 2)
    assert (links(settings.home), registers_in_use(settings.home, date(2026, 5, 1))) == before
    assert hashes(settings.home, Manifest({})) == counted != empty
    removed = [v for v in store.load_versions(settings.home) if v.removed_number]
    assert [(v.import_number, v.removed_number, v.entries.count_rows()) for v in removed] == [
        (2, 3, 5)
    ]
    assert [r.get("removes") for r in read_history(settings.home, REGISTER)] == [None, None, 2]
    # The same file is no longer known.
    assert imported(settings, newer, accept_loss=True).state == "imported"
    assert [v.number for v in held.held_versions(settings) if v.number] == [1, 4]
    for number in (2, 3, 7):
        with pytest.raises(BarometerError, match=f"import {number}: no such import"):
            store.remove_import(settings, number)


def test_the_commands_import_list_and_remove(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(settings.home), "--as-of", "2026-05-01"]

    def run(*words: str, exit_code: int = 0) -> str:
        assert cli.main([*words, *home]) == exit_code
        printed = capsys.readouterr()
        return printed.err if exit_code else printed.out

    ship = "9187629,ALPHA,strong,listed,Gazette 1,2026-01-10,"
    header = "imo,name,tier,reason,source,from,to"
    path = written(settings, f"{header}\n{ship}\n", "fleet.csv")
    told = run("register", "import", str(path))
    assert "team:fleet of 2026-05-01: 1 entries of 1 hulls" in told
    held = json.loads(run("register", "list", "--json"))
    mine = [version for version in held if version["number"] is not None]
    assert [(v["ships"], v["linked_ships"], v["published_on"]) for v in mine] == [
        (1, 1, "2026-05-01")
    ]
    assert {v["register"] for v in held} > {"ofac-sdn", "eu-833-2014", "uk-sanctions"}
    assert "team:fleet" in run("register", "list")
    assert '"Gazette 1"' in run("vessel", "ALPHA", "--json")
    run("vessel", "NO SUCH SHIP", exit_code=1)
    with only("register_version", "vessel_link"):
        assert "Import 1 removed" in run("register", "remove", "1")
    run("register", "remove", "1", exit_code=1)
    select = "from register_version where import_number is not null"
    assert "team:fleet" not in run("sql", select)
    assert "1" not in run("sql", "select count(*) from vessel_link where imo = 9187629")
    path.write_text("nothing", encoding="utf-8")
    assert "unrecognised list format" in run("register", "import", str(path), exit_code=1)


# The cases of others

needs_cases = pytest.mark.skipif(not CASES.exists(), reason=f"{CASES} is not here")


@needs_cases
def test_cases_of_opensanctions(settings: Settings) -> None:
    for name in ("us_ofac_sdn.ftm.json", "gb_fcdo.ftm.json", "maritime.csv"):
        on = DAY if name == "maritime.csv" else None
        assert not imported(settings, CASES / f"opensanctions_{name}", on).gone
    assert len(links(settings.home)) == 4
    renamed = CASES / "opensanctions_renamed_programme.ftm.json"
    with pytest.raises(BarometerError, match="GB-RUS-MARE"):
        imported(settings, renamed)
    assert not imported(settings, renamed, accept_loss=True).gone
    assert len(links(settings.home)) == 4
    imported(settings, CASES / "opensanctions_gur_owner.ftm.json")
    owners = [e for e in entries(settings.home) if e["link_reason"] == "owner"]
    assert [(e["link_tier"], e["ground"]) for e in owners] == [("weak", "owner (country)")]


@needs_cases
@pytest.mark.parametrize(
    ("name", "hulls"),
    [
        *(("sdn_enhanced.xml", 1), ("sdn_inner_quotes.csv", 3)),
        *(("eu_fsf_vessel_subject.xml", 1), ("eu_fsf_after_midnight.xml", 1)),
    ],
)
def test_cases_of_publishers(settings: Settings, name: str, hulls: int) -> None:
    then = settings._replace(as_of=datetime(2026, 4, 15, 22, 30))
    on = "2023-01-01" if name.endswith("csv") else None
    found = imported(then, CASES / name, on, accept_loss=True)
    assert (found.hulls, [j for j in found.junk if j.is_whole]) == (hulls, [])


@given(st.lists(st.integers(0, 9), max_size=14), st.lists(st.integers(0, 9), max_size=14))
@examples(max_examples=12, deadline=None)
def test_parts_of_a_list_change_nothing(old: list[int], new: list[int]) -> None:
    """A large list is compared part by part. Numbers above 6 have another name in the new one."""

    def entries(numbers: list[int], name: str) -> list[Entry]:
        named = [listed(n)[0]._replace(vessel_name=name if n > 6 else "SAME") for n in numbers]
        return [entry._replace(line=place) for place, entry in enumerate(named)]

    def compared(part_rows: int) -> tuple[Any, ...]:
        with pytest.MonkeyPatch.context() as patch, duckdb.connect() as con:
            patch.setattr(staging, "PART_ROWS", part_rows)
            staging.stage_list(con, entries(new, "NEW"), "ofac-sdn")
            before = ds.dataset(as_table(entries(old, "OLD")))
            staging.stage_before(con, before, "ofac-sdn", date(2026, 1, 1))
            changes = {name: list(listings) for name, listings in difference(con).items()}
            return changes, staging.entries(con).read_all()

    changes, table = compared(100_000)
    assert compared(3) == (changes, table)
    assert table["line"].to_pylist() == [new.index(n) for n in dict.fromkeys(new)], "the first"
    gone, added = set(old) - set(new), set(new) - set(old)
    assert [len(changes[name]) for name in ("gone", "added")] == [len(gone), len(added)]
    assert len(changes["changed"]) == sum(n > 6 for n in set(old) & set(new))
