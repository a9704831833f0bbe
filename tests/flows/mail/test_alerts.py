"""Each alert goes to each service once, whatever fails, as plain text and without a secret."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.catalogue import access
from flows.cli import main
from flows.home.history import ALERT, read_history
from flows.home.settings import BarometerError, Settings
from flows.lake.manifest import CATALOGUE
from flows.lake.prepare import prepare_home
from flows.mail import alerts, services
from flows.mail.smtp import Result
from flows.registers.watchlist import FILE
from flows.report.words import counted
from flows.runner import run
from tests.build.derivation import only
from tests.build.files import answer, copy_of, day, ingest, write
from tests.build.post import Post, emptied
from tests.build.process import ROOT, held
from tests.build.ships import DANISH, START, Ship, call, sent, ship
from tests.build.web import Web, serving
from tests.conftest import no_pictures

CLOSED = datetime(2026, 6, 23, 6)
"""W23 to W25 are closed, W26 is open."""
TOKEN = "tok-3b9Zq71x"

HOSTILE = "<!HERE>@ALL[X](E.RU)"
WATCHED, CALLER, LATE = (
    ship(n, name, mid=273) for n, name in enumerate(("SIM WATCHED", HOSTILE, "SIM LATE"), 1)
)
HEARD = ship(9, "SIM HEARD", ship_type="Cargo")
WATCHLIST = f"kind,value,note\nimo,{WATCHED['imo']},seen _twice_\nport,IRKHK,\n"


def lying(days: float) -> list[str]:
    """A cargo ship at sea off Kharg, hour by hour: somebody who is heard."""
    times = [START + timedelta(hours=hour) for hour in range(int(days * 24))]
    return [sent(HEARD, at, 50.3, 28.95, is_still=True) for at in times]


def publish(
    settings: Settings,
    as_of: datetime,
    *,
    wanted: Sequence[str] | None = ("alert",),
    reports: bool = False,
    **files: list[str],
) -> Settings:
    """A run that publishes, over files of rows; with `wanted`, as `home_of` has it."""
    then = settings._replace(as_of=as_of)
    then.home.mkdir(exist_ok=True)
    prepare_home(then.home)
    paths = [
        write(then.home.parent / "in", day(*rows, layout=DANISH), name=f"{name}.csv")
        for name, rows in files.items()
    ]
    derived = nullcontext() if wanted is None else only(*wanted, publish=True)
    with no_pictures(), derived:
        run.derive(then, ingest(then, *paths) if paths else [], publish=True, reports=reports)
    return then


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with a watched call in W23 and one in W25, the newest closed week."""
    home = tmp_path_factory.mktemp("watched") / "home"
    home.mkdir()
    (home / FILE).write_text(WATCHLIST)
    rows = [*lying(22.2), *call(WATCHED, 2), *call(CALLER, 16)]
    return publish(Settings(home, CLOSED, 1, "300MB"), CLOSED, wanted=None, all=rows)


@pytest.fixture
def home(whole: Settings, tmp_path: Path) -> Settings:
    """A copy of it, whose catalogue is repointed once instead of by each that reads it."""
    copy = copy_of(whole, tmp_path)
    access.repoint(copy)
    return copy


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as web:
        web.files["/hook"] = b"ok"
        web.files[f"/{TOKEN}"] = b"ok"
        yield web


def to(web: Web, path: str = "hook") -> dict[str, str]:
    """The environment with the server as the one service."""
    return {"BAROMETER_ALERT_URLS": f"json://{web.address.removeprefix('http://')}/{path}"}


def messages(web: Web) -> list[tuple[str, list[str]]]:
    """Subject and lines of each message it got."""
    posted = [json.loads(body) for body in web.posted]
    return [(message["title"], message["message"].splitlines()) for message in posted]


def number(settings: Settings, more: int = 1) -> str:
    """So many alerts and those of the bundled lists, which grow old."""
    with access.reading(settings) as con:
        query = "select count(*) from alert where kind = 'old list'"
        (old,) = con.execute(query).fetchone() or (0,)
    return counted(more + old, "alert")


def states(settings: Settings) -> list[str]:
    return [record["state"] for record in read_history(settings.home, ALERT)]


def caller(settings: Settings, of: Ship) -> str:
    with access.reading(settings) as con:
        query = "select port_call_id from port_call where mmsi = $1"
        (key,) = con.execute(query, [int(of["mmsi"])]).fetchone() or ("",)
    return f"call {key}"


# Once


def test_an_old_home_starts_with_its_newest_closed_week(home: Settings, web: Web) -> None:
    result = alerts.send_alerts(home, to(web))
    ((subject, lines),) = messages(web)
    assert result.problems == [] and subject == f"Barometer 2026-W25: {number(home)}"
    (line,) = (line for line in lines if not line.startswith("- Old list"))
    assert line.startswith("- Watched call: !HERE @ ALL X (E[.]RU), IMO")
    assert states(home) == ["passed over", "sending", "sent"]
    passed = read_history(home.home, ALERT)[0]["alerts"]
    assert passed == [caller(home, WATCHED)]


def test_an_alert_is_sent_once_over_runs_rebuilds_and_restatements(
    home: Settings, web: Web
) -> None:
    alerts.send_alerts(home, to(web))
    assert alerts.send_alerts(home, to(web)).done[0].startswith("no new alerts for json ")
    before = answer(home, "from alert order by all")
    (home.home / CATALOGUE).unlink()
    again = publish(home, CLOSED + timedelta(hours=1))
    assert answer(again, "from alert order by all") == before
    assert alerts.send_alerts(again, to(web)).problems == []
    assert len(web.posted) == 1
    # A late file: another number of W23, and a call that nobody was told of. The others stay.
    later = publish(home, CLOSED + timedelta(hours=2), late=call(LATE, 3))
    assert alerts.send_alerts(later, to(web)).problems == []
    _, (subject, lines) = messages(web)
    assert subject == "Barometer 2026-W25: 2 alerts"
    restated, called = lines
    assert restated == (
        "- Restated: 2026-W23, from 1 to 2 Russian-linked calls (late file). "
        f"came: SIM LATE (IMO {LATE['imo']})."
    )
    assert called.startswith("- Watched call: SIM LATE, ")
    assert alerts.send_alerts(later, to(web)).done[0].startswith("no new alerts")
    with access.reading(later) as con:
        query = "select state, len(alert_ids) from alert_delivery order by delivery_id"
        sent = con.execute(query).fetchall()
    assert [state for state, _ in sent] == ["passed over", *("sending", "sent") * 2]
    assert sent[0] == ("passed over", 1) and sent[-1] == ("sent", 2)


def test_what_a_late_file_shows_of_an_earlier_week_is_sent_to_whom_nothing_was_sent_yet(
    tmp_path: Path, web: Web
) -> None:
    home = Settings(tmp_path / "home", CLOSED, 1, "300MB")
    home.home.mkdir()
    (home.home / FILE).write_text(WATCHLIST)
    publish(home, CLOSED, all=lying(22.2))
    alerts.send_alerts(home, to(web))
    already = len(web.posted)
    later = publish(home, CLOSED + timedelta(hours=1), late=call(WATCHED, 2))
    assert alerts.send_alerts(later, to(web)).problems == []
    assert len(web.posted) == already + 1
    lines = messages(web)[-1][1]
    assert any(line.startswith("- Watched call: SIM WATCHED, ") for line in lines)


KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from flows.home.settings import Settings
from flows.mail import alerts
append = alerts.append_history
def killed(home, name, records):
    if any(record["state"] == "sent" for record in records):
        os.kill(os.getpid(), signal.SIGKILL)
    append(home, name, records)
alerts.append_history = killed
alerts.send_alerts(Settings(Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), 1, "300MB"))
"""


def test_a_crash_before_the_record_is_reported_once_and_nothing_sent_twice(
    home: Settings, web: Web
) -> None:
    program = [sys.executable, "-c", KILLED, str(home.home), home.as_of.isoformat()]
    done = subprocess.run(program, cwd=ROOT, env=os.environ | to(web), check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(web.posted) == 1 and states(home) == ["passed over", "sending"]
    (problem,) = alerts.send_alerts(home, to(web)).problems
    assert (
        f"{number(home)} may have been delivered to json " in problem
        and "not sent again" in problem
    )
    assert alerts.send_alerts(home, to(web)).problems == []
    assert len(web.posted) == 1 and states(home)[2:] == ["unclear"]


def test_a_connection_lost_before_the_answer_is_unclear_and_not_sent_again(
    home: Settings, web: Web
) -> None:
    web.plan["/hook"] = [{"gone": True}]
    (problem,) = alerts.send_alerts(home, to(web)).problems
    assert "may have been delivered" in problem and "not sent again" in problem
    assert alerts.send_alerts(home, to(web)) == Result(
        [f"no new alerts for {services.services(to(web))[0].name}"], []
    )
    assert len(web.posted) == 1


def test_a_service_that_fails_is_tried_by_the_next_run_and_costs_no_other(
    home: Settings, web: Web
) -> None:
    web.files["/other"] = b"ok"
    web.plan["/hook"] = [{"status": 503}]
    both = {"BAROMETER_ALERT_URLS": " ".join((*to(web).values(), *to(web, "other").values()))}
    result = alerts.send_alerts(home, both)
    (problem,) = result.problems
    assert f"{number(home)} not sent to json " in problem and "503" in problem
    assert (
        problem.endswith("The next run tries again")
        and f"{number(home)} sent to json" in result.done[0]
    )
    assert [path for _, path, _ in web.asked] == ["/hook", "/other"]
    (waiting,) = alerts.pending(home, both)
    assert waiting.startswith(f"{number(home)} not sent to json ") and "503" in waiting
    assert alerts.send_alerts(home, both).problems == []
    assert [path for _, path, _ in web.asked[2:]] == ["/hook"]
    assert alerts.pending(home, both) == []


def test_two_processes_do_not_send_at_once(home: Settings, web: Web) -> None:
    with held(home.home / "history"):
        (problem,) = alerts.send_alerts(home, to(web)).problems
    assert "another barometer" in problem and web.posted == []


def test_check_and_report_show_what_is_pending(
    home: Settings,
    web: Web,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    undrawn: None,
) -> None:
    monkeypatch.setenv("BAROMETER_ALERT_URLS", to(web)["BAROMETER_ALERT_URLS"])
    main(["check", "--home", str(home.home), "--as-of", home.as_of.isoformat()])
    assert f"limit  alerts: {number(home)} not sent to json " in capsys.readouterr().out
    assert main(["report", "--home", str(home.home)]) == 0
    assert f"Alerts: {number(home)} not sent to json " in capsys.readouterr().out
    alerts.send_alerts(home)
    assert main(["report", "--home", str(home.home)]) == 0
    assert "Alerts:" not in capsys.readouterr().out


# Services


def test_mail_goes_through_an_smtp_server(
    home: Settings, plain: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = emptied(plain, monkeypatch)
    address = f"mailto://localhost:{post.port}/?mode=insecure&from=a@example.org&to=b@example.org"
    result = alerts.send_alerts(home, {"BAROMETER_ALERT_URLS": address})
    assert result.problems == []
    (email,) = post.taken()
    assert email["Subject"] == f"Barometer 2026-W25: {number(home)}"
    assert email.get_content_type() == "text/plain"
    assert "!HERE @ ALL X (E[.]RU), IMO" in email.get_content()


def test_no_part_of_an_address_is_shown_or_kept(
    home: Settings, web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    host = web.address.removeprefix("http://")
    addresses = [
        f"json://user:{TOKEN}@{host}/{TOKEN}?+X-Token={TOKEN}",
        f"json://localhost:9/{TOKEN}",
        f"nothing://{TOKEN}/{TOKEN}",
        f"ntfy://{TOKEN}@{host}/{TOKEN}",
        f"slack://{TOKEN}",
    ]
    web.plan[f"/{TOKEN}"] = [{"status": 404, "body": TOKEN.encode()}]
    environ = {"BAROMETER_ALERT_URLS": ", ".join(addresses)}
    result = alerts.send_alerts(home, environ)
    assert len(result.problems) == 5 and web.posted
    texts = [*result.problems, *alerts.pending(home, environ), caplog.text]
    texts += [path.read_text() for path in (home.home / "history").glob("*.jsonl")]
    texts.append(repr(services.services(environ)))
    assert [text for text in texts if TOKEN in text or TOKEN[4:] in text] == []
    assert TOKEN.encode() not in (home.home / CATALOGUE).read_bytes()


def test_another_password_is_the_same_service_and_another_address_a_new_one() -> None:
    def name(url: str) -> str:
        (service,) = services.services({"BAROMETER_ALERT_URLS": url})
        return service.name

    assert name("json://u:one@host/a") == name("json://u:two@host/a")
    assert len({name(f"slack://T{n}/B/C") for n in range(20)}) == 20


def test_both_settings_at_once_are_refused(home: Settings) -> None:
    environ = {"BAROMETER_ALERT_URLS": "json://localhost", "BAROMETER_ALERT_BLOCK": "team"}
    with pytest.raises(BarometerError, match="are both set"):
        services.services(environ)
    assert "are both set" in alerts.send_alerts(home, environ).problems[0]


def test_without_a_service_apprise_is_not_imported(home: Settings) -> None:
    program = "import sys; from datetime import datetime; from pathlib import Path\n"
    program += "from flows.home.settings import Settings; from flows.mail import alerts\n"
    program += "home = Settings(Path(sys.argv[1]), datetime(2026, 6, 23), 1, '300MB')\n"
    program += "print(alerts.send_alerts(home, {}).done, alerts.pending(home, {}))\n"
    program += "assert 'apprise' not in sys.modules"
    command = [sys.executable, "-c", program, str(home.home)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "no service is set up" in done.stdout
    assert read_history(home.home, ALERT) == []


# The message

NAMES = (
    "<!channel>",
    "<@U123|x>",
    "@everyone",
    "[call me](http://evil.ru)",
    "http://evil.ru",
    "EVIL.RU",
    "*bold* _i_ ~s~ `c`",
    "<script>alert(1)</script>",
    "a\nb\u202ec",
    "&lt;!here&gt;",
    "# head",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_is_plain_text(name: str) -> None:
    alert = alerts.Alert("call 1", "watched call", True, name, "MMSI 273990001", name)
    text = alerts.line(alert)
    assert not set("<>*_~`|#&\n\u202e") & set(text)
    for form in ("://", "](", "@e", "@U", "evil.ru", "EVIL.RU"):
        assert form not in text
    assert text.endswith(".") and "MMSI 273990001" in text


def of_kind(kind: str, number: int) -> Any:
    return alerts.Alert(f"{kind} {number}", kind, True, f"subject {number}", "x" * 80, None)


@pytest.mark.parametrize("most", [200, 1000, 2000, 35_000])
def test_a_message_fits_the_service_and_says_how_many_more(most: int) -> None:
    due = [of_kind("restated", number) for number in range(50)]
    text = alerts.body(due, True, most)
    lines = text.splitlines()
    assert len(text) <= most and lines[0].startswith("SIMULATED DATA")
    shown = sum(line.startswith("- Restated") for line in lines)
    assert shown == 50 or lines[-1].startswith(f"... and {50 - shown} more")
