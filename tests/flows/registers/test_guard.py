"""What an import asks about before it takes a list, and how it is taken back.

A list is told by its data set, is of its own day, and never ends the links of another one without
a word.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from flows import cli
from flows.analyst import lists as show
from flows.catalogue import histories
from flows.derive.record import hashes, registers_in_use
from flows.home.history import REGISTER, read_history
from flows.home.resources import sql_path
from flows.home.settings import BarometerError, Settings
from flows.lists.entry import Entry
from flows.publishers.formats import open_list
from flows.registers import guard, store
from flows.registers.codes import load_programmes, load_vessel_types
from tests.build.lists import imo

CASES = Path(__file__).resolve().parents[4] / "shared" / "cases"
REGISTERS = CASES.parent / "data" / "registers"
DAY = "2026-04-15"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    home = tmp_path / "home"
    home.mkdir()
    return Settings(home=home, as_of=datetime(2026, 5, 1), threads=1, memory_limit="200MB")


def entity(schema: str, id: str, dataset: str, seen_on: str, **properties: list[str]) -> str:
    about = {"id": id, "caption": id, "schema": schema, "properties": properties}
    seen = {"datasets": [dataset], "last_seen": f"{seen_on}T01:02:03", "target": True}
    return json.dumps(about | seen)


def opensanctions(
    folder: Path,
    numbers: Iterable[int],
    key: str,
    dataset: str = "gb_fcdo_sanctions",
    seen_on: str = DAY,
    listed_on: str = "2025-05-09",
) -> Path:
    """Ships of a data set of OpenSanctions, each with a sanction under one programme key."""
    lines = []
    for number in numbers:
        ship = f"{dataset}-{imo(number)}"
        lines.append(entity("Vessel", ship, dataset, seen_on, imoNumber=[f"IMO{imo(number)}"]))
        days = {"listingDate": [listed_on]} if listed_on else {}
        said = {"entity": [ship], "programId": [key]} | days
        lines.append(entity("Sanction", f"{ship}-s", dataset, seen_on, **said))
    path = folder / f"{dataset}-{key}-{seen_on}.json"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def sdn(folder: Path, numbers: Iterable[int], tag: str = "RUSSIA-EO14024") -> Path:
    """A list in OFAC's sdn.csv, which has no day in it."""
    null = "-0- "
    rows = [
        f'{900_000 + n},"SIM {n}",vessel,"{tag}",{",".join([null] * 7)},'
        f'"Vessel Registration Identification IMO {imo(n)}."\r\n'
        for n in numbers
    ]
    path = folder / "sdn.csv"
    path.write_text("".join(rows), encoding="utf-8", newline="")
    return path


def imported(
    settings: Settings, path: Path, on: str | None = None, *, accept_loss: bool = False
) -> store.Imported:
    day = date.fromisoformat(on) if on else None
    return store.import_list(settings, path, published_on=day, accept_loss=accept_loss)


def entries(home: Path) -> list[dict[str, Any]]:
    """The rows of register_entry about ships of a home's imports, by the home's versions."""
    versions = [v for v in store.load_versions(home) if v.import_number is not None]
    with duckdb.connect(config={"threads": 1}) as con:
        con.register("version_record", histories.version_records(versions))
        con.register("version_entry", histories.version_entries(versions))
        con.register("programme_table", load_programmes())
        con.register("vessel_type", load_vessel_types())
        con.sql("select 'as_of' as key, '2026-12-01' as value").create("meta")
        for name in ("register_version", "programme", "register_entry"):
            con.sql(sql_path(f"{name}.sql").read_text(encoding="utf-8")).create(name)
        return list(con.table("register_entry").to_arrow_table().to_pylist())


def links(home: Path) -> set[tuple[str, int]]:
    """Register and hull of the evidence of Russia that stands."""
    return {
        (e["register"], e["imo"])
        for e in entries(home)
        if e["country"] == "RU" and e["link_tier"] and e["gone_by"] is None
    }


# The day of a list


def test_a_list_without_any_day_is_refused(settings: Settings) -> None:
    path = sdn(settings.home.parent, range(4))
    with pytest.raises(BarometerError, match=r"does not give its day.*--published-on"):
        imported(settings, path)
    assert read_history(settings.home, REGISTER) == []


def test_a_list_without_any_day_that_was_imported_before_is_known(settings: Settings) -> None:
    path = sdn(settings.home.parent, range(4))
    imported(settings, path, DAY, accept_loss=True)
    assert imported(settings, path).state == "known"


@pytest.mark.parametrize(
    ("listed_on", "expected"),
    [("2026-03-01", "2026-04-15"), ("2026-04-30", "2026-04-15")],
    ids=["older", "newer than the last sight"],
)
def test_opensanctions_is_of_the_day_on_which_it_last_saw_its_ships(
    settings: Settings, listed_on: str, expected: str
) -> None:
    found = imported(
        settings, opensanctions(settings.home.parent, range(4), "GB-RUS", listed_on=listed_on)
    )
    assert str(found.published_on) == expected


def annex(folder: Path, days: Iterable[str]) -> Path:
    header = "celex,recordId,programKey,annex,measure,startDate,reason,schema,name,alias"
    rows = [
        f'32014R0833,{n},EU-RUS,IV,x,{day},"Article 3s(2), point (b)",Vessel,SIM {n},,,{imo(n)},,,'
        for n, day in enumerate(days)
    ] + ["32012R0267,1,EU-IRN,IX,x,1.2.2012,x,Vessel,SIM,,,,,,"]  # so that it is eu-journal
    path = folder / "annex.csv"
    path.write_text(
        "\n".join([f"{header},previousName,imoNumber,mmsi,flag,notes", *rows]), encoding="utf-8"
    )
    return path


def test_a_list_that_gives_no_day_is_of_the_newest_in_it_that_is_not_to_come(
    settings: Settings,
) -> None:
    found = imported(settings, annex(settings.home.parent, ["25.6.2024", "24.4.2026", "9.7.2026"]))
    assert (found.register, str(found.published_on)) == ("eu-journal", "2026-04-24")
    assert found.published_by == "newest day in it"
    assert "does not give its day" in show.as_text(found, "annex.csv")


@pytest.mark.parametrize(
    ("as_of", "is_taken"),
    [("2026-04-15T21:59", False), ("2026-04-15T22:12", True), ("2026-04-16T09:00", True)],
)
def test_days_are_compared_where_the_publisher_is(
    settings: Settings, as_of: str, is_taken: bool
) -> None:
    """The Commission writes a file soon after midnight in Brussels, which is 22:00 in UTC."""
    path = settings.home.parent / "fsf.xml"
    path.write_text(
        '<export xmlns="http://eu.europa.ec/fpi/fsd/export" '
        'generationDate="2026-04-16T00:12:04.000+02:00"><sanctionEntity '
        'euReferenceNumber="EU.1.1" designationDate="2025-02-24"><regulation programme="PRK"/>'
        '<subjectType code="vessel" classificationCode="V"/><nameAlias wholeName="SIM ONE"/>'
        f'<identification number="{imo(1)}" identificationTypeCode="imo"/>'
        "</sanctionEntity></export>",
        encoding="utf-8",
    )
    then = settings._replace(as_of=datetime.fromisoformat(as_of))
    if is_taken:
        assert imported(then, path).published_on == date(2026, 4, 16)
    else:
        with pytest.raises(BarometerError, match="after the as-of time"):
            imported(then, path)


# Ships that are gone


@given(before=st.integers(1, 60), gone=st.integers(0, 60), more=st.integers(0, 60))
@examples(max_examples=60, deadline=None)
def test_ships_are_compared_and_not_sizes(before: int, gone: int, more: int) -> None:
    gone = min(gone, before)
    old = [Entry("ofac-sdn", "OFAC SDN", str(n), "SDGT", imo=imo(n)) for n in range(before)]
    new = [
        Entry("ofac-sdn", "OFAC SDN", str(n), "SDGT", imo=imo(n))
        for n in range(gone, before + more + 1)
    ]
    found = guard.doubts("ofac-sdn", new, old, date(2026, 1, 1))
    assert bool(found) == (gone > max(1, before / 10))


def test_links_are_compared_where_the_ships_stay(settings: Settings) -> None:
    folder = settings.home.parent
    imported(settings, opensanctions(folder, range(20), "GB-RUS"))
    both = opensanctions(folder, range(20), "GB-IRAN", seen_on="2026-04-20")
    with pytest.raises(BarometerError, match=r"20 of 20 links to Russia end.*none of the pro"):
        imported(settings, both)
    assert len(links(settings.home)) == 20


@pytest.mark.skipif(not REGISTERS.exists(), reason=f"{REGISTERS} is not here")
def test_ofacs_list_of_2023_does_not_end_todays_links(settings: Settings) -> None:
    """698 of the 1,005 ships that come along are not in it, although it has 685."""
    path = REGISTERS / "ofac_sdn_vessels_2023-11.csv"
    with pytest.raises(BarometerError, match="does not give its day"):
        imported(settings, path)
    with pytest.raises(BarometerError, match=r"698 of these are not in it, and 347 of 458 links"):
        imported(settings, path, "2026-04-30")
    before = {v.register: v for v in store.held_versions(settings.home)}["ofac-sdn"]
    found = imported(settings, path, "2023-11-30")
    assert not found.is_newest and found.accepted is None
    newest = [v for v in store.held_versions(settings.home) if v.is_newest]
    assert before in newest and before.linked_ships == 458
    accepted = imported(settings, path, "2026-04-30", accept_loss=True).accepted
    assert accepted is not None and "698 of these" in accepted


def test_an_older_version_ends_no_link(settings: Settings) -> None:
    folder = settings.home.parent
    imported(settings, opensanctions(folder, range(20), "GB-RUS"))
    before = links(settings.home)
    found = imported(settings, opensanctions(folder, range(12), "GB-RUS", seen_on="2025-12-01"))
    assert not found.is_newest
    assert links(settings.home) == before


# The data set


def test_each_data_set_of_opensanctions_is_a_list_of_its_own(settings: Settings) -> None:
    folder = settings.home.parent
    for key, dataset in (
        ("US-RUSHAR", "us_ofac_sdn"),
        ("GB-RUS", "gb_fcdo_sanctions"),
        ("EU-MARE", "eu_journal_sanctions"),
    ):
        found = imported(settings, opensanctions(folder, range(4), key, dataset))
        assert (found.register, found.gone) == (f"opensanctions:{dataset}", [])
    table = folder / "maritime.csv"
    table.write_text(
        "type,caption,imo,risk,countries,flag,mmsi,id,url,datasets,aliases\n"
        f"VESSEL,SIM,IMO{imo(1)},sanction,ir,ir,,x-1,,us_ofac_sdn;gb_fcdo_sanctions,\n",
        encoding="utf-8",
    )
    with pytest.raises(BarometerError, match="does not give its day"):
        imported(settings, table)
    assert imported(settings, table, "2026-04-20").gone == []
    assert len(links(settings.home)) == 12
    assert len({r["link_source"] for r in read_history(settings.home, REGISTER)}) == 4


def test_a_collection_is_a_list_of_its_own(settings: Settings) -> None:
    folder = settings.home.parent
    one = opensanctions(folder, range(4), "US-RUSHAR", "us_ofac_sdn")
    two = opensanctions(folder, range(4, 8), "GB-RUS", "gb_fcdo_sanctions")
    both = folder / "entities.ftm.json"
    both.write_text(one.read_text() + two.read_text(), encoding="utf-8")
    imported(settings, one)
    assert imported(settings, both).register == "opensanctions:collection"
    assert len(links(settings.home)) == 4 + 8
    # A smaller collection under the same name would end the links of the rest.
    smaller = folder / "smaller.json"
    smaller.write_text(
        opensanctions(folder, range(4), "US-RUSHAR", "us_ofac_sdn", "2026-04-20").read_text()
        + opensanctions(
            folder, range(4, 5), "GB-RUS", "gb_fcdo_sanctions", "2026-04-20"
        ).read_text(),
        encoding="utf-8",
    )
    with pytest.raises(BarometerError, match="3 of these are not in it"):
        imported(settings, smaller)


# Programme keys


@pytest.mark.parametrize("listed_on", ["2025-05-09", ""], ids=["with its day", "without one"])
def test_a_renamed_key_is_a_change_and_no_delisting(settings: Settings, listed_on: str) -> None:
    folder = settings.home.parent
    imported(settings, opensanctions(folder, range(4), "GB-RUS", listed_on=listed_on))
    before = links(settings.home)
    renamed = opensanctions(
        folder, range(4), "GB-RUS-MARE", seen_on="2026-04-20", listed_on=listed_on
    )
    with pytest.raises(BarometerError, match=r"no programme key that is known.*'GB-RUS-MARE'"):
        imported(settings, renamed)
    found = imported(settings, renamed, accept_loss=True)
    assert (len(found.changed), found.added, found.gone) == (4, [], [])
    assert found.changed[0].programme == "GB-RUS -> GB-RUS-MARE"
    assert found.unknown_keys == {"GB-RUS-MARE": 4}
    assert "WARNING: unknown programme keys: 'GB-RUS-MARE'" in show.as_text(found, "x")
    assert links(settings.home) == before and len(before) == 4
    # A third version without the ship ends it after all.
    imported(
        settings,
        opensanctions(folder, range(3), "GB-RUS-MARE", seen_on="2026-04-25", listed_on=listed_on),
        accept_loss=True,
    )
    assert len(links(settings.home)) == 3


def test_a_key_that_comes_back_under_its_old_name_is_one_listing(settings: Settings) -> None:
    folder = settings.home.parent
    for key, on in (("GB-RUS", DAY), ("GB-RUS-MARE", "2026-04-20"), ("GB-RUS", "2026-04-25")):
        imported(settings, opensanctions(folder, range(4), key, seen_on=on), accept_loss=True)
    found = [e for e in entries(settings.home) if e["programme"] == "GB-RUS"]
    assert [(str(e["first_seen_on"]), str(e["last_seen_on"]), e["gone_by"]) for e in found] == [
        (DAY, "2026-04-25", None)
    ] * 4
    assert {e["valid_from"] for e in found} == {None}


@pytest.mark.parametrize(
    ("later", "listed_on"),
    [("GB-RUS-MARE", "2026-02-01"), ("GB-IRAN", "2025-05-09")],
    ids=["listed on another day", "a key that is known"],
)
def test_another_listing_is_no_renamed_key(settings: Settings, later: str, listed_on: str) -> None:
    folder = settings.home.parent
    imported(settings, opensanctions(folder, range(4), "GB-RUS"))
    imported(
        settings,
        opensanctions(folder, range(4), later, seen_on="2026-04-20", listed_on=listed_on),
        accept_loss=True,
    )
    assert links(settings.home) == set()


def test_a_list_of_keys_that_nobody_knows_is_refused_at_once(settings: Settings) -> None:
    path = opensanctions(settings.home.parent, range(4), "XX-NEW", "xx_new")
    with pytest.raises(BarometerError, match="4 of 4 hulls have no programme key that is known"):
        imported(settings, path)


def test_a_few_unknown_keys_are_told_and_taken(settings: Settings) -> None:
    folder = settings.home.parent
    path = folder / "mixed.json"
    path.write_text(
        opensanctions(folder, range(4), "GB-RUS").read_text()
        + opensanctions(folder, range(4, 6), "XX-NEW").read_text(),
        encoding="utf-8",
    )
    assert imported(settings, path).unknown_keys == {"XX-NEW": 2}


# Roles, and the strength of a list


def tied(folder: Path, role: str | None, dataset: str = "ua_war_sanctions") -> Path:
    said = {} if role is None else {"role": [role]}
    lines = [
        entity("Vessel", "v", dataset, DAY, imoNumber=[f"IMO{imo(1)}"]),
        entity("Company", "c", dataset, DAY, name=["SIM LLC"], country=["ru"]),
        entity("UnknownLink", "l", dataset, DAY, object=["v"], subject=["c"], **said),
    ]
    path = folder / "tied.json"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


NO_OWNERS = (
    *("security manager", "Security_Manager", "insurer", "agent", "crew manager", "captain"),
    *("P&I Club", "cargo owner", "charterer", "managing director", "port operator", "broker"),
    *("former owner", "ex-operator", "previous manager", "classification society", "bank"),
    "\u0441rew manager",
)


@pytest.mark.parametrize("role", [None, *NO_OWNERS])
def test_a_role_that_runs_no_ship_gives_no_owner(settings: Settings, role: str | None) -> None:
    found = open_list(tied(settings.home.parent, role))
    programmes = {e.programme for e in found.rows if isinstance(e, Entry)}
    assert programmes == {"dataset:ua_war_sanctions"}


@pytest.mark.parametrize(
    "role",
    [
        *("owner", "Registered owner", "Shipowner", "beneficial_owner", "operator", "Ship manager"),
        *("commerce_manager", "Technical manager", "ISM company", "Owned or Controlled By"),
        "Ship Safety Management Manager",
    ],
)
@pytest.mark.parametrize(
    ("dataset", "tier"), [("ua_war_sanctions", "weak"), ("us_ofac_sdn", "strong")]
)
def test_an_owner_is_as_strong_as_the_list_that_names_him(
    settings: Settings, role: str, dataset: str, tier: str
) -> None:
    imported(settings, tied(settings.home.parent, role, dataset))
    (found,) = [e for e in entries(settings.home) if e["link_reason"] == "owner"]
    assert (found["country"], found["link_tier"]) == ("RU", tier)


# What is no list


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the file is empty"),
        (b"<!DOCTYPE html>\n<html><body>Please log in</body></html>", "a web page"),
        (b"\r\n\r\n<html lang='en'><head>", "a web page"),
        ("imo;ship".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04rest", "an archive"),
        (b"PK\x03\x04xl/workbook.xml", "an Excel workbook"),
        (b"\x1f\x8b\x08", "an archive"),
        (b'{"ships": []}', "JSON of another kind"),
        (b"<list><ship/></list>", "XML of another kind"),
        (b"id,schema,name,identifiers\n1,Vessel,SIM,IMO\n", "take its entities.ftm.json"),
        (b"hello\n", "unrecognised list format"),
    ],
)
def test_what_is_no_list_is_named(settings: Settings, content: bytes, told: str) -> None:
    path = settings.home.parent / "sdn.csv"
    path.write_bytes(content)
    with pytest.raises(BarometerError, match=told):
        imported(settings, path)


def test_a_ship_that_is_printed_twice_is_listed_once(settings: Settings) -> None:
    path = sdn(settings.home.parent, [1, 2, 1])
    found = imported(settings, path, "2023-01-01")
    assert (found.entries, found.hulls) == (2, 2)


# Undo


def test_an_import_that_is_removed_counts_no_more_and_stays_in_the_history(
    settings: Settings,
) -> None:
    folder = settings.home.parent
    imported(settings, opensanctions(folder, range(20), "GB-RUS"))
    before = links(settings.home), registers_in_use(settings.home, date(2026, 5, 1))
    newer = opensanctions(folder, range(5), "GB-RUS", seen_on="2026-04-20")
    imported(settings, newer, accept_loss=True)
    assert len(links(settings.home)) == 5
    store.remove_import(settings, 2)
    assert (links(settings.home), registers_in_use(settings.home, date(2026, 5, 1))) == before
    removed = [v for v in store.load_versions(settings.home) if v.removed_number]
    assert [(v.import_number, v.removed_number, v.entries.num_rows) for v in removed] == [(2, 3, 5)]
    assert [r.get("removes") for r in read_history(settings.home, REGISTER)] == [None, None, 2]
    # The same file is no known one any more.
    assert imported(settings, newer, accept_loss=True).state == "imported"
    assert [v.number for v in store.held_versions(settings.home) if v.number] == [1, 4]


@pytest.mark.parametrize("number", [1, 2, 7])
def test_what_is_no_import_cannot_be_removed(settings: Settings, number: int) -> None:
    imported(settings, opensanctions(settings.home.parent, range(4), "GB-RUS"))
    store.remove_import(settings, 1)
    with pytest.raises(BarometerError, match="there is none to remove"):
        store.remove_import(settings, number)


def test_the_commands_list_and_remove(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(settings.home), "--as-of", "2026-05-01"]
    path = opensanctions(settings.home.parent, range(4), "GB-RUS")
    assert cli.main(["register", "import", str(path), *home]) == 0
    capsys.readouterr()
    assert cli.main(["register", "list", "--json", *home]) == 0
    held = json.loads(capsys.readouterr().out)
    mine = [one for one in held if one["number"] is not None]
    assert [(one["ships"], one["linked_ships"], one["published_on"]) for one in mine] == [
        (4, 4, DAY)
    ]
    assert {one["register"] for one in held} > {"ofac-sdn", "eu-833-2014", "uk-sanctions"}
    assert cli.main(["register", "list", *home]) == 0
    assert "opensanctions:gb_fcdo_sanctions" in capsys.readouterr().out
    assert cli.main(["register", "remove", "1", *home]) == 0
    assert "Import 1 removed" in capsys.readouterr().out
    assert cli.main(["register", "remove", "1", *home]) == 1
    assert cli.main(["sql", "from register_version where import_number is not null", *home]) == 0
    assert "gb_fcdo" not in capsys.readouterr().out


# The cases of others


@pytest.mark.skipif(not CASES.exists(), reason=f"{CASES} is not here")
def test_cases_of_opensanctions(settings: Settings) -> None:
    for name in ("us_ofac_sdn.ftm.json", "gb_fcdo.ftm.json"):
        assert imported(settings, CASES / f"opensanctions_{name}").gone == []
    assert imported(settings, CASES / "opensanctions_maritime.csv", DAY).gone == []
    assert len(links(settings.home)) == 4
    renamed = CASES / "opensanctions_renamed_programme.ftm.json"
    with pytest.raises(BarometerError, match="GB-RUS-MARE"):
        imported(settings, renamed)
    assert imported(settings, renamed, accept_loss=True).gone == []
    assert len(links(settings.home)) == 4
    imported(settings, CASES / "opensanctions_gur_owner.ftm.json")
    owners = [e for e in entries(settings.home) if e["link_reason"] == "owner"]
    assert [(e["link_tier"], e["ground"]) for e in owners] == [("weak", "owner (country)")]


@pytest.mark.skipif(not CASES.exists(), reason=f"{CASES} is not here")
@pytest.mark.parametrize(
    ("name", "hulls"),
    [
        ("sdn_enhanced.xml", 1),
        ("sdn_inner_quotes.csv", 3),
        ("eu_fsf_vessel_subject.xml", 1),
        ("eu_fsf_after_midnight.xml", 1),
    ],
)
def test_cases_of_publishers(settings: Settings, name: str, hulls: int) -> None:
    then = settings._replace(as_of=datetime(2026, 4, 15, 22, 30))
    on = "2023-01-01" if name.endswith("csv") else None
    found = imported(then, CASES / name, on, accept_loss=True)
    assert (found.hulls, [j for j in found.junk if j.is_whole]) == (hulls, [])


def test_removal_leaves_the_hash_of_what_counts_as_it_was(settings: Settings) -> None:
    from flows.lake.entry import Manifest

    before = hashes(settings.home, Manifest({}))
    imported(settings, opensanctions(settings.home.parent, range(4), "GB-RUS"))
    assert hashes(settings.home, Manifest({})) != before
    store.remove_import(settings, 1)
    assert hashes(settings.home, Manifest({})) == before
