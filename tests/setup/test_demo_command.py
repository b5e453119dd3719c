"""The steps of `make demo` that skip what is done, and what they say when the database refuses."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.db import DatabaseError

from marketplace import serving
from marketplace.demo.management.commands.demo import Command, _fingerprint_of_static_files
from marketplace.env import SettingsError


@pytest.mark.django_db
def test_a_migrated_database_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "marketplace.demo.management.commands.demo.migrate", lambda: pytest.fail("migrated again")
    )
    assert Command()._migrate() == "up to date"


@pytest.mark.django_db
def test_a_server_that_is_too_old_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import connection

    monkeypatch.setitem(connection.__dict__, "pg_version", 140009)
    with pytest.raises(SettingsError, match="15 or newer, not 14"):
        Command()._migrate()


def test_what_the_database_refuses_is_one_line_without_a_traceback() -> None:
    command = Command(stdout=StringIO())
    with pytest.raises(SettingsError) as raised, command._timed("[1/1] Database"):
        raise DatabaseError("permission denied to create extension\nDETAIL: …")
    assert str(raised.value) == "The database refused: permission denied to create extension"


def test_a_changed_static_file_is_collected_again(settings: Any, tmp_path: Any) -> None:
    (tmp_path / "shop.css").write_text("a{}")
    settings.STATICFILES_DIRS = [tmp_path]
    from django.contrib.staticfiles import finders

    finders.get_finder.cache_clear()
    try:
        before = _fingerprint_of_static_files()
        assert _fingerprint_of_static_files() == before
        (tmp_path / "shop.css").write_text("a{b:c}")
        assert _fingerprint_of_static_files() != before
    finally:
        finders.get_finder.cache_clear()


def test_the_log_is_named_when_the_server_does_not_come_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    import subprocess
    import sys

    dies = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    monkeypatch.setattr(serving, "log_file", lambda: tmp_path / "shop.log")
    monkeypatch.setattr(serving, "pid_file", lambda: tmp_path / "shop.pid")
    with pytest.raises(SettingsError, match=r"shop\.log says why"):
        serving._wait_until_it_answers("http://127.0.0.1:9/", dies)
