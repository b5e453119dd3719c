"""Who drains the outbox after a commit: Celery, a thread of the served shop, or nobody (tests, commands).

``settings.OUTBOX_DRAINED_BY`` says which. The thread polls too, for messages whose time has come and
for those that other processes wrote; with Celery, beat does that.
"""

from __future__ import annotations

import logging
import threading
import time

from django.conf import settings
from django.db import close_old_connections, connections

logger = logging.getLogger("nuqta.outbox")

POLL_SECONDS = 5.0
TIDY_SECONDS = 3600.0

_wake = threading.Event()
_stopped = threading.Event()
_thread: threading.Thread | None = None
_lock = threading.Lock()


def wake() -> None:
    """Have the outbox drained soon; called once after each commit that wrote to it."""
    if settings.OUTBOX_DRAINED_BY == "celery":
        from marketplace.outbox.tasks import drain_outbox

        drain_outbox.delay()
    else:
        # Where no thread runs (a command), the served shop's thread finds the message when it polls.
        _wake.set()


def start() -> None:
    """Start this process's draining thread, if the shop has no broker; more than once does no harm."""
    global _thread
    if settings.OUTBOX_DRAINED_BY != "thread":
        return
    with _lock:
        if _thread is None or not _thread.is_alive():
            _stopped.clear()
            _thread = threading.Thread(target=_run, name="outbox", daemon=True)
            _thread.start()


def stop() -> None:
    """End the thread and wait for what it is doing."""
    with _lock:
        _stopped.set()
        _wake.set()
        if _thread is not None:
            _thread.join()


def _run() -> None:
    from marketplace.outbox import services

    tidied = time.monotonic()
    while not _stopped.is_set():
        _wake.wait(timeout=POLL_SECONDS)
        _wake.clear()
        if _stopped.is_set():
            break
        try:
            close_old_connections()
            services.drain()
            if time.monotonic() - tidied > TIDY_SECONDS:
                services.forget_done()
                tidied = time.monotonic()
        except Exception as error:  # noqa: BLE001 - the thread outlives a database that restarts
            logger.warning("Draining the outbox stopped: %s", type(error).__name__)
            connections.close_all()
            _stopped.wait(POLL_SECONDS)
    connections.close_all()
