"""`make demo`, after the environment stands: everything from an empty directory to a served shop."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.sites.models import Site
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from haystack import connections as haystack_connections
from haystack.query import SearchQuerySet

from forked_apps.catalogue.models import Product
from marketplace import assets, serving, translations
from marketplace.demo.loader import load_demo
from marketplace.demo.summary import write_summary
from marketplace.env import SettingsError, current
from marketplace.migration import migrate
from search import services as search_services

LEAST_SERVER_VERSION = 150000


class Command(BaseCommand):
    help = "Prepares the demo shop and serves it in the background; safe to run again."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", default="8000")
        parser.add_argument("--no-serve", action="store_true", help="prepare everything and stop there")

    def handle(self, *args: Any, **options: Any) -> None:
        if current().mode != "demo":
            raise SettingsError(
                "NUQTA_MODE is not demo; demo accounts and card codes belong into no other shop."
            )
        if not options["port"].isdigit():
            raise SettingsError(f"PORT must be a number from 1 to 65535, not {options['port']!r}.")
        port = int(options["port"])
        if not options["no_serve"]:
            serving.check_port(port)
        steps: list[tuple[str, Callable[[], str]]] = [
            ("Front-end packages", self._assets),
            ("Database", self._migrate),
            ("Translations", self._translations),
            ("Catalogue, people and orders of the demo", self._load),
            ("Search index", self._index),
            ("Static files", self._static_files),
        ]
        if not options["no_serve"]:
            steps.append(("Application server", lambda: self._serve(port)))
        for number, (title, step) in enumerate(steps, start=1):
            with self._timed(f"[{number}/{len(steps)}] {title}"):
                self._result = step()
        if not options["no_serve"]:
            self.stdout.write("")
            write_summary(stdout=self.stdout, address=f"http://{serving.HOST}:{port}/")

    @contextmanager
    def _timed(self, title: str) -> Iterator[None]:
        started = time.monotonic()
        self.stdout.write(f"{title} ... ", ending="")
        self.stdout.flush()
        self._result = ""
        try:
            yield
        except DatabaseError as error:
            self.stdout.write("failed")
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise SettingsError(f"The database refused: {reason}") from error
        except BaseException:
            self.stdout.write("failed")
            raise
        self.stdout.write(f"{self._result} ({time.monotonic() - started:.1f} s)")
        self.stdout.flush()

    # Steps: each says in a word or two what it did -------------------------------------------
    def _assets(self) -> str:
        return "fetched" if assets.fetch() else "there"

    def _migrate(self) -> str:
        version: int = connection.pg_version  # type: ignore[attr-defined]
        if version < LEAST_SERVER_VERSION:
            raise SettingsError(f"DATABASE_URL must name PostgreSQL 15 or newer, not {version // 10_000}.")
        executor = MigrationExecutor(connection)
        if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return "up to date"
        migrate()
        return "migrated"

    def _translations(self) -> str:
        return f"{translations.compile_all()} compiled"

    def _load(self) -> str:
        loaded = False
        for progress in load_demo():
            if progress.result is not None:
                loaded = True
                self.stdout.write(
                    f"\n      {progress.title}: {progress.result} ({progress.seconds:.1f} s)", ending=""
                )
                self.stdout.flush()
        return "\n      loaded" if loaded else "there"

    def _index(self) -> str:
        if _index_is_whole():
            return "there"
        count = search_services.rebuild()
        return f"{count} products"

    def _serve(self, port: int) -> str:
        # Where the QR on printed cards leads to.
        Site.objects.filter(pk=settings.SITE_ID).update(domain=f"{serving.HOST}:{port}", name="Nuqta")
        return serving.start(port)

    def _static_files(self) -> str:
        stamp = current().var_dir / "static.stamp"
        wanted = _fingerprint_of_static_files()
        if stamp.exists() and stamp.read_text(encoding="ascii") == wanted and settings.STATIC_ROOT.exists():
            return "there"
        call_command("collectstatic", verbosity=0, interactive=False, clear=True)
        stamp.write_text(wanted, encoding="ascii")
        return "collected"


def _index_is_whole() -> bool:
    """Whether the index is of this release's make and holds as many products as the database."""
    engine = haystack_connections["default"]
    if not engine.get_backend().is_built:
        return False
    expected = engine.get_unified_index().get_index(Product).index_queryset().count()
    return bool(SearchQuerySet().models(Product).count() == expected)


def _fingerprint_of_static_files() -> str:
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            status = (storage.path(path), storage.size(path), storage.get_modified_time(path))
            digest.update(repr(status).encode())
    return digest.hexdigest()
