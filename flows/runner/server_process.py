"""Prefect's server as a separate process, which ends with the process that started it.

``python -P flows/runner/server_process.py SOCKET_FD``: the listening socket is inherited, so that
no other process can take the port in between. Standard input is a pipe from the parent. The system
closes it however the parent ends, even by SIGKILL; then the server stops.
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
import socket
import sys
import threading
import time

STOP_S = 10.0
"""Prefect's services end within seconds (a choice); after that the process ends regardless."""


def end_with_parent() -> None:
    """Wait for the end of standard input, then stop this process."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_S)
    os._exit(1)


def main() -> None:
    """Serve Prefect's API until stopped."""
    threading.Thread(target=end_with_parent, daemon=True).start()
    listening = socket.socket(fileno=int(sys.argv[1]))
    # What is imported stays. Looking through it for garbage takes a quarter of the start.
    gc.disable()
    import uvicorn  # noqa: PLC0415 takes seconds, in which the parent may end
    from prefect.server.api.server import create_app  # noqa: PLC0415

    config = uvicorn.Config(create_app(), log_level="error", lifespan="on")
    gc.freeze()
    gc.enable()
    atexit.register(gc.freeze)  # nor has the end of the process anything to look for
    server = uvicorn.Server(config)
    server.run(sockets=[listening])
    sys.exit(0 if server.started else 1)


if __name__ == "__main__":
    main()
