"""The PostgreSQL that comes with the project."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from marketplace.env import BASE_DIR

SCRIPT = """
import psycopg
from marketplace import embedded
embedded.ensure_database()
embedded.ensure_database()
url = embedded.database_url()
with psycopg.connect(url) as connection:
    print(connection.execute("SELECT current_setting('server_version_num')::int / 10000").fetchone()[0])
    connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
print(embedded.stop(), embedded.stop())
"""


def run_python(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=BASE_DIR, env={"PATH": os.environ["PATH"], **environment},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_it_starts_from_nothing_and_stops_in_an_empty_environment(tmp_path: Path) -> None:
    done = run_python(SCRIPT, NUQTA_VAR=str(tmp_path / "var"), NUQTA_MODE="test")
    assert done.stderr == ""
    version, stopped = done.stdout.splitlines()
    assert int(version) >= 15
    assert stopped == "True False"


def test_a_directory_that_holds_something_else_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("9.6\n")
    done = run_python(
        "from marketplace import embedded, env\n"
        "try:\n    embedded.ensure_database()\n"
        "except env.SettingsError as error:\n    print(error)",
        NUQTA_VAR=str(tmp_path),
    )
    assert done.stdout.startswith("The embedded PostgreSQL in ")
    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize("text", ["12345\n", "", "no number"])
def test_a_left_over_pid_file_is_no_server(tmp_path: Path, text: str) -> None:
    done = run_python(
        "from marketplace import serving\n"
        "serving.pid_file().parent.mkdir(parents=True)\n"
        f"serving.pid_file().write_text({text!r})\n"
        "print(serving.running(), serving.stop_server())",
        NUQTA_VAR=str(tmp_path),
    )
    assert done.stdout == "None False\n", done.stderr


def test_another_programs_process_is_never_ended(tmp_path: Path) -> None:
    """Numbers of processes are used again after a restart of the machine."""
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        done = run_python(
            "from marketplace import serving\n"
            "serving.pid_file().parent.mkdir(parents=True)\n"
            # The number is in use again, by a process that began at another moment.
            f"serving.pid_file().write_text('{other.pid} 1.5 8000')\n"
            "print(serving.stop_server())",
            NUQTA_VAR=str(tmp_path),
        )
        assert done.stdout == "False\n", done.stderr
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_two_commands_at_once_start_it_once(tmp_path: Path) -> None:
    """The first start configures and restarts the server: a second command must not meet it half-way."""
    environment = {
        "PATH": os.environ["PATH"],
        "NUQTA_VAR": str(tmp_path / "var"),
        "NUQTA_MODE": "test",
    }
    script = "from marketplace import embedded; print(embedded.server_url())"
    both = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", script], cwd=BASE_DIR, env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    ends = [process.communicate(timeout=120) for process in both]
    try:
        assert [process.returncode for process in both] == [0, 0], ends
        assert ends[0] == ends[1]
    finally:
        run_python("from marketplace import embedded; embedded.stop()", **environment)
