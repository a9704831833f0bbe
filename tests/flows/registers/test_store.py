"""Versions of registers in a home: imported, compared, refused where a list is cut, never lost."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from flows.analyst import lists as show
from flows.home.history import REGISTER, append_history, read_history
from flows.home.settings import BarometerError, Settings
from flows.registers import store
from tests.build.lists import APAR, annexes
from tests.build.ofac import XML

HEADER = "imo,name,tier,reason,source,from,to"
FIRST = [
    "9187629,ALPHA,strong,listed,Gazette 1,2026-01-10,",
    "9187631,BRAVO,strong,listed,Gazette 1,2026-01-10,",
    "9074729,CHARLIE,moderate,trade,cargo papers,,",
]
SECOND = [
    "9187629,ALPHA TWO,strong,listed,Gazette 1,2026-01-10,",
    FIRST[1],
    "9333400,DELTA,strong,owner,company register,,",
]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings._replace(as_of=datetime(2026, 9, 1))


def imported(
    settings: Settings,
    rows: list[str],
    on: str | None = None,
    name: str = "fleet.csv",
    accept_loss: bool = False,
) -> store.Imported:
    path = settings.home.parent / name
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return store.import_list(
        settings, path, published_on=date.fromisoformat(on) if on else None, accept_loss=accept_loss
    )


def team_versions(settings: Settings) -> list[tuple[date, int]]:
    return [
        (version.published_on, version.entries.num_rows)
        for version in store.load_versions(settings.home)
        if version.register == "team:fleet"
    ]


def test_the_same_file_is_a_version_of_a_later_day_and_known_of_its_own(settings: Settings) -> None:
    first = imported(settings, FIRST, "2026-02-01")
    assert (first.state, first.register, first.entries, first.hulls) == (
        *("imported", "team:fleet", 3, 3),
    )
    assert first.compared_with is None and len(first.added) == 3 and first.is_newest
    assert imported(settings, FIRST, "2026-02-01").state == "known"
    assert len(read_history(settings.home, REGISTER)) == 1
    later = imported(settings, FIRST)
    assert (later.state, later.compared_with) == ("imported", date(2026, 2, 1))
    assert later.added == later.changed == later.gone == []
    assert team_versions(settings) == [(date(2026, 2, 1), 3), (date(2026, 9, 1), 3)]


def test_a_version_is_compared_with_the_one_before(settings: Settings) -> None:
    imported(settings, FIRST, "2026-02-01")
    second = imported(settings, SECOND, "2026-03-01")
    assert second.compared_with == date(2026, 2, 1)
    assert [x.hull for x in second.added] == ["IMO 9333400"]
    assert [(x.hull, x.vessel_name) for x in second.changed] == [("IMO 9187629", "ALPHA TWO")]
    assert [x.hull for x in second.gone] == ["IMO 9074729"]
    oldest = imported(settings, FIRST, "2026-01-01")
    assert not oldest.is_newest and oldest.compared_with is None
    assert "A newer version is at hand" in show.as_text(oldest, "fleet.csv")
    days = [date(2026, month, 1) for month in (1, 2, 3)]
    assert team_versions(settings) == [(day, 3) for day in days]


def test_of_several_imports_of_one_day_the_last_stands(settings: Settings) -> None:
    for rows in (FIRST, SECOND, FIRST):
        assert imported(settings, rows, "2026-02-01").state == "imported"
    team = [v for v in store.load_versions(settings.home) if v.register == "team:fleet"]
    assert {row["vessel_name"] for row in team[-1].entries.to_pylist()} == {
        "ALPHA", "BRAVO", "CHARLIE",
    }  # fmt: skip


def test_a_list_of_the_future_and_a_missing_file_are_refused(settings: Settings) -> None:
    with pytest.raises(BarometerError, match="after the as-of time"):
        imported(settings, FIRST, "2026-09-02")
    missing = settings.home / "none.csv"
    with pytest.raises(BarometerError, match="cannot be read"):
        store.import_list(settings, missing, published_on=None, accept_loss=False)


def test_a_list_that_lost_most_of_its_ships_is_refused(settings: Settings) -> None:
    imported(settings, FIRST, "2026-02-01")
    with pytest.raises(BarometerError, match=r"1 hulls.*had 3.*--accept-loss"):
        imported(settings, FIRST[:1], "2026-03-01")
    assert team_versions(settings) == [(date(2026, 2, 1), 3)]
    assert len(imported(settings, FIRST[:1], "2026-03-01", accept_loss=True).gone) == 2


def test_a_cut_list_is_refused(settings: Settings) -> None:
    path = settings.home.parent / "sdn.xml"
    path.write_bytes(XML[:-200])
    with pytest.raises(BarometerError, match=r"(cut|broken)"):
        store.import_list(settings, path, published_on=None, accept_loss=False)
    assert read_history(settings.home, REGISTER) == []


def test_junk_is_shown_with_its_line_and_kept(settings: Settings) -> None:
    bad = "9187628,ECHO,strong,listed,Gazette 1,,"
    found = imported(settings, [*FIRST, bad, "9187629,FOXTROT,strong,listed,,,"], "2026-02-01")
    assert sorted(row.line for row in found.junk) == [5, 6]
    text = show.as_text(found, "fleet.csv")
    assert "fleet.csv line 5" in text and "fleet.csv line 6" in text
    kept = store.load_junk(settings.home).to_pylist()
    assert sorted(row["line"] for row in kept) == [5, 6]
    assert {row["register"] for row in kept} == {"team:fleet"}


def test_a_version_that_was_written_and_not_recorded_does_not_count(settings: Settings) -> None:
    """An import that was killed before its line in the history leaves only garbage."""
    imported(settings, FIRST, "2026-02-01")
    history = settings.home / "history" / f"{REGISTER}.jsonl"
    lines = history.read_text(encoding="utf-8")
    imported(settings, SECOND, "2026-03-01")
    history.write_text(lines, encoding="utf-8")
    assert team_versions(settings) == [(date(2026, 2, 1), 3)]
    assert len(imported(settings, SECOND, "2026-03-01").added) == 1
    assert len(team_versions(settings)) == 2


def test_a_version_whose_file_is_gone_is_named(settings: Settings) -> None:
    imported(settings, FIRST, "2026-02-01")
    (record,) = read_history(settings.home, REGISTER)
    (settings.home / record["path"]).unlink()
    with pytest.raises(BarometerError, match="Restore it from a backup"):
        store.load_versions(settings.home)


def test_a_record_that_makes_no_sense_does_not_hide_the_others(settings: Settings) -> None:
    append_history(settings.home, REGISTER, [])
    imported(settings, FIRST, "2026-02-01")
    (settings.home / "history" / f"{REGISTER}.jsonl").open("a").write('{"cut')
    assert len(team_versions(settings)) == 1


def test_a_list_does_not_end_what_was_listed_after_its_day(settings: Settings) -> None:
    """The bundled EU list holds ships that an act listed on 24 July 2026, after its own day."""
    path = settings.home.parent / "annex.csv"
    entries = [
        row
        for version in store.load_versions(settings.home)
        if version.register == "eu-833-2014"
        for row in version.entries.to_pylist()
        if row["listed_on"] < date(2026, 7, 1)
    ]
    rows = (
        APAR
        | {"recordId": e["reference"].rsplit(" ", 1)[1], "name": e["vessel_name"]}
        | {"startDate": f"{e['listed_on']:%d.%m.%Y}", "imoNumber": str(e["imo"])}
        for e in entries
    )
    path.write_text(annexes(*rows), encoding="utf-8")
    found = store.import_list(settings, path, published_on=date(2026, 5, 1), accept_loss=False)
    assert found.register == "eu-833-2014" and found.hulls > 600
    assert found.gone == found.added == []
