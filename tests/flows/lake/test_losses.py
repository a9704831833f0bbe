"""A history that is missing or cut: no run starts anew, and what the home shows is restored."""

from __future__ import annotations

import itertools
import json
import re
import shutil
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path

import pytest

from flows.catalogue.check import HISTORY, check
from flows.home import history
from flows.home.settings import BarometerError, Settings
from flows.lake import losses
from flows.lake.manifest import CATALOGUE
from flows.registers import store
from flows.runner import run
from tests.build.derivation import only
from tests.build.files import LAYOUTS, copy_of, day, ingest, row, settings_of, tree, write
from tests.build.ships import AS_OF, call, ship
from tests.conftest import no_pictures

VISIT = b"imo,port,day\n9074729,IRKHK,2026-06-01\n"
LIST = """imo,name,tier,reason,source,from,to
9074729,BARO ONE,strong,listed,our own,2026-01-01,
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home of two runs, with an imported list, a witness, publications, a mail and an alert."""
    folder = tmp_path_factory.mktemp("whole")
    settings = settings_of(folder / "home", as_of=AS_OF)
    with no_pictures():
        for number in range(2):
            rows = call(ship(number, f"VOLNA {number}", mid=273), 1)
            rows.append(row(LAYOUTS[2], reported_at="07/06/2026 23:30:00"))  # the week is over
            content = day(*rows, layout=LAYOUTS[2])
            write(folder / "in", content, name=f"{number}.csv")
            outcomes = ingest(settings, folder / "in")
            if number == 0:
                ingest(settings, write(folder / "seen", VISIT, name="inspections.csv"))
                path = write(folder, LIST.encode(), name="team.csv")
                store.import_list(settings, path, published_on=None, accept_loss=False)
                mail = {"week": "2026-W23", "version": "v", "state": "sent", "to": ["a@b.example"]}
                mail |= {"at": AS_OF.isoformat(), "week_state": "complete", "attempt": 1}
                history.append_history(settings.home, history.OUTBOX, [mail])
                alert = {"service": "json 1", "state": "sent", "at": AS_OF.isoformat()}
                alert |= {"alerts": ["call 1", "call 2"], "error": None}
                history.append_history(settings.home, history.ALERT, [alert])
            with nullcontext() if number else only(publish=True):
                run.derive(settings, outcomes, publish=True, reports=number == 1)
    for name in losses.SHOWN:
        assert history.read_history(settings.home, name), name
    return settings


@pytest.fixture
def home(whole: Settings, tmp_path: Path) -> Settings:
    return copy_of(whole, tmp_path)


def lines(settings: Settings, name: str) -> list[bytes]:
    return history.history_path(settings.home, name).read_bytes().splitlines(keepends=True)


def same(one: Settings, other: Settings, name: str, *without: str) -> bool:
    """Whether two homes have the same records, whatever their numbers."""

    def records(settings: Settings) -> list[str]:
        found = history.read_history(settings.home, name)
        kept = ({k: v for k, v in r.items() if k not in without} for r in found)
        return sorted(json.dumps(r, sort_keys=True) for r in kept)

    return records(one) == records(other)


NAMES = tuple(losses.SHOWN)


def lose(settings: Settings, name: str, loss: str) -> None:
    path = history.history_path(settings.home, name)
    if loss == "missing":
        path.unlink()
    else:
        path.write_bytes(b"" if loss == "empty" else b"".join(lines(settings, name)[:-1]) + b'{"a')


OTHER_COLUMNS = {
    history.REGISTER: ("imported_at", "name", "added", "changed", "gone", "hulls"),
    history.RUN: ("registers",),
    history.PUBLISHED_WEEK: ("observed_share",),  # shown as a FLOAT
    history.OUTBOX: ("outbox_id", "message_id", "error", "next_try_at"),
}
"""What a restored record does not have as it was."""
LOSSES = dict(zip(NAMES, itertools.cycle(("cut", "missing")), strict=False))


@pytest.mark.parametrize(
    "lost",
    [
        *({name: LOSSES[name] for name in NAMES[n::3]} for n in range(2)),
        {name: LOSSES[name] for name in NAMES[2::3]} | {history.RUN: "empty"},
    ],
    ids=", ".join,
)
def test_histories_that_lost_lines_are_refused_and_restored(
    whole: Settings, home: Settings, lost: dict[str, str]
) -> None:
    for name, loss in lost.items():
        lose(home, name, loss)
    before = tree(home.home)
    with pytest.raises(BarometerError, match="--recover") as refused:
        run.prepare(home)
    assert tree(home.home) == before
    faults = "\n".join(found.message for found in check(home) if found.check == HISTORY)
    for message in (str(refused.value), faults):
        assert "--recover" in message
        for name in NAMES:
            named = re.search(rf"\b{name}\.jsonl: (is missing|has )", message)
            assert bool(named) == (name in lost), name
    assert len(losses.restore(home)) == len(lost)
    run.prepare(home)
    assert losses.restore(home) == []
    for name in NAMES:
        assert same(whole, home, name, "publication_id", *OTHER_COLUMNS.get(name, ())), name


@pytest.mark.parametrize("is_cut", [True, False], ids=["all cut", "no folder"])
def test_after_the_loss_of_all_nothing_is_published_as_new(home: Settings, is_cut: bool) -> None:
    """Of the two cases, one takes the whole of a run, and a check."""
    for name in NAMES:
        history.history_path(home.home, name).write_bytes(b"".join(lines(home, name)[:-1]))
    if not is_cut:
        shutil.rmtree(home.home / "history")
    with pytest.raises(BarometerError, match=r"run\.jsonl: (is missing|has )"):
        run.prepare(home)
    assert len(losses.restore(home)) == len(NAMES)
    run.prepare(home)
    before = lines(home, history.PUBLISHED)
    with no_pictures(), only(publish=True) if is_cut else nullcontext():
        assert run.derive(home, [], publish=True, reports=not is_cut) == []
    assert lines(home, history.PUBLISHED) == before
    assert is_cut or [f for f in check(home) if f.is_fault and f.check != "moved"] == []


def test_without_the_catalogue_what_is_not_known_is_said(home: Settings) -> None:
    shutil.rmtree(home.home / "history")
    (home.home / CATALOGUE).unlink()
    with pytest.raises(BarometerError) as refused:
        run.prepare(home)
    assert "run.jsonl: is missing" in str(refused.value)
    assert "register.jsonl: is missing" in str(refused.value)
    messages = "\n".join(losses.restore(home))
    assert (
        "is no longer known" in messages and "register.jsonl: 1 records were restored" in messages
    )
    run.prepare(home)


def test_a_new_home_and_an_import_that_was_killed_lost_nothing(tmp_path: Path) -> None:
    home = settings_of(tmp_path / "home", as_of=datetime(2026, 4, 20))
    ingest(home, write(tmp_path / "in", day()))
    assert losses.restore(home) == []
    run.prepare(home)
    path = write(tmp_path, LIST.encode(), name="team.csv")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "append_history", lambda *_: None)
        store.import_list(home, path, published_on=None, accept_loss=False)
    run.prepare(home)
    assert store.load_versions(home.home) is not None
