"""A served demo shop of its own, and people who use it in a real browser."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg
import pytest
from fasteners import InterProcessLock
from playwright.sync_api import Browser, sync_playwright
from psycopg import sql

from marketplace.env import BASE_DIR, current
from tests.browser.person import Person

#: Chromium reaches for its maker's hosts unless told not to; the tests reach nothing but the shop.
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _own_database(url: str) -> str:
    """A database of the browser tests' own on the server that ``DATABASE_URL`` names."""
    parts = urlsplit(url)
    name = f"{parts.path.lstrip('/') or 'nuqta'}_browser"
    with psycopg.connect(url, autocommit=True) as server:
        if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return urlunsplit(parts._replace(path=f"/{name}"))


@pytest.fixture(scope="session")
def shop_url() -> Iterator[str]:
    """The demo, prepared and served as `make demo` does; the address without a slash at its end.

    Its data stay under ``var/browser`` between runs: every test brings its own people. Test processes
    share the shop: the first one serves it, the last one stops it.
    """
    directory = BASE_DIR / "var" / "browser"
    directory.mkdir(parents=True, exist_ok=True)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "LANG": "C.UTF-8",
        "NUQTA_MODE": "demo",
        "NUQTA_VAR": str(directory),
    }
    if database_url := current().database_url:
        environment["DATABASE_URL"] = _own_database(database_url)
    lock, guests = InterProcessLock(directory / "guests.lock"), directory / "guests.json"
    with lock:
        here = _guests(guests)
        port = here["port"] if here["pids"] else _free_port()
        if not here["pids"]:
            command = [sys.executable, "manage.py", "demo", "--port", str(port)]
            made = subprocess.run(
                command, cwd=BASE_DIR, env=environment, capture_output=True, text=True, check=False
            )
            assert made.returncode == 0, made.stdout[-2000:] + made.stderr[-2000:]
        guests.write_text(json.dumps({"port": port, "pids": [*here["pids"], os.getpid()]}))
    yield f"http://127.0.0.1:{port}"
    with lock:
        pids = [pid for pid in _guests(guests)["pids"] if pid != os.getpid()]
        guests.write_text(json.dumps({"port": port, "pids": pids}))
        if not pids:
            stop = [sys.executable, "-m", "marketplace.serving"]
            subprocess.run(stop, cwd=BASE_DIR, env=environment, check=True)


def _guests(path: Path) -> dict[str, Any]:
    """The port of the served shop, and the test processes alive that use it."""
    kept = json.loads(path.read_text()) if path.exists() else {"port": 0, "pids": []}
    return {**kept, "pids": [pid for pid in kept["pids"] if psutil.pid_exists(pid)]}


@pytest.fixture
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "The browser tests need Chromium: apt-get install chromium"
    # Each test its own: as long as Playwright runs, a loop runs in this thread, and Django lets no other
    # test of the same process near the database.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def someone(shop_url: str, chromium: Browser) -> Iterator[Callable[..., Person]]:
    """Make a person with a browser of their own; what their pages did wrong fails the test."""
    people: list[Person] = []

    def make(language: str, *, phone_screen: bool = False) -> Person:
        person = Person(chromium, shop_url, language=language, phone_screen=phone_screen)
        people.append(person)
        return person

    yield make
    faults = [fault for person in people for fault in person.faults]
    for person in people:
        person.close()
    assert not faults, faults
