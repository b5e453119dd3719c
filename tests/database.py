"""Test databases: migrated once into a template, copied from it for every worker.

A migrate from nothing takes most of a minute; a copy takes a fraction of a second. So a copy also
stands in for Django's flush after a test that commits: the ledger refuses TRUNCATE, and a copy has
the rows that migrations wrote.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.contrib.sites.models import Site
from django.db import connections
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from marketplace.embedded import server_url
from marketplace.env import BASE_DIR, current
from marketplace.migration import migrate

#: Any number, the same in every process that builds or copies templates on one server.
BUILD_LOCK = 7_215_033


def migration_files() -> dict[str, str]:
    """Hash of every migration of the project, and of the versions of what it depends on."""
    paths = [BASE_DIR / "requirements.txt"]
    for config in apps.get_app_configs():
        directory = Path(config.path).resolve()
        if BASE_DIR in directory.parents and ".venv" not in directory.parts:
            paths += [*directory.glob("migrations/**/*.py"), *directory.glob("**/*.sql")]
    return {
        str(path.relative_to(BASE_DIR)): hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        for path in sorted(set(paths))
    }


def fingerprint_of(files: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()[:12]


class TestDatabase:
    """One worker's database on the embedded server, or on the one that DATABASE_URL names."""

    __test__ = False

    def __init__(self, worker: str) -> None:
        self.server = current().database_url or server_url()
        checkout = hashlib.sha256(str(BASE_DIR).encode()).hexdigest()[:6]
        self.name = f"nuqta_test_{checkout}_{worker}"
        self.files = migration_files()
        self.fingerprint = fingerprint_of(self.files)
        self.template = f"nuqta_tpl_{checkout}_{self.fingerprint}"
        self._template_prefix = f"nuqta_tpl_{checkout}_"

    # Set-up ---------------------------------------------------------------------------------
    def set_up(self, *, reuse: bool) -> None:
        """Leave Django connected to a migrated database without rows of any test."""
        with self._maintenance() as server:
            if reuse and self._described(server, self.name) == self.fingerprint:
                self._connect_django(self.name)
                return
            server.execute("SELECT pg_advisory_lock(%s)", [BUILD_LOCK])
            if self._described(server, self.template) is None:
                self._build_template(server)
            self._copy(server)
        self._connect_django(self.name)

    def reset(self) -> None:
        """Throw away what a test committed."""
        connections.close_all()
        with self._maintenance() as server:
            server.execute("SELECT pg_advisory_lock(%s)", [BUILD_LOCK])
            self._copy(server)
        self._forget_cached_rows()

    def drop(self) -> None:
        connections.close_all()
        with self._maintenance() as server:
            self._drop(server, self.name)

    # Parts ----------------------------------------------------------------------------------
    @contextmanager
    def _maintenance(self) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(self.server, autocommit=True) as server:
            yield server

    def _build_template(self, server: psycopg.Connection[Any]) -> None:
        older = self._older_template(server)
        server.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(self.template), sql.Identifier(older or "template0")
            )
        )
        self._connect_django(self.template)
        migrate()
        connections.close_all()
        # Only a finished template is described, so an interrupted build is made again.
        self._describe(server, self.template, json.dumps(self.files))
        for name in self._templates(server):
            if name != self.template:
                self._drop(server, name)

    def _older_template(self, server: psycopg.Connection[Any]) -> str | None:
        """A template to which only migrations were added since; an unfinished one is dropped."""
        found = None
        for name in self._templates(server):
            description = self._described(server, name)
            if description is None or name == self.template:
                self._drop(server, name)
            elif set(json.loads(description).items()) <= set(self.files.items()):
                found = name
        return found

    def _templates(self, server: psycopg.Connection[Any]) -> list[str]:
        rows = server.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY oid",
            [self._template_prefix],
        )
        return [name for (name,) in rows.fetchall()]

    def _copy(self, server: psycopg.Connection[Any]) -> None:
        self._drop(server, self.name)
        server.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(self.name), sql.Identifier(self.template)
            )
        )
        # Tests need no durability; a served shop's database on the same server keeps its own.
        server.execute(
            sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(sql.Identifier(self.name))
        )
        self._describe(server, self.name, self.fingerprint)

    def _drop(self, server: psycopg.Connection[Any], name: str) -> None:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _describe(self, server: psycopg.Connection[Any], name: str, description: str) -> None:
        server.execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(description))
        )

    def _described(self, server: psycopg.Connection[Any], name: str) -> str | None:
        row = server.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
        return row[0] if row else None

    def _connect_django(self, name: str) -> None:
        connections.close_all()
        server = conninfo_to_dict(self.server)
        # The same dictionary stands behind the connections of every thread.
        connections.settings["default"].update(
            NAME=name,
            HOST=server.get("host", ""),
            PORT=str(server.get("port", "")),
            USER=server.get("user", ""),
            PASSWORD=server.get("password", ""),
        )
        self._forget_cached_rows()

    def _forget_cached_rows(self) -> None:
        ContentType.objects.clear_cache()
        Site.objects.clear_cache()

    @property
    def url(self) -> str:
        """For another process that is to see the same rows."""
        from urllib.parse import quote

        settings = connections.settings["default"]
        user = quote(settings["USER"], safe="")
        password = f":{quote(settings['PASSWORD'], safe='')}" if settings["PASSWORD"] else ""
        host, port = settings["HOST"], settings["PORT"]
        if host.startswith("/"):
            # A socket's directory cannot stand where a host name does.
            return f"postgresql://{user}{password}@/{settings['NAME']}?host={quote(host, safe='')}"
        return f"postgresql://{user}{password}@{host}{':' + port if port else ''}/{settings['NAME']}"
