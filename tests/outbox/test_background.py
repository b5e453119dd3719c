"""Who drains after a commit."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from marketplace.outbox import background, registry, tasks
from marketplace.outbox.models import OutboxMessage
from marketplace.outbox.services import enqueue


@pytest.mark.django_db(transaction=True)
def test_the_thread_of_a_served_shop_carries_out_what_was_committed(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OUTBOX_DRAINED_BY = "thread"
    done = threading.Event()
    monkeypatch.setitem(registry._handlers, "test.note", lambda payload: done.set())
    monkeypatch.setattr(background, "POLL_SECONDS", 60.0)
    background.start()
    background.start()
    assert [thread.name for thread in threading.enumerate()].count("outbox") == 1
    try:
        enqueue(topic="test.note", payload={})
        assert done.wait(5)
    finally:
        background.stop()
    assert OutboxMessage.objects.get().done_at is not None


def test_no_thread_starts_where_a_broker_or_a_test_drains(settings: Any) -> None:
    for by in ("celery", "hand"):
        settings.OUTBOX_DRAINED_BY = by
        background.start()
    assert "outbox" not in [thread.name for thread in threading.enumerate()]


def test_with_a_broker_a_commit_sends_one_task(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.OUTBOX_DRAINED_BY = "celery"
    sent: list[bool] = []
    monkeypatch.setattr(tasks.drain_outbox, "delay", lambda: sent.append(True))
    background.wake()
    assert sent == [True]
