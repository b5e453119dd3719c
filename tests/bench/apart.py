"""Measures that neither see nor leave anything: in a process and a database of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile

from marketplace.env import BASE_DIR


def in_a_process_of_its_own(module: str) -> dict[str, float]:
    """The figures that the module prints as JSON in its last line; the database is new, and dropped."""
    from django.db import connections

    from tests.database import TestDatabase

    database, before = TestDatabase(module.replace(".", "_")), dict(connections.settings["default"])
    try:
        database.set_up(reuse=False)
        with tempfile.TemporaryDirectory() as directory:
            return _figures_of(module, database.url, directory)
    finally:
        database.drop()
        connections.settings["default"].update(before)


def _figures_of(module: str, database_url: str, directory: str) -> dict[str, float]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "LANG": "C.UTF-8",
        "NUQTA_MODE": "test",
        "NUQTA_VAR": directory,
        "DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }
    output = subprocess.run(
        [sys.executable, "-m", module],
        cwd=BASE_DIR, env=environment, check=True, stdout=subprocess.PIPE, text=True,
    ).stdout  # fmt: skip
    figures: dict[str, float] = json.loads(output.splitlines()[-1])
    return figures
