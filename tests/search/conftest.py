"""An index of every test's own, in a directory of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import haystack
import pytest


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
