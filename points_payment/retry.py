"""Deadlocks and serialisation failures are nobody's fault: try again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection

P = ParamSpec("P")
R = TypeVar("R")

MAX_RETRIES = 5
BASE_WAIT_SECONDS = 0.01
#: SQLSTATEs: serialization_failure, deadlock_detected.
RETRYABLE = frozenset({"40001", "40P01"})


def is_conflict(error: BaseException) -> bool:
    """Whether the database gave up this transaction so that another could go on."""
    return getattr(error.__cause__, "sqlstate", None) in RETRYABLE


def retry_on_conflict(function: Callable[P, R]) -> Callable[P, R]:
    """Run a service again, up to 5 times with growing random waits, after a deadlock.

    Only the outermost caller can: inside a transaction the error passes through, since all of it is
    rolled back.
    """

    @wraps(function)
    def tried(*args: P.args, **kwargs: P.kwargs) -> R:
        if connection.in_atomic_block:
            return function(*args, **kwargs)
        for attempt in range(MAX_RETRIES):
            try:
                return function(*args, **kwargs)
            except OperationalError as error:
                if not is_conflict(error):
                    raise
                time.sleep(random.uniform(0, BASE_WAIT_SECONDS * 2**attempt))  # noqa: S311 - jitter, no secret
        return function(*args, **kwargs)

    return tried
