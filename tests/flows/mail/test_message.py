"""The content of a mail: complete, small enough, and harmless whatever the names in it."""

from __future__ import annotations

import base64
import re
from datetime import datetime
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from flows.mail import message as module
from flows.mail.message import SUBJECT, Attachment, Message, compose, to_email
from flows.mail.version import version_of
from tests.build.post import NOON, TEAM, parsed, week_message

HOSTILE = [
    "EVIL\r\nBcc: x@evil.ru",
    "<script>alert(1)</script>",
    "WWW.EVIL.RU",
    "HTTP://EVIL",
    "A\u202eB\u2028C\x00",
    "=?utf-8?q?=0D=0ABcc:_x@evil.ru?=",
    '"><img src=//evil.ru/x>',
    "&lt;&#60;",
]


def read(part: Any) -> str:
    """A text part as a mail program shows it."""
    return str(part.get_content()).replace("\r\n", "\n")


def written(message: Message, subject: str | None = None) -> bytes:
    texts = compose(message, None)
    texts = texts._replace(subject=texts.subject if subject is None else subject)
    return to_email(message, texts, "b@x.org", TEAM, NOON, "<i@x.org>").as_bytes()


class Page(HTMLParser):
    """The tags of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def assert_harmless(email: EmailMessage, *, has_foreign_subject: bool = False) -> None:
    """No header, tag or link that foreign text could have made."""
    assert set(email.keys()) == {
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
        *("MIME-Version", "Content-Type"),
    }
    text, html = email.get_body(("plain",)), email.get_body(("html",))
    page = Page(read(html))
    assert page.tags <= set("html head meta title body div h1 h2 p b ul li table tr th td".split())
    names = "lang charset name content style align valign border cellspacing cellpadding"
    assert {name for name, _ in page.attributes} <= set(names.split())
    for body in (read(text), page.text, *([] if has_foreign_subject else [email["Subject"]])):
        assert re.findall(r"://|\w\.EVIL|www\.\w|\w@\w", body, re.IGNORECASE) == []
        assert not set(body) & set("\r\0\u202e\u2028\x1b")
    assert not set(email["Subject"]) & set("\r\n\0\u202e\u2028\x1b")


def test_each_file_is_sent_as_what_it_is() -> None:
    kinds = {
        "report.html": "text/html",
        "barometer.csv": "text/csv",
        "barometer.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "other.json": "application/json",
    }
    content = b"PK\x03\x04 a\r\nb\nc"
    files = tuple(Attachment(name, content) for name in kinds)
    email = parsed(written(week_message()._replace(attachments=files)))
    sent = {part.get_filename(): part for part in email.iter_attachments()}
    assert {name: part.get_content_type() for name, part in sent.items()} == kinds
    assert {part.get_payload(decode=True) for part in sent.values()} == {content}


def test_hostile_names_and_subjects_stay_text() -> None:
    email = parsed(written(week_message(names=tuple(HOSTILE), place="".join(HOSTILE))))
    assert_harmless(email)
    assert "<script>alert(1)</script>" in Page(read(email.get_body(("html",)))).text
    for name in HOSTILE:
        content = written(week_message(), subject=name)
        assert not re.search(rb"(?im)^bcc", content)
        assert_harmless(parsed(content), has_foreign_subject=True)


@settings(max_examples=50, deadline=None)
@given(st.text())
def test_any_name_and_subject_stays_text(text: str) -> None:
    content = written(week_message(names=(text,), place=text), subject=text)
    assert_harmless(parsed(content), has_foreign_subject=True)


def test_what_the_number_becomes_is_a_sentence_and_not_the_subject() -> None:
    message = week_message()
    row = {"settled_calls": 777, "low_80": 90, "high_80": 95, "pairs": 14}
    message.summary["nowcast"] = [row | {"settles_at": datetime(2026, 4, 20)}]
    texts = compose(message, None)
    assert "777 calls in all by 20 April 2026" in " ".join(texts.text.split())
    assert "777" not in texts.subject and "777" in texts.html


def test_restatements_stand_above_the_tables() -> None:
    message = week_message()
    assert "No published number has changed." in compose(message, None).text
    restated = {"week": "2026-W10", "number": "russian_linked_tanker_calls"}
    restated |= {"old_port_calls": 2, "new_port_calls": 3, "reasons": "late file"}
    summary = message.summary | {"restatement": [restated]}
    texts = compose(message._replace(summary=summary), None)
    for body in (texts.text, texts.html):
        sentence = "Published numbers that changed: 2026-W10 from 2 to 3 (late file)."
        assert sentence in body.replace("\n", " ")
        assert body.index("2026-W10 from") < body.index("SIM VEGA")


def test_a_source_that_wants_it_is_cited() -> None:
    message = week_message()
    gfw = {"source": "gfw", "citation": "Powered by GFW", "licence": "CC BY-NC 4.0"}
    texts = compose(message._replace(summary=message.summary | {"sources": [gfw]}), None)
    for body in (texts.text, texts.html):
        assert "Source gfw: Powered by GFW. Licence: CC BY-NC 4" in body.replace("\n", " ")


def test_it_is_ascii_in_short_lines() -> None:
    content = written(week_message(names=("ЛЕНА " * 200,)))
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998  # RFC 5321, 4.5.3.1.6
    assert b"\n" not in content.replace(b"\r\n", b"")


def test_a_file_too_large_is_left_out_and_named() -> None:
    csv, page = Attachment("a.csv", b"x" * 1000), Attachment("report.html", b"x" * 9_000_000)
    assert module.fitting([page, csv], module.MAX_ENCODED_BYTES) == ([csv], [page])
    texts = compose(week_message()._replace(attachments=(csv,), left_out=(page,)), None)
    for body in (texts.text, texts.html):
        assert "report.html (9.0 MB)" in " ".join(body.split())


@given(st.lists(st.integers(0, 3000), max_size=6), st.integers(0, 5000))
def test_attachments_fit_as_encoded(sizes: list[int], limit: int) -> None:
    files = [Attachment(f"{number}", b"x" * size) for number, size in enumerate(sizes)]
    kept, left_out = module.fitting(files, limit)
    encoded = [base64.encodebytes(file.content).replace(b"\n", b"\r\n") for file in kept]
    assert sum(map(len, encoded)) <= limit and sorted(kept + left_out) == files
    assert all(len(left_out[0].content) >= len(file.content) for file in files if left_out)


def test_a_week_without_a_number() -> None:
    message = week_message(calls=None, state="unobserved", names=())
    message.summary["series"]["observed_share"] = 0.1
    gulf = {"water": "Gulf", "state": "partial", "observed_share": 0.34, "high_95": 10.8}
    gulf |= dict.fromkeys(("russian_linked_tanker_calls", "russian_linked_berth_calls"), 0)
    message.summary["waters"].append(gulf | {"tanker_calls": 6})
    texts = compose(message, None)
    assert "In the Gulf, up to 11 a week would fit." in texts.text.replace("\n", " ")
    why = "no call seen where we listened (10% of the coast's hours), too little to report zero"
    assert texts.subject == f"{SUBJECT} 2026-W12: No number: {why}"
    assert re.search(r"2026-W12  unobserved +\? +\?", texts.text)


def test_a_zero_that_was_hardly_heard_is_in_no_line_of_the_mail() -> None:
    message = week_message(calls=0, state="partial", names=())
    message.summary["series"] |= {"observed_share": 0.34, "worst_share": 0.34, "high_95": 10.8}
    texts = compose(message, None)
    assert texts.subject == (
        f"{SUBJECT} 2026-W12: No Russian-linked tanker call seen where we listened (34% of the "
        "coast's hours); up to 11 a week would fit"
    )
    assert re.search(r"2026-W12  partial +none seen +none seen", texts.text)
    assert ">0<" not in texts.html


def test_a_version_follows_the_numbers_and_nothing_else() -> None:
    numbers = ("russian_linked_tanker_calls", "russian_linked_berth_calls", "tanker_calls")
    series = {"week": "2026-W12", "state": "complete", "observed_share": 0.96}
    series |= dict(zip(numbers, (3, 2, 9), strict=True))
    port = {"port_id": "IRKHK", "link_tier": "strong", "port_calls": 3, "state": "complete"}
    version = version_of(series, [port])
    same = series | {"observed_share": 0.97, "word": "rise", "a_new_column": 1}
    quiet = port | {"port_id": "IRNEW", "port_calls": None, "state": "unobserved"}
    assert version_of(same, [quiet, port | {"berth_calls": 1}]) == version
    for change in (*({name: 4} for name in numbers), {"state": "partial"}):
        assert version_of(series | change, [port]) != version
    for change in ({"port_calls": 4}, {"link_tier": "moderate"}):
        assert version_of(series, [port | change]) != version
