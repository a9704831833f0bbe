"""What holds for the lists of all publishers: recognised by content, and read as hostile input."""

from __future__ import annotations

import csv
import tracemalloc
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.home.settings import BarometerError
from flows.registers.lists.entry import CUT, Junk, as_table
from flows.registers.publishers import ofac, team
from flows.registers.publishers.formats import PUBLISHERS, open_list
from tests.build import lists
from tests.build import ofac as sdn
from tests.build.lists import FSF_ROWS, Read
from tests.flows.registers.forms import FORMS, Form


def ships(form: Form) -> bytes:
    """Two rows of a list's ship, every cell of a CSV in quotes: so that each cut in it shows."""
    rows = [str(form.row(changes)) for changes in ({}, form.other)]
    if form.delimiter:
        cells = csv.reader(rows, delimiter=form.delimiter)
        rows = [form.delimiter.join(f'"{cell}"' for cell in row) + "\n" for row in cells]
    return form.content(*rows)


FULLER = {
    "annexes": FORMS["annexes"].content({}, {"recordId": "8"}),
    "fsf.csv": lists.fsf_csv(*FSF_ROWS).encode(),
    "fsf.xml": lists.fsf_xml(lists.FSF_OTHERS, lists.FSF_SHIP, lists.FSF_SHIP).encode(),
    "uk": lists.uk_list(lists.UK_PERSON, lists.PETREL, lists.KOROLEV).encode(),
    "ftm.json": FORMS["ftm.json"].content({}, {"id": "Y"}, {"id": "Z"}),
    "sdn.csv": sdn.CSV.removesuffix(b"\x1a"),
}
"""Lists with more than two ships, in the place of `ships`."""

SAMPLES: dict[str, tuple[ModuleType, bytes]] = {
    form: (of.publisher, FULLER.get(form) or ships(of)) for form, of in FORMS.items()
} | {
    "sdn.xml": (ofac, sdn.XML),
    "sdn_advanced.xml": (ofac, sdn.ADVANCED),
    "sdn_enhanced.xml": (ofac, sdn.enhanced(sdn.enhanced_ship("IRAN"))),
    "extract.json": (ofac, sdn.EXTRACT),
}
SAMPLE = pytest.mark.parametrize(("publisher", "content"), SAMPLES.values(), ids=SAMPLES)

SMALL = 2_000
"""Bytes behind the first line up to which a file is cut at each of them."""

OTHERS = {
    "empty": b"",
    "a byte order mark": b"\xef\xbb\xbf",
    "NULs": b"\0" * 70_000,
    "binary": bytes(range(256)) * 64,
    "picture": b"\xff\xd8\xff\xe0 JFIF",
    "web page": b"<html><body>sdnList</body></html>",
    "closed OFSI list": b"Last Updated,02/02/2026\nName 6,Name 1,Group Type,Regime,Group ID\n",
    "UK without a header": b"Report Date: 21-Sep-2026\n",
    "UK's XML": b"<Designations><Designation/></Designations>",
    "amending act of the EU": b"amendedCelex,amendmentCelex,recordId,programKey,annex,measure,"
    b"startDate,reason,schema,name,imoNumber\n32014R0833,32026R1941,1,EU-RUS,,,,,Vessel,A,9402471",
    "GUR with semicolons": b"gur_id;name;imo;mmsi_current;mmsi_legacy;status\n",
    "an open quote": b'"gur_id,name',
    "two columns": b"imo,name\n9074729,A\n",
    "three columns of sdn.csv": b"9001,SIM ALBA,vessel\n",
    "twelve columns of another list": sdn.row(kind="tanker").encode(),
    "JSON objects": b'{"gur_id": 1, "name": 2}\n{"tier": 1, "reason": 2}\n{}',
    "an empty list": b'{"vessels": []}',
    "another list in the extract's form": sdn.extract(sdn.sdn_vessel(list_name="Another list")),
    "JSON schema": b'{"schema": "http://json-schema.org", "properties": {}}',
    "GeoJSON": b'{"type": "Feature", "properties": {}}',
    "three columns of maritime.csv": b"type,caption,imo\n",
    "brackets": b"[" * 70_000,
}


@SAMPLE
def test_a_list_is_recognised_by_its_publisher_alone_and_makes_a_table(
    publisher: ModuleType, content: bytes, read: Read, tmp_path: Path
) -> None:
    rows = read(content, publisher)
    assert as_table(rows.entries).num_rows == len(rows.entries) > 0
    path = tmp_path / "list"
    assert [p for p in PUBLISHERS if p.open_list(path) is not None] == [publisher]
    assert open_list(path).register == rows.register


@pytest.mark.parametrize("content", OTHERS.values(), ids=OTHERS)
def test_other_files_are_no_list(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "sdn.csv").write_bytes(content)
    assert [p for p in PUBLISHERS if p.open_list(tmp_path / "sdn.csv") is not None] == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"<!DOCTYPE html>\n<html><body>Please log in</body></html>", "a web page"),
        (b"\r\n\r\n<html lang='en'><head>", "a web page"),
        ("imo;ship".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04rest", "an archive"),
        (b"PK\x03\x04xl/workbook.xml", "an Excel workbook"),
        (b"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "save the sheet"),
        (b"\x1f\x8b\x08", "an archive"),
        (b'{"ships": []}', "JSON of another kind"),
        (b"<list><ship/></list>", "XML of another kind"),
        (b"id,schema,name,identifiers\n1,Vessel,SIM,IMO\n", "take its entities.ftm.json"),
        (b"hello\n", "unrecognised list format"),
    ],
)
def test_a_file_that_is_no_list_is_refused_with_what_it_is(
    content: bytes, reason: str, tmp_path: Path
) -> None:
    (tmp_path / "sdn.csv").write_bytes(content)
    with pytest.raises(BarometerError, match=rf"sdn\.csv: .*{reason}"):
        open_list(tmp_path / "sdn.csv")


@SAMPLE
def test_byte_order_mark_and_line_ends_change_nothing(
    publisher: ModuleType, content: bytes, read: Read
) -> None:
    rows, plain = read(content, publisher), content.replace(b"\r\n", b"\n")
    assert read(b"\xef\xbb\xbf" + content, publisher) == rows
    assert read(content.rstrip(b"\r\n"), publisher) == rows, "no last line end"
    # A line of JSON ends with LF.
    for end in (b"\n", b"\r\n", b"\r")[: 2 if content.startswith(b'{"id"') else 3]:
        assert read(plain.replace(b"\n", end), publisher) == rows, end


def is_one_cell(rest: bytes, content: bytes) -> bool:
    """Whether the rest of a row of a CSV is its last cell."""
    if content.lstrip(b"\xef\xbb\xbf").startswith((b"<", b"{", b"[")):
        return False
    delimiter = ";" if content.partition(b"\n")[0].count(b";") > 3 else ","
    return len(next(csv.reader([rest.decode("utf-8", "replace")], delimiter=delimiter))) == 1


@SAMPLE
def test_a_cut_file_gives_what_comes_before_the_cut_and_names_it(
    publisher: ModuleType, content: bytes, read: Read, tmp_path: Path
) -> None:
    """Cut at every byte of a small file. Between two rows of a CSV no cut can be seen, nor behind
    the last delimiter of a row: a list that a person wrote may end so, with an empty cell."""
    whole = read(content, publisher).entries
    is_extract = content is sdn.EXTRACT
    end = content.rindex(b"]") if is_extract else len(content) - 2
    start = 1 if is_extract else content.find(b"\n") + 1
    for size in range(start, end, 1 if end - start < SMALL else (end - start) // 40):
        rest_of_line = content[size : content.find(b"\n", size)].strip()
        if content[size - 1 : size] in (b",", b";") and is_one_cell(rest_of_line, content):
            continue
        (tmp_path / "list.bin").write_bytes(content[:size])
        opened = publisher.open_list(tmp_path / "list.bin")
        rows = list(opened.rows) if opened else []
        entries = [row for row in rows if not isinstance(row, Junk)]
        assert entries == whole[: len(entries)]
        if rows and not content[:size].endswith(b"\n") and rest_of_line:
            junk = [row for row in rows if isinstance(row, Junk)]
            assert any(row.is_whole and CUT in row.reason for row in junk), size


@given(
    sample=st.sampled_from([*SAMPLES.values()]),
    at=st.floats(0, 1),
    length=st.integers(0, 60),
    noise=st.binary(max_size=40)
    | st.sampled_from([b'"', b"\x00", b"\r", b"\n", b"<", b"]]>", b";", b","]),
)
@settings(max_examples=100, deadline=None)
def test_no_content_raises(
    tmp_path_factory: pytest.TempPathFactory,
    sample: tuple[ModuleType, bytes],
    at: float,
    length: int,
    noise: bytes,
) -> None:
    publisher, content = sample
    start = int(at * len(content))
    path = tmp_path_factory.getbasetemp() / "noise.bin"
    path.write_bytes(content[:start] + noise + content[start + length :])
    try:
        opened = publisher.open_list(path)
    except BarometerError:  # a team's list that lacks a column
        assert publisher is team
        return
    for row in opened.rows if opened is not None else ():
        assert row.line > 0
        if isinstance(row, Junk):
            assert row.reason and len(row.raw) <= 200


@pytest.mark.parametrize("tag", ["sdnEntry", "Location", "IDRegDocument", "DistinctParty"])
def test_a_large_xml_is_not_held_in_memory(tag: str, tmp_path: Path) -> None:
    """The published advanced file has 127 MB; entries of others leave next to nothing behind."""
    content, mark = (sdn.XML, "<sdnEntry>") if tag == "sdnEntry" else (sdn.ADVANCED, f"<{tag} ")
    parts = "<Part><Value>SIM</Value></Part>" * 20
    other = f'<{tag} ID="x"><sdnType>Entity</sdnType>{parts}</{tag}>'.encode()
    at = content.index(mark.encode())
    (tmp_path / "list.bin").write_bytes(content[:at] + other * 700 + content[at:])
    opened = ofac.open_list(tmp_path / "list.bin")
    tracemalloc.start()
    assert sum(not isinstance(row, Junk) for row in opened.rows) == 5
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < (tmp_path / "list.bin").stat().st_size
