"""An index of every test's own, in a directory of its own; and the engines that contract tests run on."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import haystack
import pytest

from tests.search.stand_in.server import serving

#: A server to run the contract tests on as well, such as http://127.0.0.1:9200.
OPENSEARCH_URL = os.environ.get("OPENSEARCH_URL", "")
STAND_IN = "opensearch-stand-in"
ENGINES = ("tantivy", STAND_IN, *(("opensearch",) if OPENSEARCH_URL else ()))


def connect_to_opensearch(monkeypatch: pytest.MonkeyPatch, settings: Any, *, url: str) -> None:
    """Haystack reads a connection's options from the settings, but its engine once, when it is imported."""
    changed = {
        **settings.HAYSTACK_CONNECTIONS["default"],
        "ENGINE": "search.engines.opensearch_backend.OpenSearchEngine",
        "URL": url,
    }
    settings.HAYSTACK_CONNECTIONS = {"default": changed}
    monkeypatch.setitem(haystack.connections.connections_info, "default", changed)


@pytest.fixture(scope="session")
def stand_in() -> Iterator[str]:
    """The address of a server that does what OpenSearch's documentation says."""
    with serving() as url:
        yield url


@pytest.fixture(params=ENGINES)
def engine_backend(request: pytest.FixtureRequest, settings: Any, tmp_path: Path) -> Iterator[Any]:
    """A backend of each engine that there is, empty."""
    if request.param == "tantivy":
        yield request.getfixturevalue("search_backend")
        return
    # Its writers wait for each other at a lock of the database's.
    request.getfixturevalue("db")
    url = request.getfixturevalue("stand_in") if request.param == STAND_IN else OPENSEARCH_URL
    connect_to_opensearch(request.getfixturevalue("monkeypatch"), settings, url=url)
    settings.HAYSTACK_CONNECTIONS["default"]["INDEX_PREFIX"] = f"nuqta-test-{uuid.uuid4().hex[:8]}"
    backend = haystack.connections.reload("default").get_backend()
    assert backend.__class__.__name__ == "OpenSearchBackend"
    yield backend
    backend.delete_everything()
    haystack.connections.thread_local.connections.pop("default", None)


@pytest.fixture
def search_backend(settings: Any, tmp_path: Path) -> Iterator[Any]:
    settings.HAYSTACK_CONNECTIONS = {
        "default": {
            **settings.HAYSTACK_CONNECTIONS["default"],
            "PATH": str(tmp_path / "search"),
            "WAIT_SECONDS": 20,
        }
    }
    yield haystack.connections.reload("default").get_backend()
    haystack.connections.thread_local.connections.pop("default", None)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Which engines the contract was held to: silence must not pass for success."""
    reports = [report for found in terminalreporter.stats.values() for report in found]
    if any("test_engine_contract.py" in getattr(report, "nodeid", "") for report in reports):
        missing = (
            ""
            if OPENSEARCH_URL
            else " OpenSearch itself did not run: OPENSEARCH_URL names no server; its stand-in is our own."
        )
        terminalreporter.write_line(f"Search contract tests ran on: {', '.join(ENGINES)}.{missing}")
