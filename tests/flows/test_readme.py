"""What the README and the pages of docs/ show was run: output, queries, files that they name."""

from __future__ import annotations

import io
import os
import re
import runpy

import duckdb
import pytest
from rich.console import Console

from flows import __version__
from flows.catalogue import access
from flows.cli import main
from flows.home.resources import sql_path
from flows.home.settings import Settings
from flows.report.terminal import week_view
from tests.conftest import ROOT

PAGES = [*(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md"))]
PAGES += sorted(ROOT.glob("docs/*.md"))
TEXTS = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in PAGES}
MOST_LINES = 150
SHOWN = re.compile(r"(<!-- output: .*? -->\n```text\n)(.*?)\n?(```)", re.DOTALL)
QUERY = re.compile(r'^barometer sql (?:--format \w+ )?"(.*?)"', re.M)
FILE = re.compile(r"`((?:flows|geo|sql|data|docs|deploy|tests)/[\w./-]*)`")
EMPTY_IN_THE_SAMPLE = {"dark_detection", "outbox", "alert", "alert_delivery"}
MADE_BY_A_RUN = {"data/lake"}

each_page = pytest.mark.parametrize("page", TEXTS)


def test_the_readme_is_short_and_links_to_all_pages() -> None:
    assert len(TEXTS["README.md"].splitlines()) <= MOST_LINES
    missing = [page.name for page in ROOT.glob("docs/*.md") if page.name != "index.md"]
    assert [name for name in missing if f"](docs/{name})" not in TEXTS["README.md"]] == []


def test_the_page_for_analysts_has_all_relations_by_subject() -> None:
    named = set(re.findall(r"`(\w+)`", TEXTS["docs/sql.md"].partition("## By subject")[2]))
    comments = "".join(path.read_text("utf-8") for path in sql_path().glob("*/comments.sql"))
    relations = set(re.findall(r"(?m)^comment on (?:table|view) (\w+) is", comments))
    assert relations and relations - named == set()


@pytest.mark.timeout(1200)  # may make the year
@pytest.mark.parametrize(("page", "is_head"), [("README.md", True), ("docs/index.md", False)])
def test_the_output_shown_is_what_the_program_prints(
    year_home: Settings, page: str, is_head: bool
) -> None:
    """The README has the head, to the end of the first table.

    After a change that is meant: GOLDEN_WRITE=1 make test.
    """
    out = io.StringIO()
    with access.reading(year_home) as con:
        Console(file=out, width=112).print(week_view(con, "2026-W12"))
    printed = "\n".join(line.rstrip() for line in out.getvalue().splitlines())
    if is_head:
        printed = "\n\n".join(printed.split("\n\n")[:2])
    shown = SHOWN.search(TEXTS[page])
    assert shown is not None
    if os.environ.get("GOLDEN_WRITE"):
        before, after = TEXTS[page][: shown.end(1)], TEXTS[page][shown.start(3) :]
        (ROOT / page).write_text(f"{before}{printed}\n{after}", encoding="utf-8")
        return
    assert shown[2] == printed


@pytest.mark.parametrize(
    "command", sorted({query for text in TEXTS.values() for query in QUERY.findall(text)})
)
def test_the_queries_shown_run(
    sample_home: Settings, command: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["sql", command, "--home", str(sample_home.home), "--format", "csv"]) == 0
    lines = capfdbinary.readouterr().out.splitlines()
    assert len(lines) > (not EMPTY_IN_THE_SAMPLE & set(command.split()))


@each_page
def test_the_files_named_are_there(page: str) -> None:
    links = re.findall(r"\]\(((?!http|#)[^)#]+)[^)]*\)", TEXTS[page])
    assert all((ROOT / page).parent.joinpath(link).exists() for link in links)
    named = set(FILE.findall(TEXTS[page])) - MADE_BY_A_RUN
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_the_measured_tables_are_those_of_the_evaluation() -> None:
    results = "".join(
        path.read_text("utf-8") for path in ROOT.glob("tests/measure/evaluation/*.md")
    )
    rows = [line for line in TEXTS["docs/accuracy.md"].splitlines() if line.startswith("|")]
    assert len(rows) > 20
    assert [row for row in rows if row not in results] == []


def test_the_sql_page_has_every_comment() -> None:
    page = runpy.run_path(str(ROOT / "docs" / "sql_page.py"))
    texts = [path.read_text(encoding="utf-8") for path in sql_path().rglob("comments.sql")]
    statements = [s.query for text in texts for s in duckdb.extract_statements(text)]
    assert len(page["comments"]()) == len(statements) > 0
    reference = page["reference"]()
    relations = [kind for kind, _, _ in page["comments"]() if kind != "column"]
    assert len(re.findall(r"^### \w+$", reference, re.M)) == len(relations)


def test_the_citation_has_the_version() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {__version__}\n" in citation


@pytest.mark.parametrize("page", ["docs/operations.md", "docs/mail.md"])
def test_the_messages_named_are_the_programs(page: str) -> None:
    """The first column of the tables of messages, its variable parts (`...`) aside."""
    sources = [path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("flows/**/*.py"))]
    code = re.sub(r'"\s*f?"', "", "\n".join(sources))
    table = TEXTS[page].partition("| The message")[2].partition("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| ")]
    quoted = [text for cell in cells for text in re.findall(r"`([^`]+)`", cell)]
    parts = [part.strip() for text in quoted for part in text.split("...") if len(part) > 3]
    assert len(parts) > 3
    assert [part for part in parts if part not in code] == []
