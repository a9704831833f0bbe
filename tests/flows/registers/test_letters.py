"""Text of lists as people type it: digits of other scripts, look-alikes, flags in every form."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.registers.lists.entry import day, flag_code, imo_number, ship_mmsi, whole_number
from flows.registers.lists.letters import plain_code, plain_text
from tests.build.lists import imo

DIGITS = ("0123456789", "０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹")
LOOK_ALIKES = {"A": "АΑ", "B": "ВΒ", "C": "С", "E": "ЕΕ", "H": "НΗ", "I": "ІΙ", "K": "КΚ"} | {
    "M": "МΜ", "N": "Ν", "O": "ОΟ", "P": "РΡ", "S": "Ѕ", "T": "ТΤ", "X": "ХΧ", "Y": "УΥ",
}  # fmt: skip


@settings(max_examples=40)
@given(
    st.integers(0, 99_999), st.sampled_from(DIGITS), st.sampled_from(["", "IMO ", "ІМО", "IМO "])
)
def test_an_imo_number_in_any_digits_and_letters(number: int, digits: str, prefix: str) -> None:
    text = prefix + "".join(digits[int(d)] for d in str(imo(number)))
    assert imo_number(text) == imo(number)


def test_a_letter_for_a_digit_is_read_where_the_check_digit_is_right() -> None:
    for zero in ("O", "o", "О", "Ο"):
        text = str(imo(3)).replace("0", zero)
        assert imo_number(text) == imo(3)
        assert imo_number(text[:-1] + str((imo(3) + 1) % 10)) is None
    assert imo_number("OOOOOOO") is None and imo_number("IOIOIOI") is None, "a word"


@settings(max_examples=40)
@given(st.text("ABCEHIKMNOPSTXY0123456789-", min_size=3, max_size=20), st.data())
def test_a_tag_in_look_alikes_is_the_tag(tag: str, data: st.DataObject) -> None:
    typed = "".join(data.draw(st.sampled_from(s + LOOK_ALIKES.get(s, ""))) for s in tag)
    assert plain_code(typed) == plain_code(tag)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("RUSSIA\u2011EO14024", "RUSSIA-EO14024"),
        ("SЕA STАR", "SEA STAR"),
        ("НОРЕ STAR", "HOPE STAR"),
        ("МОРЕ", "МОРЕ"),
        ("ЖУКОВ STAR", "ЖУКОВ STAR"),
        ("ＳＥＡ　ＳＴＡＲ　７", "SEA STAR 7"),
        *((text, None) for text in ("", " ", "-0- ", "N/A", "n/a ", "NULL", "None", "-", "\u200b")),
    ],
)
def test_plain_text(text: str, plain: str | None) -> None:
    assert plain_text(text) == plain


FLAGS: dict[str, str] = {
    "GM": "Gambia, The;The Gambia;GAMBIA (THE);Gambia (the);Gаmbia;gm",
    "CI": "Cote d'Ivoire;Côte d\u2019Ivoire;COTE D IVOIRE;Ivory Coast",
    "TR": "Türkiye;TÜRKİYE;Turkiye;Turkey;Republic of Türkiye",
    "CK": "Cook Islands;COOK ISLANDS;Cook Is.;Cook Islands, The;СООК Islands",
    "KR": "Korea, Republic of;Republic of Korea;South Korea;Korea, South",
    "KP": "Korea, Democratic People's Republic of;DPRK;North Korea;D.P.R. Korea",
    "CD": "Congo, Democratic Republic of the;Congo (Kinshasa);DR Congo",
    "CG": "Congo;Congo, Republic of the;Congo (Brazzaville)",
    "TZ": "Tanzania, United Republic of;Tanzania (Zanzibar);Zanzibar",
    "MH": "Marshall Islands;Marshall Is.;Republic of the Marshall Islands",
    "KN": "St. Kitts & Nevis;Saint Kitts and Nevis;ST KITTS AND NEVIS",
    "VC": "St Vincent and the Grenadines;St.Vincent/Grenadines;Saint Vincent",
    "IR": "Iran (Islamic Republic of);Iran, Islamic Rep. of;IRAN",
    "RU": "Russia;Russian Federation;Russian Fed.;RU",
    **{"GQ": "Guinea, Equatorial;Equatorial Guinea", "GW": "Guinea-Bissau;Guinea Bissau"},
    **{"VG": "Virgin Islands, British;British Virgin Islands", "DO": "Dominican Republic"},
    **{
        "HK": "Hong Kong, China;Hong Kong (SAR);Hong Kong SAR",
        "KM": "Comoros;Union of the Comoros",
    },
    **{"TW": "Taiwan, Province of China;Taiwan;Republic of China"},
    **{"SZ": "Eswatini;Swaziland;Kingdom of Eswatini", "DM": "Dominica;Commonwealth of Dominica"},
    **{"GB": "United Kingdom;Great Britain;UK"},
    "": "False flag;Unknown;N/A;None;Korea;Virgin Islands;Republic of",
}


@pytest.mark.parametrize("code", FLAGS)
def test_a_flag_in_every_form(code: str) -> None:
    texts = FLAGS[code].split(";")
    assert {text: flag_code(text) for text in texts} == dict.fromkeys(texts, code or None)


def test_a_day_with_a_time() -> None:
    times = ("", " 00:00", " 00:00:00", " 12:00 AM", "T00:00:00Z", " 00:00:00.000")
    for time in (*times, " 00:00:00+01:00"):
        assert day(f"31/07/2024{time}", "%d/%m/%Y") == date(2024, 7, 31), time


def test_numbers_in_other_digits_and_as_floats() -> None:
    assert whole_number("９９,１４４") == 99144
    assert ship_mmsi("２73123456") == ship_mmsi("273123456.0") == 273123456
