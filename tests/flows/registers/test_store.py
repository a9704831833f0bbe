"""Versions of registers in a home: imported, compared, refused where a list is cut, never lost."""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path

import pytest

from flows.cli import main
from flows.home.history import REGISTER, append_history, read_history
from flows.home.settings import BarometerError, Settings
from flows.registers import shown as show
from flows.registers import store
from flows.runner import run
from tests.build.lists import APAR, annexes
from tests.build.ofac import XML
from tests.build.process import largest_file

FIRST = [
    "9187629,ALPHA,strong,listed,Gazette 1,2026-01-10,",
    "9187631,BRAVO,strong,listed,Gazette 1,2026-01-10,",
    "9074729,CHARLIE,moderate,trade,cargo papers,,",
]
SECOND = [
    FIRST[0].replace("ALPHA", "ALPHA TWO"),
    FIRST[1],
    "9333400,DELTA,strong,owner,company register,,",
]
FEBRUARY, MARCH = date(2026, 2, 1), date(2026, 3, 1)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings._replace(as_of=datetime(2026, 9, 1))


def imported(
    settings: Settings,
    rows: list[str],
    on: date | None = FEBRUARY,
    *,
    accept_loss: bool = False,
    name: str = "fleet.csv",
) -> store.Imported:
    path = settings.home.parent / name
    path.write_text("\n".join(["imo,name,tier,reason,source,from,to", *rows]) + "\n")
    return store.import_list(settings, path, published_on=on, accept_loss=accept_loss)


def versions(settings: Settings) -> list[tuple[date, int]]:
    return [
        (version.published_on, version.entries.count_rows())
        for version in store.load_versions(settings.home)
        if version.register == "team:fleet"
    ]


def test_the_same_file_is_a_version_of_a_later_day_and_known_of_its_own(settings: Settings) -> None:
    first = imported(settings, FIRST)
    assert (first.state, first.register) == ("imported", "team:fleet")
    assert (first.entries, first.hulls, len(first.added)) == (3, 3, 3)
    assert first.compared_with is None and first.is_newest
    assert imported(settings, FIRST).state == "known"
    assert len(read_history(settings.home, REGISTER)) == 1
    later = imported(settings, FIRST, None)
    assert (later.state, later.compared_with) == ("imported", FEBRUARY)
    assert not (later.added or later.changed or later.gone)
    assert versions(settings) == [(FEBRUARY, 3), (date(2026, 9, 1), 3)]


def test_a_version_is_compared_with_the_one_before(settings: Settings) -> None:
    imported(settings, FIRST)
    second = imported(settings, SECOND, MARCH)
    assert second.compared_with == FEBRUARY
    assert [x.hull for x in second.added] == ["IMO 9333400"]
    assert [(x.hull, x.vessel_name) for x in second.changed] == [("IMO 9187629", "ALPHA TWO")]
    assert [x.hull for x in second.gone] == ["IMO 9074729"]
    oldest = imported(settings, FIRST, date(2026, 1, 1))
    assert not oldest.is_newest and oldest.compared_with is None
    assert "A newer version is at hand" in show.as_text(oldest, "fleet.csv")
    assert versions(settings) == [(date(2026, month, 1), 3) for month in (1, 2, 3)]


def test_of_several_imports_of_one_day_the_last_stands(settings: Settings) -> None:
    for rows in (FIRST, SECOND, FIRST):
        assert imported(settings, rows).state == "imported"
    team = [v for v in store.load_versions(settings.home) if v.register == "team:fleet"]
    names = [row["vessel_name"] for row in team[-1].entries.to_table().to_pylist()]
    assert sorted(names) == ["ALPHA", "BRAVO", "CHARLIE"]


@pytest.mark.parametrize("step", [1, -1])
def test_the_order_in_which_registers_of_one_day_come_numbers_no_version(
    settings: Settings, step: int
) -> None:
    for name in ("fleet.csv", "a-fleet.csv")[::step]:
        imported(settings, FIRST, name=name)
    found = [v.register for v in store.load_versions(settings.home) if v.published_on == FEBRUARY]
    assert found == ["team:a-fleet", "team:fleet"]


def test_what_is_refused_changes_nothing(settings: Settings) -> None:
    """A list of the future, one that cannot be read or is cut, and one that lost most ships."""
    cut = settings.home.parent / "sdn.xml"
    cut.write_bytes(XML[:-200])
    pipe = settings.home.parent / "pipe"
    os.mkfifo(pipe)
    for path, reason in (
        *((cut, "(cut|broken)"), (settings.home / "none.csv", "cannot be read")),
        *((pipe, "a pipe or a device"), (Path("/dev/null"), "a pipe or a device")),
    ):
        with pytest.raises(BarometerError, match=reason):
            store.import_list(settings, path, published_on=None, accept_loss=False)
    with pytest.raises(BarometerError, match="after the as-of time"):
        imported(settings, FIRST, date(2026, 9, 2))
    assert read_history(settings.home, REGISTER) == []
    imported(settings, FIRST)
    with pytest.raises(BarometerError, match=r"1 hulls.*had 3.*--accept-loss"):
        imported(settings, FIRST[:1], MARCH)
    assert versions(settings) == [(FEBRUARY, 3)]
    assert len(imported(settings, FIRST[:1], MARCH, accept_loss=True).gone) == 2


def test_junk_is_shown_with_its_line_and_kept(settings: Settings) -> None:
    bad = ["9187628,ECHO,strong,listed,Gazette 1,,", "9187629,FOXTROT,strong,listed,,,"]
    found = imported(settings, [*FIRST, *bad])
    assert sorted(row.line for row in found.junk) == [5, 6]
    text = show.as_text(found, "fleet.csv")
    assert "fleet.csv line 5" in text and "fleet.csv line 6" in text
    kept = store.load_junk(settings.home).to_pylist()
    assert sorted((row["register"], row["line"]) for row in kept) == [
        *(("team:fleet", 5), ("team:fleet", 6))
    ]


def test_a_version_that_was_written_and_not_recorded_does_not_count(settings: Settings) -> None:
    """An import that was killed before its line in the history leaves only garbage."""
    append_history(settings.home, REGISTER, [])
    imported(settings, FIRST)
    history = settings.home / "history" / f"{REGISTER}.jsonl"
    recorded = history.read_text()
    imported(settings, SECOND, MARCH)
    history.write_text(recorded + '{"cut')
    assert versions(settings) == [(FEBRUARY, 3)]
    history.write_text(recorded)
    assert versions(settings) == [(FEBRUARY, 3)]
    assert len(imported(settings, SECOND, MARCH).added) == 1
    assert len(versions(settings)) == 2


@pytest.mark.parametrize(("size", "name"), [(3_000, "*.parquet"), (60_000, f"{REGISTER}.jsonl")])
def test_a_file_that_a_full_disk_does_not_take_is_named(
    size: int, name: str, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    imported(settings, FIRST)
    history = settings.home / "history" / f"{REGISTER}.jsonl"
    with history.open("a") as out:
        out.write("\n" * (60_000 - history.stat().st_size))
    command = ["register", "import", str(settings.home.parent / "fleet.csv")]
    command += ["--published-on", "2026-03-01", "--home", str(settings.home)]
    with largest_file(size):
        assert main([*command, "--as-of", "2026-09-01"]) == 1
    where, _, why = capsys.readouterr().err.removeprefix("barometer: ").partition(": ")
    assert Path(where).is_relative_to(settings.home) and Path(where).match(name)
    assert why.startswith("File too large.")
    assert versions(settings) == [(FEBRUARY, 3)]


@pytest.mark.parametrize("lost", ["gone", "cut", "without what was left out"])
def test_a_version_that_is_lost_is_named_and_comes_back_with_its_file(
    settings: Settings, lost: str
) -> None:
    imported(settings, FIRST)
    before = versions(settings)
    (record,) = read_history(settings.home, REGISTER)
    path = settings.home / record["path"]
    if lost == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    else:
        (path if lost == "gone" else path.with_suffix(".junk.parquet")).unlink()
    with pytest.raises(BarometerError, match=r"Import its file .* again"):
        store.load_versions(settings.home), store.load_junk(settings.home)
    assert imported(settings, FIRST).state == "restored"
    assert versions(settings) == before
    assert store.load_junk(settings.home).num_rows == record["junk"]
    assert imported(settings, FIRST).state == "known"
    assert read_history(settings.home, REGISTER) == [record]


def test_a_list_does_not_end_what_was_listed_after_its_day(settings: Settings) -> None:
    """The bundled EU list holds ships that an act listed on 24 July 2026, after its own day."""
    path = settings.home.parent / "annex.csv"
    (bundled,) = (v for v in store.load_versions(settings.home) if v.register == "eu-833-2014")
    rows = (
        APAR
        | {"recordId": e["reference"].rsplit(" ", 1)[1], "name": e["vessel_name"]}
        | {"startDate": f"{e['listed_on']:%d.%m.%Y}", "imoNumber": str(e["imo"])}
        for e in bundled.entries.to_table().to_pylist()
        if e["listed_on"] < date(2026, 7, 1)
    )
    path.write_text(annexes(*rows), encoding="utf-8")
    found = store.import_list(settings, path, published_on=date(2026, 5, 1), accept_loss=False)
    assert found.register == "eu-833-2014" and found.hulls > 600
    assert not (found.gone or found.added)


def test_a_catalogue_that_was_not_built_after_a_change_of_lists_is_built_by_the_next(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The disk was full, or the process killed, between the record and the catalogue: the same
    command again said that nothing changes, and no query followed the record."""

    def fail(*_: object, **__: object) -> None:
        raise BarometerError("the numbers could not be written")

    path = settings.home.parent / "fleet.csv"
    path.write_text("\n".join(["imo,name,tier,reason,source,from,to", *FIRST]) + "\n")
    home = ["--home", str(settings.home), "--as-of", "2026-09-01"]
    query = "select count(*) as n from vessel_link where link_reason = 'listed' and imo = 9187629"
    for change, again, answer, links in (
        (["import", str(path)], 0, "imported before", 1),
        (["remove", "1"], 1, "no such import", 0),
    ):
        command = ["register", *change, *home]
        with monkeypatch.context() as patch:
            patch.setattr(run, "derive", fail)
            assert main(command) == 1
        assert main(command) == again
        assert answer in "".join(capsys.readouterr())
        assert main(["sql", query, "--format", "csv", *home]) == 0
        assert capsys.readouterr().out == f"n\n{links}\n"
        with monkeypatch.context() as patch:
            patch.setattr(run, "derive", fail)
            assert main(command) == again, "there is nothing to build"
