"""The shop served on this machine by a real application server, in the background.

For the demo and for trying things out; `deploy/` has what a server of its own needs.
"""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import psutil

from marketplace import embedded
from marketplace.env import BASE_DIR, SettingsError, current

HOST = "127.0.0.1"
WORKERS = 2
THREADS = 4
#: The first page after a start compiles templates and opens the index.
START_SECONDS = 60
STOP_SECONDS = 10


def pid_file() -> Path:
    return current().var_dir / "run" / "shop.pid"


def log_file() -> Path:
    return current().var_dir / "log" / "shop.log"


@dataclass(frozen=True, slots=True)
class Server:
    process: psutil.Process
    port: int


def running() -> Server | None:
    """The server that an earlier command of this checkout started, if it still runs."""
    try:
        pid, started, port = pid_file().read_text(encoding="ascii").split()
        process = psutil.Process(int(pid))
        # Numbers of processes are used again, moments are not. (A process may change what it calls itself.)
        return Server(process, int(port)) if str(process.create_time()) == started else None
    except (OSError, ValueError, psutil.Error):
        return None


def check_port(port: int) -> None:
    """Raise unless the port is free, or held by our own server, which a new start replaces.

    Raises:
        SettingsError: it is no port, or another program has it.
    """
    if not 1 <= port <= 65535:
        raise SettingsError(f"PORT must be a number from 1 to 65535, not {port}.")
    own = running()
    if own is not None and own.port == port:
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            reason = "in use by another program" if error.errno == errno.EADDRINUSE else error.strerror
            raise SettingsError(f"Port {port} is {reason}; choose another: make demo PORT=8123.") from None


def start(port: int) -> str:
    """Serve the shop in the background, in the place of an earlier server; its address.

    Raises:
        SettingsError: it did not come up; the log says why.
    """
    stop_server()
    for path in (pid_file(), log_file()):
        path.parent.mkdir(parents=True, exist_ok=True)
    command = [
        *(sys.executable, "-m", "gunicorn", "marketplace.wsgi:application"),
        *("--bind", f"{HOST}:{port}"),
        *("--worker-class", "gthread", "--workers", str(WORKERS), "--threads", str(THREADS)),
        *("--graceful-timeout", "5", "--timeout", "60", "--no-control-socket"),
    ]
    with log_file().open("ab") as log:
        server = subprocess.Popen(
            command, cwd=BASE_DIR, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    started = psutil.Process(server.pid).create_time()
    pid_file().write_text(f"{server.pid} {started} {port}", encoding="ascii")
    address = f"http://{HOST}:{port}/"
    _wait_until_it_answers(address, server)
    return address


def stop_server() -> bool:
    """End the server; whether one was running."""
    own = running()
    if own is None:
        return False
    process = own.process
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except psutil.TimeoutExpired:
        for one in [*process.children(recursive=True), process]:
            one.kill()
    return True


def _wait_until_it_answers(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(address, timeout=20):  # noqa: S310 - our own address
                return
        except urllib.error.HTTPError as error:
            if error.code >= 500:
                stop_server()
                raise SettingsError(f"The shop answers {error.code}; {log_file()} says why.") from None
            return
        except OSError:
            time.sleep(0.1)
    stop_server()
    raise SettingsError(f"The shop did not start; {log_file()} says why.")


def main() -> int:
    """`make stop`: end the server and the embedded database."""
    try:
        stopped = [
            name
            for name, was_running in (("the shop", stop_server()), ("its database", embedded.stop()))
            if was_running
        ]
    except SettingsError as error:
        print(f"nuqta: {error}", file=sys.stderr)  # noqa: T201 - a command line
        return 2
    print(f"Stopped {' and '.join(stopped)}." if stopped else "Nothing was running.")  # noqa: T201
    return 0


if __name__ == "__main__":
    os.chdir(BASE_DIR)
    sys.exit(main())
