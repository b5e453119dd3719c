"""Transactions that the database gave up to break a deadlock are simply done again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError, connection

T = TypeVar("T")
MOST_ATTEMPTS = 5
DEADLOCK_DETECTED, SERIALIZATION_FAILURE = "40P01", "40001"


def retried(work: Callable[[], T]) -> T:
    """Run ``work``, a whole transaction, up to 5 times while it ends in a deadlock.

    Inside a transaction of the caller it runs once: that transaction is lost, and only the caller can
    begin another.
    """
    for attempt in range(1, MOST_ATTEMPTS + 1):
        try:
            return work()
        except OperationalError as error:
            state = getattr(error.__cause__, "sqlstate", None)
            may_retry = state in {DEADLOCK_DETECTED, SERIALIZATION_FAILURE} and not connection.in_atomic_block
            if attempt == MOST_ATTEMPTS or not may_retry:
                raise
            time.sleep(random.uniform(0.5, 1.5) * 0.01 * 2**attempt)  # noqa: S311 - jitter, no secret
    raise AssertionError("unreachable")
