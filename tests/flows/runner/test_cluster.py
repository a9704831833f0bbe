"""The main job on a Dask cluster gives what it gives in one process, wherever the lake lies."""

from __future__ import annotations

import logging
import shlex
import sys
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from flows.catalogue import relations
from flows.catalogue.build import FROM_TRACKS
from flows.cli import main
from flows.derive import calls
from flows.home.extras import install_command
from flows.home.resources import sql_text
from flows.home.settings import BarometerError, Settings, load_settings
from flows.ingest.inputs import Input
from flows.ingest.outcome import Outcome
from flows.lake.prepare import prepare_home
from flows.runner import cluster, ships
from tests.build.contents import contents, differing
from tests.build.derivation import only
from tests.build.files import write, zipped
from tests.conftest import AS_OF, ROOT
from tests.flows.lake.test_store import serving

SHOWN = {
    name
    for report in ("barometer", "weekly_water", "by_port")
    for name in relations.inputs(sql_text(f"report/{report}"))
}
"""What the flow shows of a week is made from these relations."""


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """The address of a cluster of two worker processes, which begin with the lake's key.

    They are forks of a process that has loaded the flow, as that takes seconds.
    """
    import dask
    from distributed import LocalCluster

    forked = {"distributed.worker.multiprocessing-method": "forkserver"}
    with serving() as (_, environ), pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        forkserver.set_forkserver_preload(["distributed", "flows.weekly"])
        forkserver.ensure_running()
        with dask.config.set(forked):
            made = LocalCluster(
                n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
            )
        with made:
            yield made.scheduler_address


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory, sample_days: list[Path]) -> list[str]:
    """Days, an archive, a file that is no AIS, a twin of a day, and one of a member."""
    from tests.flows.derive.test_order import _read

    folder = tmp_path_factory.mktemp("in")
    days = [_read(day) for day in sample_days[:4]]
    archive = zipped({"b.csv": days[1], "notes.csv": b"a,b\n1,2\n", "a.csv": days[0]})
    return [
        str(write(folder, days[3], name="z.csv")),
        str(write(folder, archive, name="two.zip")),
        str(write(folder, b"a,b\n1,2\n", name="bad.csv")),
        str(write(folder, days[2], name="day.csv")),
        str(write(folder, days[2], "gz", name="twin.csv")),
        str(write(folder, days[0], name="again.csv")),
        str(write(folder, b"PK\x03\x04 cut", name="cut.zip")),
    ]


def worked(
    home: Path, inputs: list[str], on: str | None = None, lake_address: str | None = None
) -> tuple[Settings, list[Outcome]]:
    """The flow on these inputs, and their outcomes.

    Without reports, and of what follows from the calls only what the flow shows: all else is made
    in the run's own process, with a cluster or without.
    """
    from flows.weekly import weekly

    settings = load_settings({"home": home, "as_of": AS_OF, "threads": 2, "lake": lake_address}, {})
    outcomes: list[Outcome] = []
    made = cluster.cluster(on, settings) if on else None
    flow = weekly.with_options(task_runner=made.runner) if made else weekly
    with only(*FROM_TRACKS, *SHOWN, publish=True):
        state = flow(
            paths=inputs,
            home=str(home),
            as_of=AS_OF,
            threads=2,
            lake=lake_address,
            outcomes=outcomes,
            ahead=made.ahead if made else 0,
            is_watched=True,
            reports=False,
            return_state=True,
        )
    assert state.is_failed() and "3 of 9 inputs failed" in state.message, state.message
    return settings, outcomes


@pytest.fixture(scope="module")
def plain(
    tmp_path_factory: pytest.TempPathFactory, prefect_server: None, inputs: list[str]
) -> tuple[Settings, list[Outcome]]:
    return worked(tmp_path_factory.mktemp("plain") / "home", inputs)


@pytest.fixture(scope="module")
def held(plain: tuple[Settings, list[Outcome]]) -> dict[str, str]:
    """What the home of `plain` holds."""
    return contents(plain[0])


def ledger(outcomes: list[Outcome]) -> list[tuple[Any, ...]]:
    """What became of the inputs, in order, with the ledger's sums."""
    return [
        (o.name, o.state, o.message, o.entry and o.entry._replace(position=None, reject=None))
        for o in outcomes
    ]


@pytest.mark.parametrize("where", ["in the home", "on object storage"])
def test_two_workers_give_the_rows_the_ledger_and_the_messages_of_one_process(
    where: str,
    scheduler: str,
    inputs: list[str],
    plain: tuple[Settings, list[Outcome]],
    held: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from flows import weekly

    ranges: list[tuple[int, int]] = []
    batches = calls.batches

    def seen(ships: Iterable[tuple[int, int]], most: int) -> list[tuple[int, int]]:
        found = list(batches(ships, most))
        ranges.extend(found if most == calls.BATCH_FIXES else [])
        return found

    monkeypatch.setattr(calls, "BATCH_FIXES", 2000)
    monkeypatch.setattr(calls, "batches", seen)
    monkeypatch.setattr(weekly, "ingest", None)  # nothing is read in this process
    address = None if where == "in the home" else "s3://lake/both"
    settings, outcomes = worked(tmp_path / "home", inputs, scheduler, address)
    assert ledger(outcomes) == ledger(plain[1])
    assert [o.state for o in outcomes].count("known") == 2
    assert len(ranges) > 2
    assert differing(contents(settings), held) == (["files"] if address else [])
    assert not [*(settings.home / "tmp").iterdir()]


def test_what_a_worker_could_not_do_is_done_here(
    plain: tuple[Settings, list[Outcome]], inputs: list[str], tmp_path: Path, prefect_server: None
) -> None:
    from flows import weekly
    from flows.ingest.inputs import find_inputs, inputs_of
    from flows.sources.definitions import load_sources

    class Lost:
        def result(self) -> Outcome:
            raise RuntimeError("the worker died")

    class Full(Lost):
        def result(self) -> Outcome:
            return Outcome("x", "failed", "disk full", is_transient=True)

    settings = load_settings({"home": tmp_path / "home", "as_of": AS_OF}, {})
    prepare_home(settings.home)
    first, second = list(inputs_of(find_inputs(inputs)[0]))[:2]
    assert isinstance(first, Input) and isinstance(second, Input)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weekly, "get_run_logger", lambda: logging.getLogger("test"))
        patch.setattr(weekly, "ingest", weekly.ingest.fn)
        for given, future in ((first, Lost()), (second, Full())):
            found = weekly._committed(given, future, load_sources(), settings, None)  # type: ignore[arg-type]
            assert found.state == "ingested"


class Gone:
    """A runner whose cluster ended."""

    def submit(self, *_: object) -> object:
        raise RuntimeError("the scheduler died")


def test_without_its_scheduler_a_run_reads_here_what_was_not_handed_out(
    inputs: list[str], tmp_path: Path, prefect_server: None, caplog: pytest.LogCaptureFixture
) -> None:
    from flows import weekly
    from flows.ingest.inputs import find_inputs, inputs_of
    from flows.sources.definitions import load_sources

    settings = load_settings({"home": tmp_path / "home", "as_of": AS_OF}, {})
    prepare_home(settings.home)
    given = inputs_of(find_inputs(inputs[3:4])[0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weekly, "get_run_logger", lambda: logging.getLogger("test"))
        patch.setattr(weekly, "ingest", weekly.ingest.fn)
        patch.setattr(weekly, "stage_elsewhere", Gone())
        found = list(weekly._ingested_ahead(given, load_sources(), settings, None, 2))
    assert [outcome.state for outcome in found] == ["ingested"]
    assert "the scheduler died" in caplog.text


def test_ships_that_a_cluster_lost_are_worked_here_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Lost:
        def result(self) -> object:
            raise RuntimeError("the worker died")

    class Wrong:
        def result(self) -> object:
            raise BarometerError("a file of the lake is missing")

    class Elsewhere:
        def result(self) -> object:
            return "elsewhere"

    settings = load_settings({"home": tmp_path / "home", "as_of": AS_OF}, {})
    prepare_home(settings.home)
    monkeypatch.setattr(ships, "work", lambda batch: batch.ships)

    def spread(*futures: object) -> list[Any]:
        given = iter(futures)

        def submit(_: ships.Batch) -> Any:
            future = next(given)
            return future if hasattr(future, "result") else Gone().submit()

        numbers = [(number, number) for number in range(len(futures))]
        return list(ships.spread_by(settings, submit)(None, numbers))  # type: ignore[arg-type]

    assert spread(Elsewhere(), Lost(), None) == ["elsewhere", (1, 1), (2, 2)]
    assert "the worker died" in caplog.text
    assert "the scheduler died" in caplog.text
    with pytest.raises(BarometerError, match="missing"):
        spread(Wrong())


def test_without_the_extra_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(["run", "--on", "dask", "--home", str(tmp_path)]) == 1
    assert install_command("cluster") in capsys.readouterr().err


def test_what_to_install_is_on_an_index() -> None:
    """The packages of the extra, each once, as pip takes them; Barometer itself is on no index."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    python, _, pip, install, *named = shlex.split(install_command("cluster"))
    assert (python, pip, install) == (sys.executable, "pip", "install")
    installed, wanted = (
        {str(Requirement(text)) for text in texts}
        for texts in (named, project["optional-dependencies"]["cluster"])
    )
    assert installed == wanted
    assert project["name"] not in {Requirement(text).name for text in named}


@pytest.mark.usefixtures("prefect_server")
def test_a_scheduler_that_does_not_answer_is_a_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cluster, "CONNECT_S", 0.5)
    assert main(["run", "--on", "tcp://127.0.0.1:1", "--home", str(tmp_path)]) == 1
    assert "no scheduler answers there" in capsys.readouterr().err
    monkeypatch.delenv("PREFECT_API_URL")
    assert main(["run", "--on", "tcp://192.0.2.1:8786", "--home", str(tmp_path)]) == 1
    assert "PREFECT_API_URL is not set" in capsys.readouterr().err


def test_a_worker_that_does_not_see_the_home_or_has_other_code_is_a_message(
    scheduler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings({"home": tmp_path / "home"}, {})
    assert cluster.cluster(scheduler, settings).ahead == 4
    # A file that is never made stands for a disk that the workers do not have.
    with monkeypatch.context() as patch:
        patch.setattr(Path, "touch", lambda _: None)
        patch.setattr(Path, "unlink", lambda _: None)
        with pytest.raises(BarometerError, match="does not see"):
            cluster.cluster(scheduler, settings)
    monkeypatch.setattr(cluster, "method_hash", lambda: "other")
    with pytest.raises(BarometerError, match="has not this version"):
        cluster.cluster(scheduler, settings)


def test_a_cluster_of_its_own_shows_its_pages_to_nobody_and_shares_the_machine(
    tmp_path: Path,
) -> None:
    import dask
    from distributed import LocalCluster

    settings = load_settings({"home": tmp_path / "home", "threads": 1}, {})
    before = dask.config.get("distributed.scheduler.http.routes")
    made = cluster.cluster("dask", settings, 1)
    try:
        with LocalCluster(**made.runner.cluster_kwargs) as own, own.get_client() as client:  # type: ignore[attr-defined]
            assert own.scheduler_address.startswith("tls://127.0.0.1:")
            services = client.run_on_scheduler(
                lambda dask_scheduler: dask_scheduler.http_server.port
            )
            for page in ("status", "info/main/logs.html", "health"):
                with pytest.raises(urllib.error.HTTPError, match="404"):
                    urllib.request.urlopen(f"http://127.0.0.1:{services}/{page}", timeout=5)
            there = client.submit(cluster.of_worker, settings).result()
    finally:
        dask.config.set({"distributed.scheduler.http.routes": before})
    assert (there.threads, made.ahead) == (1, 2)
    assert int(there.memory_limit.removesuffix("B")) > 300_000_000
    assert cluster.of_worker(settings) == settings  # outside of a worker


@pytest.mark.parametrize(
    "flags", [["--workers", "2"], ["--on", "x"], ["--on", "dask", "--workers", "0"]]
)
def test_wrong_usage(flags: list[str], tmp_path: Path) -> None:
    try:
        assert main(["run", *flags, "--home", str(tmp_path)]) == 2
    except SystemExit as ended:
        assert ended.code == 2
