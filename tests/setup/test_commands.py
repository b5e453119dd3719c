"""What a person at the terminal sees when something is wrong: one line, and a status that is not 0."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from marketplace.env import BASE_DIR


def run(*command: str, tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=BASE_DIR,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "NUQTA_VAR": str(tmp_path / "var")}
        | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def only_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode not in {0, None}
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_broken_setting(tmp_path: Path) -> None:
    done = run(sys.executable, "manage.py", "check", tmp_path=tmp_path, HTTPS="perhaps")
    assert only_line(done) == "nuqta: HTTPS must be 0 or 1, not 'perhaps'."


def test_an_unreachable_database(tmp_path: Path, taken_port: int) -> None:
    url = "postgresql://nuqta:hunter2@127.0.0.1:1/nuqta"
    line = only_line(run(sys.executable, "manage.py", "check", tmp_path=tmp_path, DATABASE_URL=url))
    assert line.startswith("nuqta: DATABASE_URL cannot be reached:")
    assert "hunter2" not in line


@pytest.mark.parametrize("port", ["http", "0", "70000"])
def test_demo_on_what_is_no_port(tmp_path: Path, port: str, shop_environment: dict[str, str]) -> None:
    done = run(
        sys.executable, "manage.py", "demo", "--port", port, tmp_path=tmp_path,
        DATABASE_URL=shop_environment["DATABASE_URL"],
    )  # fmt: skip
    assert only_line(done).startswith("nuqta: PORT must be a number")


def test_demo_on_a_port_in_use(tmp_path: Path, taken_port: int, shop_environment: dict[str, str]) -> None:
    done = run(
        sys.executable, "manage.py", "demo", "--port", str(taken_port), tmp_path=tmp_path,
        DATABASE_URL=shop_environment["DATABASE_URL"],
    )  # fmt: skip
    assert only_line(done).startswith(f"nuqta: Port {taken_port} is in use")


def test_demo_in_production(tmp_path: Path, shop_environment: dict[str, str]) -> None:
    done = run(
        sys.executable, "manage.py", "demo", tmp_path=tmp_path, DATABASE_URL=shop_environment["DATABASE_URL"],
        NUQTA_MODE="production", ALLOWED_HOSTS="x.example", SECRET_KEY="s" * 50, CARD_KEYS="1:" + "ab" * 32,
        EMAIL_URL="smtp://mail.example",
    )  # fmt: skip
    assert "NUQTA_MODE is not demo" in only_line(done)


def test_stop_where_nothing_runs(tmp_path: Path) -> None:
    done = run(sys.executable, "-m", "marketplace.serving", tmp_path=tmp_path)
    assert (done.returncode, done.stdout) == (0, "Nothing was running.\n")


def test_bootstrap_does_nothing_where_everything_is_there(tmp_path: Path) -> None:
    """Or says what it lacks: never a traceback."""
    done = run(sys.executable, "scripts/bootstrap.py", "--help", tmp_path=tmp_path)
    assert done.returncode == 0
    assert "--dev" in done.stdout


def test_an_old_python_reads_the_bootstrap_and_says_that_it_is_old(tmp_path: Path) -> None:
    script = (
        "import sys, runpy; sys.version_info = (3, 8, 1); sys.argv = ['bootstrap.py'];"
        "runpy.run_path('scripts/bootstrap.py', run_name='__main__')"
    )
    done = run(sys.executable, "-c", script, tmp_path=tmp_path, PATH="/nowhere")
    assert only_line(done) == "nuqta: Python 3.11 or newer is needed; this is 3.8."


def test_make_help_lists_the_two_commands(tmp_path: Path) -> None:
    done = run("make", "help", tmp_path=tmp_path)
    assert done.returncode == 0
    assert {"demo", "test"} <= {line.split()[1] for line in done.stdout.splitlines()}
