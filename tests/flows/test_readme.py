"""What the README shows was run: its output, its queries and the files that it names."""

from __future__ import annotations

import io
import os
import re

import pytest
from rich.console import Console

from flows.catalogue import access
from flows.cli import main
from flows.home.settings import Settings
from flows.report.terminal import week_view
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_output_shown_is_what_the_program_prints(sample_home: Settings) -> None:
    """After a change that is meant: GOLDEN_WRITE=1 make test."""
    out = io.StringIO()
    with access.reading(sample_home) as con:
        Console(file=out, width=112).print(week_view(con, "2026-W12"))
    printed = "\n".join(line.rstrip() for line in out.getvalue().splitlines())
    shown = re.search(r"(<!-- output: .*? -->\n```text\n)(.*?)\n?(```)", README, re.DOTALL)
    assert shown is not None
    if os.environ.get("GOLDEN_WRITE"):
        before, after = README[: shown.end(1)], README[shown.start(3) :]
        (ROOT / "README.md").write_text(f"{before}{printed}\n{after}", encoding="utf-8")
        return
    assert shown[2] == printed


@pytest.mark.parametrize(
    "command", re.findall(r'^barometer sql (?:--format csv )?"(.*?)"', README, re.M)
)
def test_the_queries_shown_run(
    sample_home: Settings, command: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["sql", command, "--home", str(sample_home.home), "--format", "csv"]) == 0
    assert len(capfdbinary.readouterr().out.splitlines()) > 1


def test_the_files_named_are_there() -> None:
    named = re.findall(r"\]\(((?!http|#)[^)]+)\)", README)
    assert len(named) >= 5
    assert all((ROOT / name).exists() for name in named)
