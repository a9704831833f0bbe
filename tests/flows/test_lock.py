"""Two runs do not meet in one home, and a crash leaves no lock behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flows import lake
from flows.settings import BarometerError
from tests.conftest import ROOT

HOLD = "import sys; from pathlib import Path; from flows import lake\n"
HOLD += "with lake.locked(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"


def test_a_second_writer_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(BarometerError, match="another barometer is writing"), lake.locked(tmp_path):
        pass
    holder.kill()
    holder.wait()
    with lake.locked(tmp_path):
        pass
