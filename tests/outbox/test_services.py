"""Effects after commit: at least once, oldest first, and a broken one in nobody's way."""

from __future__ import annotations

import io
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from marketplace.outbox import background, registry, services
from marketplace.outbox.models import OutboxMessage
from marketplace.outbox.services import Message, drain, enqueue, enqueue_many


@pytest.fixture
def carried_out(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    payloads: list[dict[str, Any]] = []
    monkeypatch.setitem(registry._handlers, "test.note", payloads.append)
    return payloads


def _make_available_now() -> None:
    OutboxMessage.objects.update(available_at=timezone.now() - timedelta(seconds=1))


@pytest.mark.django_db
def test_messages_are_carried_out_oldest_first_and_once(carried_out: list[dict[str, Any]]) -> None:
    enqueue(topic="test.note", payload={"id": 1})
    enqueue(topic="test.note", payload={"id": 2})
    assert carried_out == []

    assert drain() == 2
    assert drain() == 0
    assert carried_out == [{"id": 1}, {"id": 2}]


@pytest.mark.django_db
def test_many_messages_are_one_insert(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        enqueue_many([Message("test.note", {"id": number}) for number in range(50)])
    assert OutboxMessage.objects.count() == 50
    with django_assert_num_queries(0):
        enqueue_many([])


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_change_leaves_no_message() -> None:
    with transaction.atomic():
        enqueue(topic="test.note", payload={})
        transaction.set_rollback(True)
    assert not OutboxMessage.objects.exists()


@pytest.mark.django_db
def test_the_drainer_is_woken_once_for_a_transaction(
    django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        enqueue(topic="test.note", payload={})
        enqueue(topic="test.note", payload={})
    assert callbacks == [background.wake]


@pytest.mark.django_db
def test_a_failure_waits_longer_each_time_and_its_rows_are_rolled_back(
    monkeypatch: pytest.MonkeyPatch, carried_out: list[dict[str, Any]]
) -> None:
    def fail(payload: dict[str, Any]) -> None:
        OutboxMessage.objects.create(topic="test.rolled-back", done_at=timezone.now())
        raise ValueError("+9647701234567 is unreachable")

    monkeypatch.setitem(registry._handlers, "test.fail", fail)
    enqueue(topic="test.fail", payload={})
    enqueue(topic="test.note", payload={"id": 1})

    assert drain() == 1
    message = OutboxMessage.objects.get(topic="test.fail")
    assert (message.attempts, message.done_at) == (1, None)
    assert not OutboxMessage.objects.filter(topic="test.rolled-back").exists()
    assert carried_out == [{"id": 1}]
    first_wait = message.available_at - timezone.now()
    assert timedelta(0) < first_wait < timedelta(seconds=7)

    assert drain() == 0, "tried before its time"
    _make_available_now()
    drain()
    message.refresh_from_db()
    assert message.attempts == 2
    assert message.available_at - timezone.now() > timedelta(seconds=7)


@pytest.mark.django_db
def test_what_is_kept_of_an_error_quotes_nothing_personal(
    monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def fail(payload: dict[str, Any]) -> None:
        raise ValueError("+9647701234567 is unreachable")

    monkeypatch.setitem(registry._handlers, "test.fail", fail)
    enqueue(topic="test.fail", payload={})
    drain()
    error = OutboxMessage.objects.get().last_error
    assert error.startswith("ValueError at test_services.py:")
    assert "770" not in error + caplog.text


@pytest.mark.django_db
def test_a_message_is_given_up_after_the_last_attempt_until_someone_retries(
    carried_out: list[dict[str, Any]],
) -> None:
    enqueue(topic="test.note", payload={})
    OutboxMessage.objects.update(attempts=services.MOST_ATTEMPTS)
    assert drain() == 0

    call_command("run_outbox", "--retry", stdout=io.StringIO())
    assert carried_out == [{}]


@pytest.mark.django_db
def test_a_topic_without_handler_waits_for_a_release_that_has_one(carried_out: list[dict[str, Any]]) -> None:
    enqueue(topic="test.unknown", payload={})
    assert drain() == 0
    assert OutboxMessage.objects.get().last_error.startswith("NoHandler")


def test_a_topic_has_one_handler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_handlers", {})
    registry.handles("test.topic")(print)
    registry.handles("test.topic")(print)
    with pytest.raises(ValueError, match="two handlers"):
        registry.handles("test.topic")(repr)  # type: ignore[arg-type]


@pytest.mark.django_db
def test_only_what_was_done_long_ago_is_forgotten() -> None:
    now = timezone.now()
    OutboxMessage.objects.create(topic="old", done_at=now - timedelta(days=8))
    OutboxMessage.objects.create(topic="new", done_at=now)
    OutboxMessage.objects.create(topic="waiting", created_at=now - timedelta(days=30))
    assert services.forget_done() == 1
    assert set(OutboxMessage.objects.values_list("topic", flat=True)) == {"new", "waiting"}


def _drain_in_threads(number_of_threads: int) -> None:
    barrier = threading.Barrier(number_of_threads)

    def work() -> None:
        barrier.wait()
        drain()
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(number_of_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_drainers_side_by_side_carry_out_each_message_once(carried_out: list[dict[str, Any]]) -> None:
    enqueue_many([("test.note", {"id": number}) for number in range(60)])
    _drain_in_threads(6)
    assert sorted(payload["id"] for payload in carried_out) == list(range(60))


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_drainers_would_carry_out_messages_twice(
    carried_out: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the test above."""
    from django.db.models import QuerySet

    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **options: self)
    enqueue_many([("test.note", {"id": number}) for number in range(60)])
    _drain_in_threads(6)
    assert len(carried_out) > 60
