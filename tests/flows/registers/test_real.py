"""The publishers' real files: all that is in them and no more, by readers that are not ours."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.home.settings import BarometerError
from flows.registers.publishers import eu, gur, ofac, team
from tests.build.lists import GUR_SHIP, read_list
from tests.conftest import ROOT
from tests.flows.registers.forms import values

SHARED = ROOT.parent / "shared" / "data" / "registers"
pytestmark = pytest.mark.skipif(not SHARED.exists(), reason=f"{SHARED} is not here")
ANNEX_XLII = SHARED / "eu_32014R0833_annex_xlii.csv"
GUR = SHARED / "gur_vessels_master.csv"
OFAC_CSV = SHARED / "ofac_sdn_vessels_2023-11.csv"
OFAC_JSON = SHARED / "ofac_sdn_vessels_2026-03.json"


def asked(query: str, path: Path, **parameters: Any) -> list[tuple]:
    """What DuckDB's own reader finds in a file."""
    return duckdb.execute(query, {"file": str(path), **parameters}).fetchall()


ANNEX_QUERY = """
    select
        row_number() over () + 1 as line,
        'EU 833/2014' as link_source,
        'Regulation (EU) No 833/2014, Annex ' || annex || ', point ' || recordId as reference,
        programKey as programme,
        case when list_sum([imoNumber[i]::int * (8 - i) for i in range(1, 7)]) % 10
            = imoNumber[7]::int then imoNumber::int end as imo,
        upper(trim(name)) as vessel_name,
        coalesce(string_split(upper(previousName), '; '), []) as former_names,
        cast(strptime(startDate, '%-d.%-m.%Y') as date) as listed_on,
        array_to_string(
            ['3s(2)(' || letter || ')' for letter in list_sort(list_distinct(
                regexp_extract_all(reason, 'point \\(([a-g])\\)', 1)))],
            ';'
        ) as ground
    from read_csv($file, header = true, all_varchar = true, quote = '"')
"""


def test_annex_xlii_gives_what_sql_reads_in_it() -> None:
    rows, found = read_list(eu, ANNEX_XLII), asked(ANNEX_QUERY, ANNEX_XLII)
    fields = "line link_source reference programme imo vessel_name former_names listed_on ground"
    assert values(rows.entries, fields) == [
        (*before, tuple(names), listed_on, ground) for *before, names, listed_on, ground in found
    ]
    assert rows.junk == [] and len(found) > 600


GUR_QUERY = """
    with digit as (
        select *, regexp_extract_all(imo, '[0-9]')::int[] as d
        from read_csv($file, auto_detect = false, header = true, delim = ',', columns = $columns)
    )
    select
        vessel_type,
        status = 'delisted_from_gur' as is_delisted,
        case when gur_id is null then 'IMO ' || imo
            else 'war-sanctions.gur.gov.ua ship ' || gur_id end as reference,
        case when regexp_full_match(imo, '[0-9]{7}')
            and (7 * d[1] + 6 * d[2] + 5 * d[3] + 4 * d[4] + 3 * d[5] + 2 * d[6]) % 10 = d[7]
            then imo::int end as imo,
        list_filter(
            list_distinct([mmsi_current, mmsi_legacy]),
            mmsi -> regexp_full_match(mmsi, '[2-7][0-9]{8}')
        ) as mmsis,
        mmsi_current = 'Call sign' as is_label
    from digit
"""


def test_the_catalogue_of_gur_has_every_ship_hull_and_mmsi_and_names_the_labels() -> None:
    rows = read_list(gur, GUR)
    found = asked(GUR_QUERY, GUR, columns=dict.fromkeys(GUR_SHIP, "VARCHAR"))
    assert Counter(
        (e.vessel_type, e.is_delisted, e.reference, e.imo, tuple(sorted(e.mmsis)))
        for e in rows.entries
    ) == Counter((*fields, tuple(sorted(map(int, mmsis)))) for *fields, mmsis, _ in found)
    assert not any(j.is_whole for j in rows.junk)
    labels = [j for j in rows.junk if "mmsi_current holds the label 'Call sign'" in j.reason]
    assert len(labels) == sum(bool(is_label) for *_, is_label in found) > 0


CSV_QUERY = r"""
    with entry as (
        from read_csv($file, header = false, auto_detect = false, quote = '"', escape = '"',
                      delim = ',', columns = {
            'ent_num': 'varchar', 'name': 'varchar', 'kind': 'varchar', 'program': 'varchar',
            'title': 'varchar', 'call_sign': 'varchar', 'type': 'varchar', 'tonnage': 'varchar',
            'grt': 'varchar', 'flag': 'varchar', 'owner': 'varchar', 'remarks': 'varchar'})
    ), digit as (
        select *, regexp_extract(remarks, 'Registration Identification (IMO +)?([0-9]{7})', 2) d
        from entry
    )
    select ent_num,
           unnest(string_split(program, '] [')) as programme,
           case when d != '' and list_sum([d[i]::int * (8 - i) for i in range(1, 7)]) % 10
                                = d[7]::int then d::int end as imo,
           nullif(regexp_extract(remarks, 'MMSI ([2-7][0-9]{8})', 1), '')::int as mmsi,
           try_cast(replace(tonnage, ',', '') as int) as deadweight_t,
           nullif(trim(call_sign), '-0-') as call_sign,
           regexp_matches(remarks, 'Registration Identification')
               and not regexp_matches(remarks, 'Identification (IMO +)?[0-9]{7}') as is_no_imo
    from digit where kind = 'vessel'
"""


def test_ofacs_csv_agrees_with_a_query_over_it() -> None:
    rows, found = read_list(ofac, OFAC_CSV), asked(CSV_QUERY, OFAC_CSV)
    assert Counter(
        (e.reference, e.programme, e.imo, *(e.mmsis or [None]), e.deadweight_t, e.call_sign)
        for e in rows.entries
    ) == Counter((f"SDN {number}", *rest) for number, *rest, _ in found)
    assert {(j.reason.split(",")[0], j.is_whole) for j in rows.junk} == {
        ("registration that is no IMO number", False)
    }
    assert len(rows.junk) == len({number for number, *_, is_no_imo in found if is_no_imo})


JSON_QUERY = """
    select row_number() over () as number, unnest(vessel.programs) as programme, vessel.imo as imo,
           vessel.name, vessel.vessel_info.dwt::int as dwt,
           vessel.vessel_info.gross_tonnage::int as gross
    from (select unnest(vessels) as vessel from read_json($file))
"""


def test_ofacs_extract_agrees_with_a_query_over_it() -> None:
    rows = read_list(ofac, OFAC_JSON)
    assert rows.junk == []
    assert Counter(
        (e.line, e.programme, e.imo, e.vessel_name, e.deadweight_t, e.gross_t) for e in rows.entries
    ) == Counter(asked(JSON_QUERY, OFAC_JSON))
    assert {e.listed_on for e in rows.entries} == {None}


def test_no_other_real_list_is_taken_for_ofacs() -> None:
    recognised = {path for path in SHARED.iterdir() if ofac.open_list(path) is not None}
    assert recognised == {OFAC_CSV, OFAC_JSON}


def test_the_table_of_lists_by_imo_is_refused() -> None:
    with pytest.raises(BarometerError, match="no evidence of a link to Russia"):
        team.open_list(SHARED / "sanctions_by_imo_2026-06.csv")
