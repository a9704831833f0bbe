"""`barometer listen`: record a stream into hourly files."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from flows.commands.shared import DONE, Command, log, seconds_of, settings_of, start_logging

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.sources.streams.recording import ListenProgress


def add(command: Command) -> None:
    """Its arguments."""
    parser = command(
        "listen",
        execute,
        "record a live stream into hourly files; prints their paths",
        """
        export BAROMETER_AISSTREAM_KEY=...          # free of charge: https://aisstream.io/apikeys
        barometer listen --home ~/barometer         # until Ctrl-C or SIGTERM
        barometer listen --for 1h --home ~/barometer
        barometer listen digitraffic --home ~/barometer   # off Primorsk and Ust-Luga
        barometer run ~/barometer/recordings --home ~/barometer

        aisstream: aisstream.io off Iran's ports. digitraffic: receivers on Finland's coast,
        without a key, off the Russian oil ports at the Gulf of Finland, into
        recordings/digitraffic/; both may run at once. gaps.log beside the files has the times
        without a connection, and why. A file is named .part until its hour is over.
        BAROMETER_AISSTREAM_URL, BAROMETER_DIGITRAFFIC_URL: a relay of your own (wss://).
        """,
        is_job=True,
    )
    parser.add_argument(
        "stream",
        nargs="?",
        choices=("aisstream", "digitraffic"),
        default="aisstream",
        metavar="STREAM",
        help="aisstream (the default) or digitraffic",
    )
    parser.add_argument(
        "--for",
        dest="duration_s",
        type=seconds_of,
        metavar="DURATION",
        help="stop after 90s, 30m, 1h or 2d, for example (never)",
    )
    parser.add_argument(
        "--russian-ports",
        action="store_true",
        help="aisstream: also off the Russian oil ports, for the evidence of trade: more messages",
    )


def execute(flags: argparse.Namespace) -> int:
    from flows.home.resources import port_files
    from flows.sources.streams import aisstream, connection, digitraffic, listen
    from geo.ports import load_ports

    ports, for_s = load_ports(*port_files()), flags.duration_s
    if flags.stream == digitraffic.STREAM:
        url = connection.stream_url(os.environ, digitraffic.URL_NAME, digitraffic.URL)
        boxes = digitraffic.boxes_round_trade_ports(ports)
        record = partial(listen.listen_digitraffic, url=url, boxes=boxes)
    else:
        key, url = connection.stream_key(os.environ), connection.stream_url(os.environ)
        boxes = aisstream.bounding_boxes(ports, with_trade=flags.russian_ports)
        record = partial(listen.listen, key=key, url=url, boxes=boxes)
    settings = settings_of(flags)
    with _listen_progress() as show:
        start_logging()  # in here, so that log lines go above the line that is updated
        files = record(settings.home, for_s=for_s, show=show)
    for path in files:
        print(path)
    return DONE


@contextmanager
def _listen_progress() -> Iterator[Callable[[ListenProgress], None]]:
    """A line updated every second on a terminal; else a log line per minute."""
    last, before = time.monotonic(), 0

    def line(now: ListenProgress, rate: float) -> str:
        lost = ((now.dropped, "dropped"), (now.bad, "not usable"))
        parts = [f"{rate:,.1f} messages/s", f"{now.rows:,} rows", f"{now.ships:,} ships"]
        parts += [f"{count:,} {kind}" for count, kind in lost if count]
        return f"{now.state}: {', '.join(parts)}{now.file and f'; {now.file}'}"

    if sys.stderr.isatty():
        from rich.console import Console
        from rich.text import Text

        with Console(stderr=True).status("connecting") as status:

            def update(now: ListenProgress) -> None:
                nonlocal last, before
                rate = (now.messages - before) / max(time.monotonic() - last, 0.1)
                last, before = time.monotonic(), now.messages
                status.update(Text(line(now, rate)))

            yield update
        return

    def log_line(now: ListenProgress) -> None:
        nonlocal last, before
        if (passed := time.monotonic() - last) >= 60:
            log.info("%s", line(now, (now.messages - before) / passed))
            last, before = time.monotonic(), now.messages

    yield log_line
